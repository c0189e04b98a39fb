//! One-time codes of a secret: `Totp` and `Hotp`.

use strongroom::Secret;
use strongroom::otp::{Account, Algorithm, Codes, decode_base32, encode_base32};
use wasm_bindgen::prelude::*;

use crate::arguments::{Options, bytes, small, text, time, typed, whole};
use crate::shapes::{self, Result, invalid};
use crate::vault::fresh;

/// Base32 as text, or the bytes themselves.
fn secret_of(value: &JsValue) -> Result<Secret> {
    Ok(match value.is_string() {
        true => decode_base32(&text(value, "a secret")?)?,
        false => bytes(value, "a secret as base32, or")?.as_slice().into(),
    })
}

fn algorithm_of(options: &Options) -> Result<Algorithm> {
    let name = options.text("algorithm")?;
    Ok(match name.as_ref().map(|name| name.as_str()) {
        None | Some("sha1") => Algorithm::Sha1,
        Some("sha256") => Algorithm::Sha256,
        Some("sha512") => Algorithm::Sha512,
        Some(_) => return invalid("expected the algorithm sha1, sha256 or sha512"),
    })
}

const fn algorithm_name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Sha256 => "sha256",
        Algorithm::Sha512 => "sha512",
        _ => "sha1",
    }
}

fn base32(secret: &Secret) -> Result<JsValue> {
    shapes::secret(&encode_base32(secret))
}

fn uri_of(codes: impl Into<Codes>, account: &JsValue, issuer: &JsValue) -> Result<JsValue> {
    let mut made = Account::new(codes, &text(account, "an account's name")?)?;
    if !issuer.is_undefined() && !issuer.is_null() {
        made = made.with_issuer(&text(issuer, "an issuer")?)?;
    }
    shapes::secret(&made.to_uri()?)
}

fn after_step(options: &Options) -> Result<Option<u64>> {
    options.get("afterStep").map(|step| whole(&step, "afterStep")).transpose()
}

pub(crate) fn at(options: &Options) -> Result<i64> {
    time(&options.get("at").unwrap_or(JsValue::UNDEFINED))
}

#[wasm_bindgen]
pub struct Totp(pub(crate) strongroom::otp::Totp);

fn totp_with(totp: strongroom::otp::Totp, options: &JsValue) -> Result<Totp> {
    let options = Options::of(options, &["algorithm", "digits", "period", "steam"])?;
    let mut totp = totp.with_algorithm(algorithm_of(&options)?);
    if let Some(period) = options.small("period", u32::MAX)? {
        totp = totp.with_period(period)?;
    }
    let digits = options.small("digits", u8::MAX)?;
    if options.flag("steam")? {
        totp = totp.with_steam();
        if digits.is_some_and(|digits| digits != totp.digits()) {
            return invalid("Steam's codes have 5 characters");
        }
    } else if let Some(digits) = digits {
        totp = totp.with_digits(digits)?;
    }
    Ok(Totp(totp))
}

#[wasm_bindgen(js_name = "totpFromSecret")]
pub fn totp_from_secret(secret: &JsValue, options: &JsValue) -> Result<Totp> {
    totp_with(strongroom::otp::Totp::new(&secret_of(secret)?)?, options)
}

#[wasm_bindgen(js_name = "totpGenerate")]
pub fn totp_generate(options: &JsValue) -> Result<Totp> {
    totp_with(strongroom::otp::Totp::generate()?, options)
}

#[wasm_bindgen(js_name = "totpFromUri")]
pub fn totp_from_uri(uri: &JsValue) -> Result<Totp> {
    Ok(Totp(strongroom::otp::Totp::from_uri(&text(uri, "a URI")?)?))
}

#[wasm_bindgen]
impl Totp {
    #[wasm_bindgen(getter)]
    pub fn algorithm(&self) -> String {
        algorithm_name(self.0.algorithm()).to_owned()
    }

    #[wasm_bindgen(getter)]
    pub fn digits(&self) -> u8 {
        self.0.digits()
    }

    #[wasm_bindgen(getter)]
    pub fn period(&self) -> u32 {
        self.0.period()
    }

    #[wasm_bindgen(getter, js_name = "isSteam")]
    pub fn is_steam(&self) -> bool {
        self.0.is_steam()
    }

    #[wasm_bindgen(getter, js_name = "isShort")]
    pub fn is_short(&self) -> bool {
        self.0.is_short()
    }

    #[wasm_bindgen(js_name = "revealSecret")]
    pub fn reveal_secret(&self) -> Result<JsValue> {
        base32(&self.0.reveal_secret())
    }

    pub fn uri(&self, account: &JsValue, issuer: &JsValue) -> Result<JsValue> {
        uri_of(self.0.clone(), account, issuer)
    }

    #[wasm_bindgen(js_name = "withWindow")]
    pub fn with_window(&self, back: &JsValue, ahead: &JsValue) -> Result<Self> {
        let (back, ahead) = (small(back, "back", u32::MAX)?, small(ahead, "ahead", u32::MAX)?);
        Ok(Self(self.0.clone().with_window(back, ahead)?))
    }

