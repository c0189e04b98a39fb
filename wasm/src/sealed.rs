//! `seal` and `unseal`: any bytes under a key.

use js_sys::Uint8Array;
use strongroom::Key;
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

use crate::arguments::{Options, bytes, text, text_or_bytes};
use crate::shapes::Result;

fn associated(options: &JsValue) -> Result<Zeroizing<Vec<u8>>> {
    let given = Options::of(options, &["associatedData"])?.get("associatedData");
    given.map_or_else(|| Ok(Zeroizing::default()), |data| text_or_bytes(&data, "associatedData"))
}

#[wasm_bindgen]
pub fn seal(key: &JsValue, data: &JsValue, options: &JsValue) -> Result<Vec<u8>> {
    let key = Key::parse(&text(key, "a key")?)?;
    Ok(strongroom::seal(&key, &text_or_bytes(data, "data")?, &associated(options)?)?)
}

#[wasm_bindgen]
pub fn unseal(key: &JsValue, sealed: &JsValue, options: &JsValue) -> Result<Uint8Array> {
    let key = Key::parse(&text(key, "a key")?)?;
    let data = strongroom::unseal(&key, &bytes(sealed, "what was sealed")?, &associated(options)?)?;
    Ok(Uint8Array::from(data.reveal()))
}
