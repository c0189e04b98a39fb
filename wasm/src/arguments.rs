//! What JavaScript callers pass, as what the core takes. They may pass anything, so that each value is looked at: its type,
//! then its size, and only then is it copied.

use js_sys::{Array, ArrayBuffer, Date, JsString, Number, Object, Reflect, Uint8Array};
use strongroom::vault::{Entry, Unlock};
use strongroom::{Error, Kdf, Key};
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

use crate::shapes::{Fault, Result, invalid};

/// The most that one argument may have: bytes, or UTF-16 units of a text. A vault cannot have more.
const MAX_SIZE: u32 = 64 << 20;
/// The most items of a list, or names of an object.
const MAX_ITEMS: u32 = 65_536;
/// 2^53 - 1, the largest whole number that JavaScript counts to (`Number.MAX_SAFE_INTEGER`).
const MAX_NUMBER: f64 = 9_007_199_254_740_991.0;

#[wasm_bindgen(raw_module = "./text.js")]
extern "C" {
    #[wasm_bindgen(js_name = "isWellFormed")]
    fn is_well_formed(text: &JsString) -> bool;

    #[wasm_bindgen(js_name = "isAssigned")]
    fn is_assigned(text: &JsString) -> bool;

    fn utf8(text: &JsString) -> Uint8Array;
}

fn at_most(what: &'static str, asked: u32, allowed: u32) -> Result<()> {
    match asked <= allowed {
        true => Ok(()),
        false => Err(Error::Limit { what, asked: asked.into(), allowed: allowed.into() }.into()),
    }
}

fn string<'a>(value: &'a JsValue, what: &str) -> Result<&'a JsString> {
    let Some(string) = value.dyn_ref::<JsString>() else { return invalid(format!("expected {what} as a string")) };
    at_most("length of a string", string.length(), MAX_SIZE)?;
    // Copied to Rust, a lone surrogate would silently become another character.
    match is_well_formed(string) {
        true => Ok(string),
        false => invalid(format!("expected {what} without lone surrogates, which have no UTF-8 form")),
    }
}

/// A text. It may be a secret, so that our copy of it is wiped.
pub(crate) fn text(value: &JsValue, what: &str) -> Result<Zeroizing<String>> {
    Ok(copied(string(value, what)?))
}

/// The one copy that we make of a text. wasm-bindgen's own conversion lets it grow as it goes, and leaves behind what was moved.
fn copied(string: &JsString) -> Zeroizing<String> {
    let encoded = utf8(string);
    let bytes = encoded.to_vec();
    encoded.fill(0, 0, encoded.length());
    Zeroizing::new(String::from_utf8(bytes).unwrap_or_default()) // UTF-8 is what it was encoded as
}

/// A word of ours, such as an algorithm's name; nothing that is longer is one.
pub(crate) fn word(value: &JsValue) -> Option<String> {
    value.dyn_ref::<JsString>().filter(|string| string.length() <= 32).map(String::from)
}

/// A passphrase in Unicode form NFC, which the core leaves to us here. A new one has only characters that are assigned: a
/// later Unicode could normalise others differently.
pub(crate) fn passphrase(value: &JsValue, is_new: bool) -> Result<Zeroizing<String>> {
    let passphrase = string(value, "a passphrase")?;
    at_most("length of a passphrase", passphrase.length(), 4096)?; // NFC makes nothing that is longer fit
    if is_new && !is_assigned(passphrase) {
        return invalid("a passphrase has only characters that Unicode has assigned; leave out the newest ones");
    }
    Ok(copied(&passphrase.normalize("NFC")))
}

/// A code that someone typed. What cannot be one is empty, and so no match.
pub(crate) fn typed(value: &JsValue) -> Result<Zeroizing<String>> {
    let Some(typed) = value.dyn_ref::<JsString>() else { return invalid("expected a code as a string") };
    Ok(if typed.length() > 1024 { Zeroizing::default() } else { copied(typed) })
}

pub(crate) fn bytes(value: &JsValue, what: &str) -> Result<Zeroizing<Vec<u8>>> {
    let view = if let Some(view) = value.dyn_ref::<Uint8Array>() {
        view.clone()
    } else if let Some(buffer) = value.dyn_ref::<ArrayBuffer>() {
        at_most("size in bytes", buffer.byte_length(), MAX_SIZE)?;
        Uint8Array::new(buffer)
    } else {
        return invalid(format!("expected {what} as a Uint8Array"));
    };
    at_most("size in bytes", view.length(), MAX_SIZE)?;
    Ok(Zeroizing::new(view.to_vec()))
}

/// The bytes of a vault, which are no secret.
pub(crate) fn vault_bytes(value: &JsValue) -> Result<Vec<u8>> {
    Ok(core::mem::take(&mut *bytes(value, "a vault")?))
}

