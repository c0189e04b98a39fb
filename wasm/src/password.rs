//! Password hashes.

use core::time::Duration;

use js_sys::Date;
use strongroom::password::{Ceilings, Hasher};
use wasm_bindgen::prelude::*;

use crate::arguments::{Options, bytes, kdf, small, text, text_or_bytes};
use crate::shapes::{self, Result, invalid};

/// A browser's tab has no more to spare.
const MAX_MEMORY_KIB: u32 = 262_144;

#[wasm_bindgen]
pub struct PasswordHasher(Hasher);

#[wasm_bindgen(js_name = "passwordHasher")]
pub fn password_hasher(options: &JsValue) -> Result<PasswordHasher> {
    let known =
        ["kdf", "pepper", "maxMemoryKib", "maxPasses", "maxLanes", "maxIterations", "maxBcryptCost", "truncateBcrypt"];
    let options = Options::of(options, &known)?;
    let mut ceilings = Ceilings::default();
    ceilings.memory_kib = MAX_MEMORY_KIB;
    for (ceiling, name) in [
        (&mut ceilings.memory_kib, "maxMemoryKib"),
        (&mut ceilings.passes, "maxPasses"),
        (&mut ceilings.lanes, "maxLanes"),
        (&mut ceilings.iterations, "maxIterations"),
        (&mut ceilings.bcrypt_cost, "maxBcryptCost"),
    ] {
        if let Some(given) = options.small(name, u32::MAX)? {
            *ceiling = given;
        }
    }
    let mut hasher = Hasher::new(kdf(options.get("kdf"))?).with_ceilings(ceilings);
    if let Some(pepper) = options.get("pepper") {
        let pepper = Options::of(&pepper, &["keyId", "secret"])?;
        let (Some(key_id), Some(secret)) = (pepper.text("keyId")?, pepper.get("secret")) else {
            return invalid("expected the pepper as { keyId, secret }");
        };
        hasher = hasher.with_pepper(&key_id, bytes(&secret, "a pepper")?.as_slice())?;
    }
    if options.flag("truncateBcrypt")? {
        hasher = hasher.with_bcrypt_truncation();
    }
    Ok(PasswordHasher(hasher))
}

#[wasm_bindgen]
impl PasswordHasher {
    pub fn hash(&self, password: &JsValue) -> Result<String> {
        Ok(self.0.hash(text_or_bytes(password, "a password")?)?)
    }

    pub fn verify(&self, password: &JsValue, stored: &JsValue) -> Result<bool> {
        Ok(self.0.verify(text_or_bytes(password, "a password")?, &text(stored, "a stored hash")?)?)
    }

    #[wasm_bindgen(js_name = "verifyAndUpdate")]
    pub fn verify_and_update(&self, password: &JsValue, stored: &JsValue) -> Result<JsValue> {
        let password = text_or_bytes(password, "a password")?;
        let (ok, new_hash) = self.0.verify_and_update(password, &text(stored, "a stored hash")?)?;
        Ok(shapes::verified(ok, new_hash))
    }

    #[wasm_bindgen(js_name = "needsRehash")]
    pub fn needs_rehash(&self, stored: &JsValue) -> Result<bool> {
        Ok(self.0.needs_rehash(&text(stored, "a stored hash")?)?)
    }

    #[wasm_bindgen(js_name = "verifyDummy")]
    pub fn verify_dummy(&self, password: &JsValue) -> Result<bool> {
        Ok(self.0.verify_dummy(text_or_bytes(password, "a password")?)?)
    }

    #[wasm_bindgen(js_name = "hashLike")]
    pub fn hash_like(&self, password: &JsValue, stored: &JsValue) -> Result<String> {
        Ok(self.0.hash_like(text_or_bytes(password, "a password")?, &text(stored, "a stored hash")?)?)
    }
}

// With the settings that everyone has who makes no hasher.

#[wasm_bindgen(js_name = "hashPassword")]
pub fn hash(password: &JsValue) -> Result<String> {
    standard()?.hash(password)
}

#[wasm_bindgen(js_name = "verifyPassword")]
pub fn verify(password: &JsValue, stored: &JsValue) -> Result<bool> {
    standard()?.verify(password, stored)
}

#[wasm_bindgen(js_name = "verifyAndUpdate")]
pub fn verify_and_update(password: &JsValue, stored: &JsValue) -> Result<JsValue> {
    standard()?.verify_and_update(password, stored)
}

#[wasm_bindgen(js_name = "needsRehash")]
pub fn needs_rehash(stored: &JsValue) -> Result<bool> {
    standard()?.needs_rehash(stored)
}

#[wasm_bindgen(js_name = "verifyDummy")]
pub fn verify_dummy(password: &JsValue) -> Result<bool> {
    standard()?.verify_dummy(password)
}

fn standard() -> Result<PasswordHasher> {
    password_hasher(&JsValue::UNDEFINED)
}

#[wasm_bindgen(js_name = "identifyHash")]
pub fn identify_hash(stored: &JsValue) -> Result<JsValue> {
    let identified = strongroom::password::identify(&text(stored, "a stored hash")?)?;
    Ok(shapes::identified(identified.format, &identified.cost))
}

#[wasm_bindgen]
pub fn calibrate(target_ms: &JsValue) -> Result<JsValue> {
    let target_ms = if target_ms.is_undefined() { 250 } else { small(target_ms, "targetMs", u32::MAX)? };
    let now = || Duration::from_secs_f64(Date::now() / 1000.0);
    let (kdf, took) = strongroom::password::calibrate(Duration::from_millis(target_ms.into()), now)?;
    Ok(shapes::calibrated(shapes::kdf(kdf), took.as_secs_f64() * 1000.0))
}
