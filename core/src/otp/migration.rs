//! Google Authenticator's export: `otpauth-migration://offline?data=..`, in as many QR codes as it takes.
//!
//! Google has not published the format. It is a Protocol Buffers message:
//!
//! | field | of the export |
//! |---|---|
//! | 1, repeated | an account: 1 secret, 2 name, 3 issuer, 4 algorithm (1 SHA-1, 2 SHA-256, 3 SHA-512, 4 MD5), 5 digits (1 six, 2 eight), 6 type (1 HOTP, 2 TOTP), 7 counter |
//! | 2 | version, 1 |
//! | 3, 4, 5 | the number of QR codes, which of them this is, counted from 0, and a random number that they share |

use data_encoding::{BASE64, BASE64_NOPAD};
use zeroize::Zeroizing;

use super::account::{Account, Codes};
use super::generator::Algorithm;
use super::hotp::Hotp;
use super::protobuf::{Fields, Value, broken, write_bytes, write_integer};
use super::totp::Totp;
use super::uri::{after_scheme, decode, encode};
use crate::random::random;
use crate::{Error, Result, Secret};

/// The longest URI that is read, in bytes: far more than a QR code holds, for programs that put all into one.
const MAX_URI: usize = 65_536;
/// The most accounts of an export.
const MAX_ACCOUNTS: usize = 1000;
/// The most QR codes of an export, and the most URIs at once.
const MAX_PARTS: usize = 100;

/// What goes into one QR code that we write: as many accounts as Google Authenticator puts there, and so many bytes that
/// the code is still read from a screen.
const PART_ACCOUNTS: usize = 10;
const PART_BYTES: usize = 1200;

/// What was read of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The accounts, in the export's order.
    pub accounts: Vec<Account>,
    /// The number of QR codes of the export.
    pub parts: u32,
    /// Which of them are missing, counted from 1 as the phone counts them.
    pub missing: Vec<u32>,
}

/// Reads Google Authenticator's export: the URIs of one or more of its QR codes, in any order.
///
/// The export says no period, so that it is 30 seconds. An account's name often has the issuer before it, as in
/// `Example:alice@google.com`, and is left as it is; only where there is no issuer beside it, it is taken from there.
///
/// # Errors
/// [`Error::Limit`] for more than 100 URIs or QR codes, 1,000 accounts, or 65,536 bytes in one URI.
/// [`Error::InvalidInput`] for no URI, another scheme, data that is damaged or cut short, QR codes of different exports, and
/// an account of an algorithm or a type that is not supported, which is told by its place. No error repeats a part of it.
pub fn read_migration(uris: &[&str]) -> Result<Migration> {
    at_most("otpauth-migration URIs", uris.len(), MAX_PARTS)?;
    let mut parts = uris.iter().map(|uri| Part::read(uri)).collect::<Result<Vec<_>>>()?;
    let first = parts.first().ok_or_else(|| Error::invalid("expected at least one otpauth-migration URI"))?;
    let (size, id) = (first.size, first.id);
    if parts.iter().any(|part| (part.size, part.id) != (size, id)) {
        return Err(Error::invalid("these QR codes are of different exports; start the export again"));
    }
    parts.sort_by_key(|part| part.index);
    parts.dedup(); // scanned twice
    if parts.windows(2).any(|pair| matches!(pair, [one, other] if one.index == other.index)) {
        return Err(Error::invalid("these QR codes are of different exports; start the export again"));
    }
    let missing =
        (0..size).filter(|index| parts.iter().all(|part| part.index != *index)).map(|index| index + 1).collect();
    let accounts: Vec<_> = parts.into_iter().flat_map(|part| part.accounts).collect();
    at_most("accounts of an export", accounts.len(), MAX_ACCOUNTS)?;
    Ok(Migration { accounts, parts: size, missing })
}