/// Text as its UTF-8, or bytes.
pub(crate) fn text_or_bytes(value: &JsValue, what: &str) -> Result<Zeroizing<Vec<u8>>> {
    match value.is_string() {
        true => Ok(Zeroizing::new(text(value, what)?.as_bytes().to_vec())),
        false => bytes(value, &format!("{what} as a string, or")),
    }
}

/// A whole number from 0.
pub(crate) fn whole(value: &JsValue, what: &str) -> Result<u64> {
    match value.as_f64() {
        Some(number) if Number::is_integer(value) && (0.0..=MAX_NUMBER).contains(&number) => Ok(number as u64),
        _ => invalid(format!("expected {what} as a whole number from 0 to 2^53-1")),
    }
}

/// A whole number from 0, which may be too large for one of JavaScript's.
pub(crate) fn number(value: &JsValue, what: &str) -> Result<u64> {
    match value.is_bigint() {
        true => u64::try_from(value.clone())
            .or_else(|_| invalid(format!("expected {what} as a whole number from 0 to 2^64-1"))),
        false => whole(value, what),
    }
}

/// A number that Rust's type has no room for is as wrong as the largest that it has.
pub(crate) fn small<T: TryFrom<u64>>(value: &JsValue, what: &str, largest: T) -> Result<T> {
    Ok(T::try_from(whole(value, what)?).unwrap_or(largest))
}

/// A whole number, which may be negative.
pub(crate) fn integer(value: &JsValue, what: &str) -> Result<i64> {
    match value.as_f64() {
        Some(number) if Number::is_integer(value) && (-MAX_NUMBER..=MAX_NUMBER).contains(&number) => Ok(number as i64),
        _ => invalid(format!("expected {what} as a whole number from -(2^53-1) to 2^53-1")),
    }
}

/// A point in time, in Unix seconds; without one, what the clock says.
pub(crate) fn time(value: &JsValue) -> Result<i64> {
    let seconds = if value.is_undefined() {
        Date::now() / 1000.0
    } else if let Some(date) = value.dyn_ref::<Date>() {
        date.get_time() / 1000.0
    } else {
        value.as_f64().unwrap_or(f64::NAN)
    };
    match seconds.is_finite() && seconds >= 0.0 {
        true => Ok(seconds as i64),
        false => invalid("expected a time from 1970 on, as Unix seconds or a Date"),
    }
}

pub(crate) fn now() -> u64 {
    (Date::now() / 1000.0) as u64
}

pub(crate) fn array(value: &JsValue, what: &str) -> Result<Vec<JsValue>> {
    let Some(array) = value.dyn_ref::<Array>() else { return invalid(format!("expected {what} as an array")) };
    at_most("number of items", array.length(), MAX_ITEMS)?;
    Ok(array.iter().collect())
}

pub(crate) fn texts(value: &JsValue, what: &str) -> Result<Vec<String>> {
    let items = array(value, what)?;
    items.iter().map(|item| Ok(core::mem::take(&mut *text(item, what)?))).collect()
}

/// An object of which each property is known. A name that is not is a typo, and doing without it would not be what is meant.
pub(crate) struct Options(Object);

impl Options {
    pub(crate) fn of(value: &JsValue, known: &[&str]) -> Result<Self> {
        if value.is_undefined() {
            return Ok(Self(Object::new()));
        }
        let object = object(value, &format!("an object of {}", known.join(", ")))?;
        for key in Object::keys(&object) {
            if !word(&key).is_some_and(|key| known.contains(&key.as_str())) {
                return invalid(format!("expected only these options: {}", known.join(", ")));
            }
        }
        Ok(Self(object))
    }

