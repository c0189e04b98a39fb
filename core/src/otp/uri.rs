//! The Key URI Format of Google Authenticator, which every other one reads: `otpauth://totp/Issuer:name?secret=..`.

use core::fmt::Write;

use zeroize::Zeroizing;

use super::account::{Account, Codes};
use super::base32::{decode_base32, encode_base32};
use super::generator::Algorithm;
use super::hotp::Hotp;
use super::totp::Totp;
use crate::{Error, Result, Secret};

/// The longest URI, in bytes. The longest that we write is shorter.
const MAX_URI: usize = 4096;

const DEFAULT_DIGITS: u8 = 6;
const DEFAULT_PERIOD: u32 = 30;

pub(super) fn read(uri: &str) -> Result<Account> {
    let rest = after_scheme(uri, "otpauth://", MAX_URI)
        .and_then(|rest| rest.ok_or_else(|| Error::invalid("expected a URI that starts with otpauth://")))?;
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (kind, label) = path.split_once('/').unwrap_or((path, ""));
    let parameters = Parameters::read(query)?;
    let secret = parameters
        .secret
        .as_ref()
        .ok_or_else(|| Error::invalid("the otpauth URI has no secret; expected a parameter secret=.."))?;

    let codes = if kind.eq_ignore_ascii_case("hotp") {
        let hotp = Hotp::new(secret)?.with_algorithm(parameters.algorithm.unwrap_or_default());
        let hotp = hotp.with_digits(parameters.digits.unwrap_or(DEFAULT_DIGITS))?;
        Codes::Hotp { hotp, counter: parameters.counter.unwrap_or(0) }
    } else {
        let is_steam = kind.eq_ignore_ascii_case("steam") || parameters.is_steam == Some(true);
        if !is_steam && !kind.eq_ignore_ascii_case("totp") {
            return Err(Error::invalid("expected an otpauth URI of the type totp, hotp or steam"));
        }
        let totp = Totp::new(secret)?.with_algorithm(parameters.algorithm.unwrap_or_default());
        let totp = totp.with_period(parameters.period.unwrap_or(DEFAULT_PERIOD))?;
        // Steam's codes have a form of their own, whatever the digits say.
        Codes::Totp(match is_steam {
            true => totp.with_steam(),
            false => totp.with_digits(parameters.digits.unwrap_or(DEFAULT_DIGITS))?,
        })
    };

    // A colon that is written out comes first, since a name may have encoded ones; many write this one encoded too.
    let (prefix, name) = match label.split_once(':') {
        Some((prefix, name)) => (decode(prefix, false)?, decode(name, false)?),
        None => {
            let label = decode(label, false)?;
            match label.split_once(':') {
                Some((prefix, name)) => (prefix.to_owned().into(), name.to_owned().into()),
                None => (Zeroizing::default(), label),
            }
        }
    };
    let issuer = parameters.issuer.as_ref().unwrap_or(&prefix);
    Account::new(codes, &name)?.with_issuer(issuer)
}

pub(super) fn write(account: &Account) -> Result<Secret> {
    let (issuer, name) = (account.issuer().unwrap_or_default(), account.name());
    if issuer.contains(':') {
        return Err(Error::invalid("an issuer with a colon cannot be written as an otpauth URI; give it another one"));
    }
    if issuer.is_empty() && name.contains(':') {
        return Err(Error::invalid("a name with a colon cannot be written as an otpauth URI; give it an issuer too"));
    }
    let (kind, secret, algorithm, digits) = match account.codes() {
        Codes::Totp(totp) => ("totp", totp.reveal_secret(), totp.algorithm(), totp.digits()),
        Codes::Hotp { hotp, .. } => ("hotp", hotp.reveal_secret(), hotp.algorithm(), hotp.digits()),
    };
    // Room for all of it from the start: a buffer that grew would leave a copy of the secret behind.
    let mut uri = Zeroizing::new(String::with_capacity(MAX_URI));
    uri.push_str("otpauth://");
    uri.push_str(kind);
    uri.push('/');
    if !issuer.is_empty() {
        encode(issuer, &mut uri);
        uri.push(':');
    }
    encode(name, &mut uri);
    uri.push_str("?secret=");
    uri.push_str(encode_base32(&secret).reveal_str()?);
    if !issuer.is_empty() {
        uri.push_str("&issuer=");
        encode(issuer, &mut uri);
    }
    if algorithm != Algorithm::default() {
        uri.push_str("&algorithm=");
        uri.push_str(algorithm.as_str());
    }
    let is_steam = matches!(account.codes(), Codes::Totp(totp) if totp.is_steam());
    if digits != DEFAULT_DIGITS && !is_steam {
        number("digits", digits.into(), &mut uri);
    }
    match account.codes() {
        Codes::Totp(totp) if totp.period() != DEFAULT_PERIOD => number("period", totp.period().into(), &mut uri),
        Codes::Totp(_) => {}
        Codes::Hotp { counter, .. } => number("counter", *counter, &mut uri),
    }
    if is_steam {
        uri.push_str("&encoder=steam");
    }
    Ok(uri.as_str().into())
}

