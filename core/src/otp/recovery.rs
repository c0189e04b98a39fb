//! Recovery codes, which NIST SP 800-63B (2017) calls look-up secrets: for a user who has lost the phone.

use data_encoding::BASE64_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, CtOption};
use zeroize::Zeroizing;

use crate::{Error, Result, Secret};

/// Crockford's: no I, L, O and U, and what is taken for a 0 or a 1 is read as one.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const BYTES: usize = 15;
const CHARACTERS: usize = 24;
const GROUP: usize = 4;

const PREFIX: &str = "$strongroom-recovery$v=1$";
const MAX_COUNT: usize = 100;

/// A new recovery code, and what to store of it.
///
/// A code has 24 characters in groups of four, which are 120 random bits. From 112 bits on nobody finds a code by trying,
/// whatever the speed, so that a plain hash suffices (SP 800-63B, section 5.1.2.2), without salt, key or cost.
///
/// ```
/// use strongroom::otp::RecoveryCode;
///
/// # fn main() -> strongroom::Result<()> {
/// let codes = RecoveryCode::generate(10)?;
/// let mut stored: Vec<String> = codes.iter().map(|code| code.stored.clone()).collect();
/// let shown = codes[3].code.reveal_str()?; // ABCD-EFGH-JKMN-PQRS-TVWX-YZ01, shown once
///
/// let used = RecoveryCode::verify(shown, &stored)?.expect("it is one of them");
/// stored.remove(used); // each works once
/// assert_eq!(RecoveryCode::verify(shown, &stored)?, None);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RecoveryCode {
    /// The code, to be shown once.
    pub code: Secret,
    /// Its hash, to be stored: `$strongroom-recovery$v=1$` and 43 characters.
    pub stored: String,
}

impl RecoveryCode {
    /// Makes new codes, 1 to 100; ten are usual.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for another number, [`Error::Random`].
    pub fn generate(count: usize) -> Result<Vec<Self>> {
        if !(1..=MAX_COUNT).contains(&count) {
            return Err(Error::invalid("expected 1 to 100 recovery codes"));
        }
        (0..count).map(|_| Self::new()).collect()
    }

    fn new() -> Result<Self> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| Error::Random)?;
        let mut code = Zeroizing::new(String::with_capacity(CHARACTERS + CHARACTERS / GROUP));
        let mut symbols = Zeroizing::new([0; CHARACTERS]);
        for (place, symbol) in symbols.iter_mut().enumerate() {
            // Five bits, of one byte or of two.
            let (byte, bit) = (place * 5 / 8, place * 5 % 8);
            let pair = [byte, byte + 1].map(|at| bytes.get(at).copied().unwrap_or_default());
            let value = u16::from_be_bytes(pair) >> (11 - bit) & 31;
            *symbol = ALPHABET.get(usize::from(value)).copied().unwrap_or_default();
            if place > 0 && place % GROUP == 0 {
                code.push('-');
            }
            code.push(char::from(*symbol));
        }
        let mut stored = PREFIX.to_owned();
        BASE64_NOPAD.encode_append(&hash(&symbols)?, &mut stored);
        Ok(Self { code: code.as_str().into(), stored })
    }

    /// Which of the stored hashes is of this code, by its place. Remove that one, in the same transaction as the login.
    ///
    /// Case, spaces and hyphens do not count, and O, I and L are read as 0, 1 and 1; anything else that is no code is no
    /// match. All are compared in constant time, whichever fits. Limit the attempts nevertheless.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for a stored hash that [`RecoveryCode::generate`] did not make, [`Error::Limit`] for more
    /// than 100 of them.
    pub fn verify(code: &str, stored: &[impl AsRef<str>]) -> Result<Option<usize>> {
        if stored.len() > MAX_COUNT {
            return Err(Error::Limit {
                what: "stored recovery codes of one user",
                asked: stored.len() as u64,
                allowed: MAX_COUNT as u64,
            });
        }
        let stored = stored.iter().map(|stored| read_stored(stored.as_ref())).collect::<Result<Vec<_>>>()?;
        let Some(symbols) = read_code(code) else { return Ok(None) };
        let hash = hash(&symbols)?;
        let (mut place, mut found) = (0_u64, Choice::from(0));
        for (at, other) in (0..).zip(&stored) {
            let here = hash.ct_eq(other);
            place.conditional_assign(&at, here);
            found |= here;
        }
        let place: Option<u64> = CtOption::new(place, found).into();
        Ok(place.and_then(|place| usize::try_from(place).ok()))
    }
}

/// HMAC-SHA-256 under the code, since a hash leaves copies of its message behind, and an HMAC none of its key.
fn hash(symbols: &[u8; CHARACTERS]) -> Result<[u8; 32]> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(symbols).map_err(|_| Error::invalid("this recovery code cannot be hashed"))?;
    mac.update(b"strongroom/v1/recovery-code\0");
    Ok(mac.finalize().into_bytes().into())
}

fn read_code(code: &str) -> Option<Zeroizing<[u8; CHARACTERS]>> {
    let mut symbols = Zeroizing::new([0; CHARACTERS]);
    let mut typed =
        code.bytes().filter(|byte| !matches!(byte, b' ' | b'-')).map(|byte| match byte.to_ascii_uppercase() {
            b'O' => b'0',
            b'I' | b'L' => b'1',
            byte => byte,
        });
    for symbol in symbols.iter_mut() {
        *symbol = typed.next().filter(|byte| ALPHABET.contains(byte))?;
    }
    typed.next().is_none().then_some(symbols)
}

fn read_stored(stored: &str) -> Result<[u8; 32]> {
    stored
        .strip_prefix(PREFIX)
        .and_then(|hash| BASE64_NOPAD.decode(hash.as_bytes()).ok()?.try_into().ok())
        .ok_or_else(|| Error::invalid(format!("expected the stored hash of a recovery code, {PREFIX}..")))
}