/// Writes accounts as Google Authenticator exports them: one URI, secrets and all, for each QR code, with up to ten
/// accounts in each.
///
/// # Errors
/// [`Error::InvalidInput`] for no account, and for one that the format cannot say, told by its place: a period other than
/// 30 seconds, 7 digits, Steam's codes; [`Error::Limit`] for more than 1,000; [`Error::Random`].
pub fn write_migration(accounts: &[Account]) -> Result<Vec<Secret>> {
    at_most("accounts of an export", accounts.len(), MAX_ACCOUNTS)?;
    if accounts.is_empty() {
        return Err(Error::invalid("expected at least one account to export"));
    }
    let mut parts: Vec<Vec<Zeroizing<Vec<u8>>>> = Vec::new();
    let mut bytes = 0;
    for (account, place) in accounts.iter().zip(1..) {
        let message = write_account(account).map_err(|why| Error::invalid(format!("account {place}: {why}")))?;
        bytes += message.len();
        match parts.last_mut() {
            Some(part) if part.len() < PART_ACCOUNTS && bytes <= PART_BYTES => part.push(message),
            _ => {
                bytes = message.len();
                parts.push(vec![message]);
            }
        }
    }
    let id = i32::from_be_bytes(random()?);
    let size = parts.len() as u64;
    Ok(parts.iter().zip(0..).map(|(accounts, index)| write_part(accounts, size, index, id)).collect())
}

/// What one QR code holds.
#[derive(PartialEq, Eq)]
struct Part {
    accounts: Vec<Account>,
    size: u32,
    index: u32,
    id: i32,
}

impl Part {
    fn read(uri: &str) -> Result<Self> {
        let rest = after_scheme(uri, "otpauth-migration://offline", MAX_URI)?.map(|rest| rest.trim_start_matches('/'));
        let query = rest
            .and_then(|rest| rest.strip_prefix('?'))
            .ok_or_else(|| Error::invalid("expected a URI that starts with otpauth-migration://offline?data="))?;
        let mut data = query.split('&').filter_map(|pair| pair.strip_prefix("data="));
        let (Some(data), None) = (data.next(), data.next()) else {
            return Err(Error::invalid("expected an otpauth-migration URI with the parameter data, once"));
        };
        Self::read_message(&decode_base64(&decode(data, false)?)?)
    }

    fn read_message(message: &[u8]) -> Result<Self> {
        let (mut accounts, mut size, mut index, mut id) = (Vec::new(), 0, 0, 0);
        for field in Fields::of(message) {
            match field? {
                (1, Value::Bytes(message)) => {
                    at_most("accounts of an export", accounts.len() + 1, MAX_ACCOUNTS)?;
                    let account = read_account(message).map_err(|error| match error {
                        Error::InvalidInput(why) => Error::invalid(format!("account {}: {why}", accounts.len() + 1)),
                        error => error,
                    })?;
                    accounts.push(account);
                }
                (3, Value::Integer(value)) => size = value,
                (4, Value::Integer(value)) => index = value,
                (5, Value::Integer(value)) => id = value as i32, // negative ones take all 64 bits
                (1 | 3 | 4 | 5, _) => return Err(broken()),
                _ => {} // the version, which is 1, and what later ones may add
            }
        }
        let size = size.max(1); // absent where there is one alone
        at_most("QR codes of an export", usize::try_from(size).unwrap_or(usize::MAX), MAX_PARTS)?;
        if index >= size {
            return Err(broken());
        }
        let [size, index] = [size, index].map(|number| u32::try_from(number).unwrap_or_default());
        Ok(Self { accounts, size, index, id })
    }
}

fn read_account(message: &[u8]) -> Result<Account> {
    let (mut secret, mut name, mut issuer): (&[u8], &[u8], &[u8]) = (&[], &[], &[]);
    let (mut algorithm, mut digits, mut kind, mut counter) = (0, 0, 0, 0);
    for field in Fields::of(message) {
        match field? {
            (1, Value::Bytes(value)) => secret = value,
            (2, Value::Bytes(value)) => name = value,
            (3, Value::Bytes(value)) => issuer = value,
            (4, Value::Integer(value)) => algorithm = value,
            (5, Value::Integer(value)) => digits = value,
            (6, Value::Integer(value)) => kind = value,
            (7, Value::Integer(value)) => counter = value,
            (1..=7, _) => return Err(broken()),
            _ => {}
        }
    }
    let secret = secret.into();
    let algorithm = match algorithm {
        0 | 1 => Algorithm::Sha1,
        2 => Algorithm::Sha256,
        3 => Algorithm::Sha512,
        _ => return Err(Error::invalid("expected the algorithm SHA1, SHA256 or SHA512")),
    };
    let digits = match digits {
        0 | 1 => 6,
        2 => 8,
        // Not Google's, but that of programs which take the field for the number itself.
        digits => u8::try_from(digits).unwrap_or_default(),
    };
    let codes = match kind {
        1 => Codes::Hotp { hotp: Hotp::new(&secret)?.with_algorithm(algorithm).with_digits(digits)?, counter },
        0 | 2 => Codes::Totp(Totp::new(&secret)?.with_algorithm(algorithm).with_digits(digits)?),
        _ => return Err(Error::invalid("expected the type TOTP or HOTP")),
    };
    let text = |bytes| core::str::from_utf8(bytes).map_err(|_| broken());
    let (name, issuer) = (text(name)?, text(issuer)?);
    let (issuer, name) = match name.split_once(':') {
        Some(split) if issuer.is_empty() => split,
        _ => (issuer, name),
    };
    Account::new(codes, name)?.with_issuer(issuer)
}