/// The URI behind its scheme, which is written in any case, without white space around it. `None` if it has another.
///
/// # Errors
/// [`Error::Limit`] for a URI that is too long, before anything else.
pub(super) fn after_scheme<'u>(uri: &'u str, scheme: &str, most: usize) -> Result<Option<&'u str>> {
    if uri.len() > most {
        return Err(Error::Limit { what: "bytes of an otpauth URI", asked: uri.len() as u64, allowed: most as u64 });
    }
    Ok(uri
        .trim_ascii()
        .split_at_checked(scheme.len())
        .filter(|(start, _)| start.eq_ignore_ascii_case(scheme))
        .map(|(_, rest)| rest))
}

/// What a query says. Each may be there once; the first issuer counts.
#[derive(Default)]
struct Parameters {
    secret: Option<Secret>,
    issuer: Option<Zeroizing<String>>,
    algorithm: Option<Algorithm>,
    digits: Option<u8>,
    period: Option<u32>,
    counter: Option<u64>,
    is_steam: Option<bool>,
}

impl Parameters {
    fn read(query: &str) -> Result<Self> {
        let mut read = Self::default();
        for pair in query.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (is_empty, value) = (value.is_empty(), || decode(value, true));
            match key.to_ascii_lowercase().as_str() {
                // An empty one is a mistake, and two are one even where the first is empty.
                "secret" => once(&mut read.secret, decode_base32(&value()?)?)?,
                _ if is_empty => {}
                "issuer" => {
                    read.issuer.get_or_insert(value()?);
                }
                "algorithm" => once(&mut read.algorithm, algorithm(&value()?)?)?,
                "digits" => once(&mut read.digits, parse(&value()?)?)?,
                "period" => once(&mut read.period, parse(&value()?)?)?,
                "counter" => once(&mut read.counter, parse(&value()?)?)?,
                "encoder" => once(&mut read.is_steam, value()?.eq_ignore_ascii_case("steam"))?,
                _ => {}
            }
        }
        Ok(read)
    }
}

fn once<T>(slot: &mut Option<T>, value: T) -> Result<()> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Error::invalid("the otpauth URI has a parameter twice; expected each of them once")),
    }
}

/// `SHA1`, as others write it too: `sha-1`, `HmacSHA1`.
fn algorithm(text: &str) -> Result<Algorithm> {
    let name = text.to_ascii_uppercase().replace(['-', '_'], "");
    match name.strip_prefix("HMAC").unwrap_or(&name) {
        "SHA1" => Ok(Algorithm::Sha1),
        "SHA256" => Ok(Algorithm::Sha256),
        "SHA512" => Ok(Algorithm::Sha512),
        _ => Err(Error::invalid("expected the algorithm SHA1, SHA256 or SHA512")),
    }
}

/// A whole number in decimal digits and nothing else.
fn parse<T: core::str::FromStr>(text: &str) -> Result<T> {
    Some(text)
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Error::invalid("expected digits, period and counter of the otpauth URI as whole numbers"))
}

/// Percent-decoding (RFC 3986, section 2.1). In a query `+` is a space as well, as browsers and Android have it.
pub(super) fn decode(text: &str, plus_is_space: bool) -> Result<Zeroizing<String>> {
    let mut decoded = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let digits = bytes.next().and_then(hex).zip(bytes.next().and_then(hex));
                digits.map(|(high, low)| high << 4 | low).ok_or_else(|| Error::invalid(BROKEN))?
            }
            b'+' if plus_is_space => b' ',
            byte => byte,
        });
    }
    let text = core::str::from_utf8(&decoded).map_err(|_| Error::invalid(BROKEN))?;
    Ok(Zeroizing::new(text.to_owned()))
}

const BROKEN: &str =
    "the percent-encoding of the otpauth URI is broken; expected % and two hexadecimal digits, as UTF-8";

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| value.try_into().ok())
}

/// Percent-encodes all but the unreserved characters (RFC 3986, section 2.3).
pub(super) fn encode(text: &str, to: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => to.push(byte.into()),
            _ => {
                // Writing to a string does not fail.
                let _ = write!(to, "%{byte:02X}");
            }
        }
    }
}

fn number(name: &str, value: u64, to: &mut String) {
    let _ = write!(to, "&{name}={value}");
}
