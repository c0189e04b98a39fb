//! Fernet tokens.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use crate::arguments::{Options, array, text, text_or_bytes, time, whole};
use crate::shapes::{self, Result, invalid};

#[wasm_bindgen]
pub struct Fernet(strongroom::Fernet);

#[wasm_bindgen(js_name = "fernetFromKey")]
pub fn from_key(key: &JsValue, older_keys: &JsValue) -> Result<Fernet> {
    let one = |key: &JsValue| Ok::<_, shapes::Fault>(strongroom::Fernet::new(&text(key, "a Fernet key")?)?);
    let mut fernet = one(key)?;
    if !older_keys.is_undefined() {
        for older in array(older_keys, "older Fernet keys")? {
            fernet = fernet.with_older(&one(&older)?);
        }
    }
    Ok(Fernet(fernet))
}

#[wasm_bindgen(js_name = "fernetGenerateKey")]
pub fn generate_key() -> Result<JsValue> {
    shapes::secret(&strongroom::Fernet::generate_key()?)
}

#[wasm_bindgen]
impl Fernet {
    pub fn encrypt(&self, data: &JsValue, options: &JsValue) -> Result<String> {
        let at = Options::of(options, &["at"])?.get("at").unwrap_or(JsValue::UNDEFINED);
        Ok(self.0.encrypt(&text_or_bytes(data, "data")?, time(&at)?.unsigned_abs())?)
    }

    pub fn decrypt(&self, token: &JsValue, options: &JsValue) -> Result<Uint8Array> {
        let options = Options::of(options, &["ttlSeconds", "at"])?;
        let token = text_or_bytes(token, "a token")?;
        let data = match (options.get("ttlSeconds"), options.get("at")) {
            (Some(ttl), at) => {
                let at = time(&at.unwrap_or(JsValue::UNDEFINED))?;
                self.0.decrypt_within(&token, whole(&ttl, "ttlSeconds")?, at.unsigned_abs())?
            }
            (None, None) => self.0.decrypt(&token)?,
            (None, Some(_)) => return invalid("expected ttlSeconds beside at: without it a token is read at any time"),
        };
        Ok(Uint8Array::from(data.reveal()))
    }

    pub fn timestamp(&self, token: &JsValue) -> Result<f64> {
        Ok(self.0.timestamp(text_or_bytes(token, "a token")?)? as f64)
    }

    pub fn rotate(&self, token: &JsValue) -> Result<String> {
        Ok(self.0.rotate(text_or_bytes(token, "a token")?)?)
    }
}
