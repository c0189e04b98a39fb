//! What stands around one-time codes: accounts as authenticators keep them, their exports and QR codes, and the codes for
//! users without an authenticator.

use strongroom::otp::qr::{self, Background};
use strongroom::otp::{Codes, Delivered, RecoveryCode};
use wasm_bindgen::prelude::*;

use crate::arguments::{Options, array, bytes, small, text, texts, typed, word};
use crate::otp::{Hotp, Totp, at};
use crate::shapes::{self, Result, invalid};

#[wasm_bindgen]
pub struct Account(strongroom::otp::Account);

#[wasm_bindgen(js_name = "readAccount")]
pub fn read_account(uri: &JsValue) -> Result<Account> {
    Ok(Account(strongroom::otp::Account::from_uri(&text(uri, "a URI")?)?))
}

#[wasm_bindgen]
impl Account {
    #[wasm_bindgen(getter)]
    pub fn issuer(&self) -> Option<String> {
        self.0.issuer().map(str::to_owned)
    }

    #[wasm_bindgen(getter)]
    pub fn name(&self) -> String {
        self.0.name().to_owned()
    }

    #[wasm_bindgen(getter)]
    pub fn totp(&self) -> Option<Totp> {
        match self.0.codes() {
            Codes::Totp(totp) => Some(Totp(totp.clone())),
            Codes::Hotp { .. } => None,
        }
    }

    #[wasm_bindgen(getter)]
    pub fn hotp(&self) -> Option<Hotp> {
        match self.0.codes() {
            Codes::Hotp { hotp, .. } => Some(Hotp(hotp.clone())),
            Codes::Totp(_) => None,
        }
    }

    #[wasm_bindgen(getter)]
    pub fn counter(&self) -> Option<f64> {
        match self.0.codes() {
            Codes::Hotp { counter, .. } => Some(*counter as f64),
            Codes::Totp(_) => None,
        }
    }

    #[wasm_bindgen(js_name = "toUri")]
    pub fn to_uri(&self) -> Result<JsValue> {
        shapes::secret(&self.0.to_uri()?)
    }
}

#[wasm_bindgen(js_name = "readMigration")]
pub fn read_migration(uris: &JsValue) -> Result<JsValue> {
    let uris = array(uris, "the URIs of an export")?;
    let uris = uris.iter().map(|uri| text(uri, "a URI")).collect::<Result<Vec<_>>>()?;
    let uris: Vec<_> = uris.iter().map(|uri| uri.as_str()).collect();
    let read = strongroom::otp::read_migration(&uris)?;
    let accounts = read.accounts.into_iter().map(|account| Account(account).into()).collect();
    Ok(shapes::migration(accounts, read.parts, read.missing))
}

/// The accounts come as their URIs, which say all of them.
#[wasm_bindgen(js_name = "writeMigration")]
pub fn write_migration(uris: &JsValue) -> Result<Vec<JsValue>> {
    let uris = array(uris, "accounts")?;
    let accounts: Vec<_> = uris
        .iter()
        .map(|uri| Ok(strongroom::otp::Account::from_uri(&text(uri, "an account")?)?))
        .collect::<Result<_>>()?;
    let written = strongroom::otp::write_migration(&accounts)?;
    written.iter().map(shapes::secret).collect()
}

#[wasm_bindgen(js_name = "qrSvg")]
pub fn qr_svg(value: &JsValue) -> Result<JsValue> {
    shapes::secret(&qr::svg(&text(value, "a text")?)?)
}

#[wasm_bindgen(js_name = "qrTerminal")]
pub fn qr_terminal(value: &JsValue, background: &JsValue) -> Result<JsValue> {
    let background = match word(background).as_deref() {
        None if background.is_undefined() => Background::Dark,
        Some("dark") => Background::Dark,
        Some("light") => Background::Light,
        _ => return invalid("expected the background dark or light"),
    };
    shapes::secret(&qr::terminal(&text(value, "a text")?, background)?)
}

#[wasm_bindgen(js_name = "generateRecoveryCodes")]
pub fn generate_recovery_codes(count: &JsValue) -> Result<Vec<JsValue>> {
    let count = if count.is_undefined() { 10 } else { small(count, "a count", usize::MAX)? };
    let codes = RecoveryCode::generate(count)?;
    codes.iter().map(|code| Ok(shapes::recovery_code(code.code.reveal_str()?, &code.stored))).collect()
}

#[wasm_bindgen(js_name = "verifyRecoveryCode")]
pub fn verify_recovery_code(code: &JsValue, stored: &JsValue) -> Result<Option<u32>> {
    let place = RecoveryCode::verify(&typed(code)?, &texts(stored, "the stored hashes")?)?;
    Ok(place.and_then(|place| place.try_into().ok()))
}

#[wasm_bindgen]
pub struct DeliveredCodes(strongroom::otp::DeliveredCodes);

#[wasm_bindgen(js_name = "deliveredCodes")]
pub fn delivered_codes(key: &JsValue, options: &JsValue) -> Result<DeliveredCodes> {
    let mut codes = strongroom::otp::DeliveredCodes::new(&bytes(key, "a key")?.as_slice().into())?;
    let options = Options::of(options, &["digits", "lifetimeSeconds", "attempts"])?;
    if let Some(digits) = options.small("digits", u8::MAX)? {
        codes = codes.with_digits(digits)?;
    }
    if let Some(seconds) = options.small("lifetimeSeconds", u32::MAX)? {
        codes = codes.with_lifetime(seconds)?;
    }
    if let Some(attempts) = options.small("attempts", u32::MAX)? {
        codes = codes.with_attempts(attempts)?;
    }
    Ok(DeliveredCodes(codes))
}

#[wasm_bindgen]
impl DeliveredCodes {
    pub fn issue(&self, account: &JsValue, options: &JsValue) -> Result<JsValue> {
        let now = at(&Options::of(options, &["at"])?)?;
        let (code, record) = self.0.issue(&text(account, "an account")?, now)?;
        Ok(shapes::issued(code.reveal_str()?, &record))
    }

    pub fn verify(&self, record: &JsValue, account: &JsValue, code: &JsValue, options: &JsValue) -> Result<JsValue> {
        let now = at(&Options::of(options, &["at"])?)?;
        let (record, account) = (text(record, "a record")?, text(account, "an account")?);
        Ok(match self.0.verify(&record, &account, &typed(code)?, now)? {
            Delivered::Accepted => shapes::delivered("accepted", None, None),
            Delivered::Wrong { record, attempts_left } => shapes::delivered("wrong", Some(record), Some(attempts_left)),
            Delivered::Expired => shapes::delivered("expired", None, None),
            Delivered::Exhausted => shapes::delivered("exhausted", None, None),
        })
    }
}
