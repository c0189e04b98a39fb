//! `Guard`, one step at a time: JavaScript awaits its store, so that it loads and stores between our steps.

use strongroom::otp::{Change, Guard as CoreGuard, Verdict};
use strongroom::state::State;
use wasm_bindgen::prelude::*;

use crate::arguments::{Options, bytes, number, text, time, typed};
use crate::otp::{Totp, at};
use crate::shapes::{self, Result};

#[wasm_bindgen]
pub struct Guard(CoreGuard);

#[wasm_bindgen(js_name = "guardNew")]
pub fn new(options: &JsValue) -> Result<Guard> {
    let known = ["freeAttempts", "delaySeconds", "maxDelaySeconds", "maxAttempts"];
    let options = Options::of(options, &known)?;
    let number = |name, default| Ok::<u32, shapes::Fault>(options.small(name, u32::MAX)?.unwrap_or(default));
    let guard = CoreGuard::new()
        .with_free_attempts(number("freeAttempts", 5)?)?
        .with_delay(number("delaySeconds", 30)?, number("maxDelaySeconds", 3600)?)?
        .with_max_attempts(number("maxAttempts", 100)?)?;
    Ok(Guard(guard))
}

fn stored_of(value: &JsValue) -> Result<Option<Vec<u8>>> {
    match value.is_null() || value.is_undefined() {
        true => Ok(None),
        false => Ok(Some(bytes(value, "what the state has stored")?.to_vec())),
    }
}

#[wasm_bindgen]
impl Guard {
    /// What the store is asked, before anything is asked of it.
    pub fn asked(&self, account: &JsValue, options: &JsValue) -> Result<JsValue> {
        let now = at(&Options::of(options, &["at"])?)?;
        Ok(shapes::asked(&CoreGuard::key(&text(account, "an account")?)?, now as f64))
    }

    pub fn verify(&self, stored: &JsValue, totp: &Totp, code: &JsValue, at: &JsValue) -> Result<JsValue> {
        let (verdict, change) =
            self.0.verify_stored(stored_of(stored)?.as_deref(), &totp.0, &typed(code)?, time(at)?)?;
        let (outcome, step, retry_after) = match verdict {
            Verdict::Accepted { step } => ("accepted", Some(step as f64), None),
            Verdict::Used => ("used", None, None),
            Verdict::Throttled { seconds } => ("throttled", None, Some(seconds)),
            Verdict::Locked => ("locked", None, None),
            _ => ("wrong", None, None), // what this does not know is not accepted
        };
        Ok(judged(outcome, step, retry_after, change))
    }

    pub fn reset(&self, stored: &JsValue, at: &JsValue) -> Result<JsValue> {
        Ok(judged("wrong", None, None, CoreGuard::reset_stored(stored_of(stored)?.as_deref(), time(at)?)?))
    }
}

fn judged(outcome: &str, step: Option<f64>, retry_after: Option<u32>, change: Option<Change>) -> JsValue {
    let (value, expires_at) = change.map(|change| (change.value, change.expires_at as f64)).unzip();
    shapes::judged(outcome, step, retry_after, value, expires_at)
}

/// What the store is asked to draw a number, before anything is asked of it.
#[wasm_bindgen(js_name = "raiseAsked")]
pub fn raise_asked(key: &JsValue, at_least: &JsValue, options: &JsValue) -> Result<JsValue> {
    number(at_least, "the least number")?;
    let now = at(&Options::of(options, &["at"])?)?;
    Ok(shapes::asked(&text(key, "a key")?, now as f64))
}

/// The number that follows the one that is stored.
#[wasm_bindgen]
pub fn raised(stored: &JsValue, at_least: &JsValue) -> Result<u64> {
    Ok(strongroom::state::raised(stored_of(stored)?.as_deref(), number(at_least, "the least number")?)?)
}

/// The store of a guard that has no other: in this memory alone.
#[wasm_bindgen]
pub struct MemoryState(strongroom::state::MemoryState);

#[wasm_bindgen(js_name = "memoryState")]
pub fn memory_state() -> MemoryState {
    MemoryState(strongroom::state::MemoryState::new())
}

#[wasm_bindgen]
impl MemoryState {
    pub fn load(&self, key: &JsValue, unix_seconds: &JsValue) -> Result<Option<Vec<u8>>> {
        Ok(self.0.load(&text(key, "a key")?, time(unix_seconds)?)?)
    }

    #[wasm_bindgen(js_name = "compareAndSet")]
    pub fn compare_and_set(
        &self,
        key: &JsValue,
        expected: &JsValue,
        value: &JsValue,
        expires_at: &JsValue,
        unix_seconds: &JsValue,
    ) -> Result<bool> {
        let (expected, value) = (stored_of(expected)?, bytes(value, "a value")?);
        let key = text(key, "a key")?;
        Ok(self.0.compare_and_set(&key, expected.as_deref(), &value, time(expires_at)?, time(unix_seconds)?)?)
    }

    #[wasm_bindgen(js_name = "raiseTo")]
    pub fn raise_to(&self, key: &JsValue, at_least: &JsValue, unix_seconds: &JsValue) -> Result<u64> {
        Ok(self.0.raise(&text(key, "a key")?, number(at_least, "the least number")?, time(unix_seconds)?)?)
    }
}