fn write_account(account: &Account) -> core::result::Result<Zeroizing<Vec<u8>>, &'static str> {
    let (secret, algorithm, digits, kind, counter) = match account.codes() {
        Codes::Totp(totp) if totp.is_steam() => return Err("Google's export cannot say Steam's codes"),
        Codes::Totp(totp) if totp.period() != 30 => {
            return Err("Google's export cannot say a period other than 30 seconds");
        }
        Codes::Totp(totp) => (totp.reveal_secret(), totp.algorithm(), totp.digits(), 2, None),
        Codes::Hotp { hotp, counter } => (hotp.reveal_secret(), hotp.algorithm(), hotp.digits(), 1, Some(*counter)),
    };
    let algorithm = match algorithm {
        Algorithm::Sha1 => 1,
        Algorithm::Sha256 => 2,
        Algorithm::Sha512 => 3,
    };
    let digits = match digits {
        6 => 1,
        8 => 2,
        _ => return Err("Google's export can say codes of 6 or 8 digits alone"),
    };
    // Room for all of it from the start: a buffer that grew would leave a copy of the secret behind.
    let mut message = Zeroizing::new(Vec::with_capacity(PART_BYTES));
    write_bytes(1, secret.reveal(), &mut message);
    write_bytes(2, account.name().as_bytes(), &mut message);
    if let Some(issuer) = account.issuer() {
        write_bytes(3, issuer.as_bytes(), &mut message);
    }
    write_integer(4, algorithm, &mut message);
    write_integer(5, digits, &mut message);
    write_integer(6, kind, &mut message);
    if let Some(counter) = counter {
        write_integer(7, counter, &mut message);
    }
    Ok(message)
}

fn write_part(accounts: &[Zeroizing<Vec<u8>>], size: u64, index: u64, id: i32) -> Secret {
    let room = accounts.iter().map(|message| message.len() + 8).sum::<usize>() + 32;
    let mut message = Zeroizing::new(Vec::with_capacity(room));
    accounts.iter().for_each(|account| write_bytes(1, account, &mut message));
    write_integer(2, 1, &mut message);
    write_integer(3, size, &mut message);
    write_integer(4, index, &mut message);
    write_integer(5, i64::from(id) as u64, &mut message);

    let mut data = Zeroizing::new(String::with_capacity(BASE64.encode_len(message.len())));
    BASE64.encode_append(&message, &mut data);
    let start = "otpauth-migration://offline?data=";
    let mut uri = Zeroizing::new(String::with_capacity(start.len() + 3 * data.len()));
    uri.push_str(start);
    encode(&data, &mut uri);
    uri.as_str().into()
}

/// Base64 (RFC 4648, sections 4 and 5), of either alphabet, with or without padding. A space was a `+` once.
fn decode_base64(text: &str) -> Result<Zeroizing<Vec<u8>>> {
    let text = text.trim_end_matches('=');
    let mut standard = Zeroizing::new(Vec::with_capacity(text.len()));
    standard.extend(text.bytes().map(|byte| match byte {
        b'-' | b' ' => b'+',
        b'_' => b'/',
        byte => byte,
    }));
    let len = BASE64_NOPAD.decode_len(standard.len()).map_err(|_| broken())?;
    let mut bytes = Zeroizing::new(vec![0; len]);
    BASE64_NOPAD.decode_mut(&standard, &mut bytes).map_err(|_| broken())?;
    Ok(bytes)
}

fn at_most(what: &'static str, asked: usize, allowed: usize) -> Result<()> {
    match asked <= allowed {
        true => Ok(()),
        false => Err(Error::Limit { what, asked: asked as u64, allowed: allowed as u64 }),
    }
}