    #[wasm_bindgen(js_name = "withDrift")]
    pub fn with_drift(&self, steps: &JsValue) -> Result<Self> {
        let Some(steps) = steps.as_f64().filter(|steps| steps.fract() == 0.0) else {
            return invalid("expected a drift as a whole number of steps");
        };
        Ok(Self(self.0.clone().with_drift(steps as i32)?))
    }

    pub fn code(&self, at: &JsValue) -> Result<JsValue> {
        shapes::secret(&self.0.code(time(at)?)?)
    }

    pub fn step(&self, at: &JsValue) -> Result<f64> {
        Ok(self.0.step(time(at)?)? as f64)
    }

    #[wasm_bindgen(js_name = "secondsRemaining")]
    pub fn seconds_remaining(&self, at: &JsValue) -> Result<u32> {
        Ok(self.0.seconds_remaining(time(at)?)?)
    }

    pub fn verify(&self, code: &JsValue, options: &JsValue) -> Result<Option<f64>> {
        let options = Options::of(options, &["at", "afterStep"])?;
        let step = self.0.verify(&typed(code)?, at(&options)?, after_step(&options)?)?;
        Ok(step.map(|step| step as f64))
    }

    pub fn resync(&self, first: &JsValue, second: &JsValue, options: &JsValue) -> Result<JsValue> {
        let options = Options::of(options, &["at", "steps", "afterStep"])?;
        let steps = options.small("steps", u32::MAX)?.unwrap_or(10);
        let now = at(&options)?;
        let learnt = self.0.resync(&typed(first)?, &typed(second)?, now, steps, after_step(&options)?)?;
        Ok(learnt.map_or(JsValue::NULL, |learnt| shapes::resync(learnt.drift, learnt.step as f64)))
    }

    pub fn fresh(&self, options: &JsValue) -> Result<JsValue> {
        let options = Options::of(options, &["minSeconds", "at", "afterStep"])?;
        let min_seconds = options.small("minSeconds", u32::MAX)?.unwrap_or(5);
        fresh(&self.0.fresh(at(&options)?, min_seconds, after_step(&options)?)?)
    }
}

#[wasm_bindgen]
pub struct Hotp(pub(crate) strongroom::otp::Hotp);

fn hotp_with(hotp: strongroom::otp::Hotp, options: &JsValue) -> Result<Hotp> {
    let options = Options::of(options, &["algorithm", "digits"])?;
    let hotp = hotp.with_algorithm(algorithm_of(&options)?);
    Ok(Hotp(match options.small("digits", u8::MAX)? {
        Some(digits) => hotp.with_digits(digits)?,
        None => hotp,
    }))
}

#[wasm_bindgen(js_name = "hotpFromSecret")]
pub fn hotp_from_secret(secret: &JsValue, options: &JsValue) -> Result<Hotp> {
    hotp_with(strongroom::otp::Hotp::new(&secret_of(secret)?)?, options)
}

#[wasm_bindgen(js_name = "hotpGenerate")]
pub fn hotp_generate(options: &JsValue) -> Result<Hotp> {
    hotp_with(strongroom::otp::Hotp::generate()?, options)
}

#[wasm_bindgen]
impl Hotp {
    #[wasm_bindgen(getter)]
    pub fn algorithm(&self) -> String {
        algorithm_name(self.0.algorithm()).to_owned()
    }

    #[wasm_bindgen(getter)]
    pub fn digits(&self) -> u8 {
        self.0.digits()
    }

    #[wasm_bindgen(getter, js_name = "isShort")]
    pub fn is_short(&self) -> bool {
        self.0.is_short()
    }

    #[wasm_bindgen(js_name = "revealSecret")]
    pub fn reveal_secret(&self) -> Result<JsValue> {
        base32(&self.0.reveal_secret())
    }

    pub fn uri(&self, account: &JsValue, issuer: &JsValue, counter: &JsValue) -> Result<JsValue> {
        let counter = if counter.is_undefined() { 0 } else { whole(counter, "a counter")? };
        uri_of(Codes::Hotp { hotp: self.0.clone(), counter }, account, issuer)
    }

    pub fn code(&self, counter: &JsValue) -> Result<JsValue> {
        shapes::secret(&self.0.code(whole(counter, "a counter")?))
    }

    pub fn verify(&self, code: &JsValue, counter: &JsValue, look_ahead: &JsValue) -> Result<Option<f64>> {
        let look_ahead = if look_ahead.is_undefined() { 0 } else { small(look_ahead, "lookAhead", u32::MAX)? };
        let next = self.0.verify(&typed(code)?, whole(counter, "a counter")?, look_ahead)?;
        Ok(next.map(|next| next as f64))
    }

    pub fn resync(
        &self,
        first: &JsValue,
        second: &JsValue,
        counter: &JsValue,
        look_ahead: &JsValue,
    ) -> Result<Option<f64>> {
        let look_ahead = if look_ahead.is_undefined() { 100 } else { small(look_ahead, "lookAhead", u32::MAX)? };
        let next = self.0.resync(&typed(first)?, &typed(second)?, whole(counter, "a counter")?, look_ahead)?;
        Ok(next.map(|next| next as f64))
    }
}
