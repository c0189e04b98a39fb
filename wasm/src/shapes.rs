//! What JavaScript gets: plain objects, made by functions in `wasm/js/src/shapes.ts`, where TypeScript checks their shape.
//! One call an object is far cheaper than setting its properties from here one by one.

use js_sys::Uint8Array;
use strongroom::{Error, Kdf, Key, Secret};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "./shapes.js")]
extern "C" {
    fn error(code: &str, message: &str) -> JsValue;

    pub(crate) fn entry(
        name: &str,
        record: String,
        version: f64,
        state: &str,
        kind: &str,
        tags: Vec<String>,
        note: Option<String>,
        info: Vec<String>,
        created: f64,
        updated: f64,
        expires_at: Option<f64>,
        rotate_after: Option<f64>,
    ) -> JsValue;

    pub(crate) fn view(
        slot_id: String,
        label: Option<String>,
        scope: &str,
        is_changed: bool,
        compartments: Vec<JsValue>,
        slots: Vec<JsValue>,
        damage: Vec<JsValue>,
        entries: Vec<JsValue>,
    ) -> JsValue;

    pub(crate) fn compartment(name: &str, entries: usize, damaged: Option<String>) -> JsValue;

    pub(crate) fn slot(
        id: String,
        label: &str,
        scope: &str,
        factors: &str,
        passkey: Option<Vec<u8>>,
        kdf: JsValue,
        created: f64,
        compartments: Option<Vec<String>>,
    ) -> JsValue;

    pub(crate) fn damage(compartment: &str, record: Option<String>, name: Option<String>, code: &str) -> JsValue;

    #[wasm_bindgen(js_name = "passkeySlot")]
    pub(crate) fn passkey_slot(credential_id: Vec<u8>, prf_input: Vec<u8>, needs_passphrase: bool) -> JsValue;

    pub(crate) fn revoked(rotate: Vec<String>, dropped: Vec<JsValue>) -> JsValue;

    pub(crate) fn rekeyed(
        keys: Vec<JsValue>,
        removed: Vec<String>,
        rotate: Vec<String>,
        dropped: Vec<JsValue>,
    ) -> JsValue;

    #[wasm_bindgen(js_name = "kdf")]
    fn kdf_shape(
        argon2id: bool,
        memory_kib: Option<u32>,
        passes: Option<u32>,
        lanes: Option<u8>,
        iterations: Option<u32>,
        sha512: bool,
    ) -> JsValue;

    pub(crate) fn fresh(code: Option<&str>, seconds: u32) -> JsValue;

    pub(crate) fn resync(drift: i32, step: f64) -> JsValue;

    pub(crate) fn verified(ok: bool, new_hash: Option<String>) -> JsValue;

    pub(crate) fn identified(format: &str, cost: &str) -> JsValue;

    pub(crate) fn calibrated(kdf: JsValue, took_ms: f64) -> JsValue;

    #[wasm_bindgen(js_name = "recoveryCode")]
    pub(crate) fn recovery_code(code: &str, stored: &str) -> JsValue;

    pub(crate) fn issued(code: &str, record: &str) -> JsValue;

    pub(crate) fn delivered(outcome: &str, record: Option<String>, attempts_left: Option<u32>) -> JsValue;

    pub(crate) fn asked(key: &str, now: f64) -> JsValue;

    pub(crate) fn judged(
        outcome: &str,
        step: Option<f64>,
        retry_after: Option<u32>,
        value: Option<Vec<u8>>,
        expires_at: Option<f64>,
    ) -> JsValue;

    pub(crate) fn recipe(exchange: &str, host: &str, source: &str, fields: Vec<String>, is_login: bool) -> JsValue;

    pub(crate) fn signed(method: &str, url: &str, headers: Vec<JsValue>, body: &str) -> JsValue;

    pub(crate) fn drawing(key: &str, at_least: u64, timestamp_ms: f64) -> JsValue;

    pub(crate) fn migration(accounts: Vec<JsValue>, parts: u32, missing: Vec<u32>) -> JsValue;
}

#[wasm_bindgen(raw_module = "./load.js")]
extern "C" {
    /// Fails if the part of the WebAssembly is not here: the call is then made once more when it is.
    #[wasm_bindgen(catch)]
    fn need(part: &str) -> core::result::Result<(), JsValue>;
}

/// A part of the WebAssembly that no export alone leads to: see `wasm/bindgen`.
pub(crate) fn need_keys() -> Result<()> {
    need("keys").map_err(Fault)
}

/// What a call fails with: JavaScript gets a `StrongroomError` of the same code.
pub struct Fault(JsValue);

pub type Result<T> = core::result::Result<T, Fault>;

impl From<Error> for Fault {
    fn from(fault: Error) -> Self {
        Self(error(fault.code(), &fault.to_string()))
    }
}

impl From<Fault> for JsValue {
    fn from(Fault(fault): Fault) -> Self {
        fault
    }
}

pub(crate) fn invalid<T>(expected: impl Into<String>) -> Result<T> {
    Err(Error::InvalidInput(expected.into()).into())
}

/// Ids as people see them.
pub(crate) fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn kdf(kdf: Kdf) -> JsValue {
    let sha512 = kdf.to_string().starts_with("pbkdf2-sha512"); // what it displays as names the hash
    kdf_shape(kdf.memory_kib().is_some(), kdf.memory_kib(), kdf.passes(), kdf.lanes(), kdf.iterations(), sha512)
}

/// A secret as text. JavaScript makes its string from our bytes, which are then wiped. A `String` would be given away to
/// wasm-bindgen, which frees it as it is.
pub(crate) fn secret(secret: &Secret) -> Result<JsValue> {
    Ok(JsValue::from_str(secret.reveal_str()?))
}

/// A key as text.
pub(crate) fn key(key: &Key) -> JsValue {
    JsValue::from_str(key.to_text().as_str())
}

/// A secret field, as the text or the bytes that it was put as.
pub(crate) fn value(value: &strongroom::vault::Value) -> Result<JsValue> {
    match value.is_text() {
        true => secret(value.secret()),
        false => Ok(Uint8Array::from(value.secret().reveal()).into()),
    }
}