    /// A property that is given.
    pub(crate) fn get(&self, name: &str) -> Option<JsValue> {
        let value = Reflect::get(&self.0, &name.into()).ok()?;
        (!value.is_undefined() && !value.is_null()).then_some(value)
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool> {
        match self.get(name).map(|value| value.as_bool()) {
            None => Ok(false),
            Some(Some(flag)) => Ok(flag),
            Some(None) => invalid(format!("expected {name} as true or false")),
        }
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<Zeroizing<String>>> {
        self.get(name).map(|value| text(&value, name)).transpose()
    }

    pub(crate) fn small<T: TryFrom<u64>>(&self, name: &str, largest: T) -> Result<Option<T>> {
        self.get(name).map(|value| small(&value, name, largest)).transpose()
    }
}

fn object(value: &JsValue, what: &str) -> Result<Object> {
    match value.is_object() && !Array::is_array(value) {
        true => Ok(value.clone().unchecked_into()),
        false => invalid(format!("expected {what}")),
    }
}

pub(crate) fn pairs(value: &JsValue, what: &str) -> Result<Vec<(String, JsValue)>> {
    let object = object(value, &format!("{what} as an object of names and values"))?;
    let keys = Object::keys(&object);
    at_most("number of names", keys.length(), MAX_ITEMS)?;
    let pair = |key: JsValue| {
        let value = Reflect::get(&object, &key).unwrap_or(JsValue::UNDEFINED);
        Ok((core::mem::take(&mut *text(&key, "a name")?), value))
    };
    keys.iter().map(pair).collect()
}

/// The arguments that `put`, `update` and `stage` have in common.
pub(crate) fn entry(fields: &JsValue, options: &Options) -> Result<Entry> {
    let mut entry = Entry::new();
    if !fields.is_undefined() {
        for (name, value) in pairs(fields, "fields")? {
            entry = match value.is_string() {
                true => entry.with(&name, text(&value, "a field")?.as_str()),
                false => entry.with(&name, bytes(&value, "a field as a string, or")?.as_slice()),
            };
        }
    }
    if let Some(info) = options.get("info") {
        for (name, value) in pairs(&info, "info")? {
            entry = entry.with_info(&name, &text(&value, "info")?);
        }
    }
    if let Some(kind) = options.text("kind")? {
        entry = entry.with_kind(&kind);
    }
    if let Some(tags) = options.get("tags") {
        entry = entry.with_tags(texts(&tags, "tags")?.iter().map(String::as_str));
    }
    if let Some(note) = options.text("note")? {
        entry = entry.with_note(&note);
    }
    if let Some(at) = options.get("expiresAt") {
        entry = entry.with_expires_at(time(&at)?.unsigned_abs());
    }
    if let Some(at) = options.get("rotateAfter") {
        entry = entry.with_rotate_after(time(&at)?.unsigned_abs());
    }
    Ok(entry)
}

/// What [`entry`] reads.
pub(crate) const ENTRY: [&str; 6] = ["info", "kind", "tags", "note", "expiresAt", "rotateAfter"];

/// A passphrase, a key, both, or a passkey. `is_new` is for a slot that is made.
pub(crate) fn factors(options: &Options, is_new: bool) -> Result<Option<Unlock>> {
    let passphrase = options.get("passphrase").map(|value| passphrase(&value, is_new)).transpose()?;
    let unlock = match (options.text("key")?, options.get("passkey")) {
        (Some(_), Some(_)) => return invalid("expected a key or a passkey, got both"),
        (Some(key), None) => Unlock::key(Key::parse(&key)?),
        (None, Some(given)) => passkey(&given, is_new)?,
        (None, None) => return Ok(passphrase.map(|passphrase| Unlock::passphrase(&passphrase))),
    };
    Ok(Some(match passphrase {
        Some(passphrase) => unlock.with_passphrase(&passphrase),
        None => unlock,
    }))
}

/// What [`factors`] reads.
pub(crate) const FACTORS: [&str; 3] = ["passphrase", "key", "passkey"];

/// Factors of which there must be one.
pub(crate) fn some_factors(options: &Options, is_new: bool) -> Result<Unlock> {
    factors(options, is_new)?.map_or_else(|| invalid("expected a passphrase, a key, or a passkey"), Ok)
}

fn passkey(value: &JsValue, is_new: bool) -> Result<Unlock> {
    let known: &[&str] =
        if is_new { &["credentialId", "prfOutput", "prfInput"] } else { &["credentialId", "prfOutput"] };
    let options = Options::of(value, known)?;
    let part = |name| bytes(&options.get(name).unwrap_or(JsValue::UNDEFINED), name);
    let (id, output) = (part("credentialId")?, part("prfOutput")?);
    let Ok(output) = <&[u8; 32]>::try_from(output.as_slice()) else {
        return invalid("expected the 32 bytes that a passkey's PRF extension gives");
    };
    Ok(match is_new {
        true => Unlock::new_passkey(&id, output, &part("prfInput")?),
        false => Unlock::passkey(&id, output),
    })
}

/// A [`Kdf`], or the default.
pub(crate) fn kdf(value: Option<JsValue>) -> Result<Kdf> {
    let Some(value) = value else { return Ok(Kdf::default()) };
    let options = Options::of(&value, &["algorithm", "memoryKib", "passes", "lanes", "iterations"])?;
    let number = |name: &str| -> Result<u32> {
        options.small(name, u32::MAX)?.map_or_else(|| invalid(format!("expected {name} in the kdf")), Ok)
    };
    let algorithm = options.text("algorithm")?;
    Ok(match algorithm.as_ref().map(|name| name.as_str()) {
        Some("argon2id") => {
            let lanes = u8::try_from(number("lanes")?).unwrap_or(u8::MAX);
            Kdf::argon2id(number("memoryKib")?, number("passes")?, lanes)?
        }
        Some("pbkdf2") => Kdf::pbkdf2(number("iterations")?)?,
        Some("pbkdf2-sha512") => Kdf::pbkdf2_sha512(number("iterations")?)?,
        _ => return invalid("expected a kdf with the algorithm argon2id, pbkdf2 or pbkdf2-sha512"),
    })
}

impl From<JsValue> for Fault {
    fn from(_: JsValue) -> Self {
        Error::InvalidInput("a value that was passed cannot be read".to_owned()).into()
    }
}
