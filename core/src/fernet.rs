//! Fernet tokens, to move away from and to live beside: AES-128-CBC under HMAC-SHA-256, as text
//! ([the specification](https://github.com/fernet/spec/blob/master/Spec.md)).

use core::fmt;

use aes::Aes128;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit as _};
use cbc::{Decryptor, Encryptor};
use data_encoding::{BASE64URL, Encoding, Specification};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::random::random;
use crate::stack::wiped_to;
use crate::{Error, Result, Secret};

const KEY: usize = 32;
const KEY_TEXT: usize = 44;

const VERSION: u8 = 0x80;
const BLOCK: usize = 16;
/// Version, timestamp and IV.
const HEAD: usize = 1 + 8 + BLOCK;
const MAC: usize = 32;
/// The longest token, as text.
const MAX_TOKEN: usize = 64 << 20;
/// How far ahead the clock of who made a token may be.
const MAX_SKEW_SECONDS: u64 = 60;

/// More than the ciphers and the MAC have on the stack.
const STACK: usize = 16 * 1024;

/// Makes and reads Fernet tokens under one key, or under several of which the first is the present one.
///
/// Prefer [`seal`](crate::seal) for what only Strongroom reads: it is faster, shorter, bound to its use, and its key has 256
/// bits. The keys are wiped on drop, and `Debug` shows nothing of them.
///
/// ```
/// use strongroom::Fernet;
///
/// # fn main() -> strongroom::Result<()> {
/// let key = Fernet::generate_key()?;
/// let fernet = Fernet::new(key.reveal_str()?)?;
/// let token = fernet.encrypt(b"an OAuth token", 1_700_000_000)?;
/// assert_eq!(fernet.decrypt(&token)?.reveal(), b"an OAuth token");
/// assert_eq!(fernet.decrypt_within(&token, 3600, 1_700_003_600)?.reveal(), b"an OAuth token");
/// assert_eq!(fernet.decrypt_within(&token, 3600, 1_700_003_601).unwrap_err().code(), "decrypt");
///
/// let new = Fernet::generate_key()?;
/// let both = Fernet::new(new.reveal_str()?)?.with_older(&fernet);
/// let token = both.rotate(&token)?; // under the new key, still of the same time
/// assert_eq!(both.timestamp(&token)?, 1_700_000_000);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Fernet {
    present: Keys,
    older: Vec<Keys>,
}

impl Fernet {
    /// Makes a new random key: 32 bytes in base64url, 44 characters.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn generate_key() -> Result<Secret> {
        let mut bytes = Zeroizing::new([0; KEY]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| Error::Random)?;
        let mut text = Secret::zeros(KEY_TEXT);
        BASE64URL.encode_mut(bytes.as_slice(), text.bytes_mut());
        Ok(text)
    }

    /// Tokens under this key. White space at its ends is passed over, and the alphabet may be that of plain base64 too, since
    /// other libraries take such keys.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for anything but 32 bytes in base64.
    pub fn new(key: &str) -> Result<Self> {
        Ok(Self { present: wiped_to::<STACK, _>(|| Keys::parse(key))?, older: Vec::new() })
    }

    /// With the keys of another one, to read what was made under them.
    #[must_use]
    pub fn with_older(mut self, older: &Self) -> Self {
        self.older.extend(older.keys().cloned());
        self
    }

    /// Encrypts under the first key, into text. Everyone can read the time in it, and how long the plaintext is.
    ///
    /// # Errors
    /// [`Error::Limit`] for a token of more than 64 MiB, [`Error::Random`].
    pub fn encrypt(&self, plaintext: &[u8], unix_seconds: u64) -> Result<String> {
        let padded = (plaintext.len() / BLOCK + 1).saturating_mul(BLOCK);
        let size = padded.saturating_add(HEAD + MAC);
        check_size(size.div_ceil(3).saturating_mul(4))?;
        let iv: [u8; BLOCK] = random()?;
        let token = wiped_to::<STACK, _>(|| self.present.encrypt(plaintext, unix_seconds, iv, size))?;
        // At once, no more than 8 MiB are encoded where a pointer has 32 bits. Three bytes make four characters, with no padding.
        let mut text = String::with_capacity(token.len().div_ceil(3) * 4);
        token.chunks(3 << 20).for_each(|piece| BASE64URL.encode_append(piece, &mut text));
        Ok(text)
    }

    /// Decrypts, however old the token is.
    ///
    /// # Errors
    /// [`Error::Decrypt`] for what is no token, was altered, or was made under another key; [`Error::Limit`] for more than 64
    /// MiB, before any work.
    pub fn decrypt(&self, token: impl AsRef<[u8]>) -> Result<Secret> {
        let bytes = decode(token.as_ref())?;
        let token = Token::parse(&bytes)?;
        self.open(&token, true)
    }

    /// Decrypts if at `unix_seconds` the token is at most `ttl_seconds` old, and at most 60 seconds from the future.
    ///
    /// # Errors
    /// As for [`Fernet::decrypt`], and [`Error::Decrypt`] for a token of another time, which [`Fernet::timestamp`] tells.
    pub fn decrypt_within(&self, token: impl AsRef<[u8]>, ttl_seconds: u64, unix_seconds: u64) -> Result<Secret> {
        let bytes = decode(token.as_ref())?;
        let token = Token::parse(&bytes)?;
        let is_old = token.timestamp.saturating_add(ttl_seconds) < unix_seconds;
        let is_from_the_future = unix_seconds.saturating_add(MAX_SKEW_SECONDS) < token.timestamp;
        self.open(&token, !is_old && !is_from_the_future)
    }

    /// When a token was made, in Unix seconds, by the clock of who made it.
    ///
    /// # Errors
    /// As for [`Fernet::decrypt`].
    pub fn timestamp(&self, token: impl AsRef<[u8]>) -> Result<u64> {
        let bytes = decode(token.as_ref())?;
        let token = Token::parse(&bytes)?;
        match self.keys().any(|keys| keys.is_authentic(&token)) {
            true => Ok(token.timestamp),
            false => Err(Error::Decrypt),
        }
    }

    /// Encrypts under the first key what was encrypted under any, with the time that it had.
    ///
    /// # Errors
    /// As for [`Fernet::decrypt`], and [`Error::Random`].
    pub fn rotate(&self, token: impl AsRef<[u8]>) -> Result<String> {
        let bytes = decode(token.as_ref())?;
        let token = Token::parse(&bytes)?;
        self.encrypt(self.open(&token, true)?.reveal(), token.timestamp)
    }

    fn keys(&self) -> impl Iterator<Item = &Keys> {
        core::iter::once(&self.present).chain(&self.older)
    }

    /// Decrypts under the first key that can. Nothing of a token counts before its MAC is found right, not even its time.
    fn open(&self, token: &Token<'_>, is_in_time: bool) -> Result<Secret> {
        // Two keys may have the signing half in common, so that not every key of the right MAC is the right one.
        let mut keys = self.keys().filter(|keys| keys.is_authentic(token) && is_in_time);
        keys.find_map(|keys| keys.decrypt(token).ok()).ok_or(Error::Decrypt)
    }
}

impl fmt::Debug for Fernet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fernet").field("keys", &self.keys().count()).finish_non_exhaustive()
    }
}

/// One key, ready to use. On the heap, so that no copy is left where it was moved from.
#[derive(Clone)]
struct Keys {
    signing: Box<Hmac<Sha256>>,
    encryption: Box<Aes128>,
}

impl Keys {
    fn parse(text: &str) -> Result<Self> {
        let text = text.trim_ascii();
        let wrong = || Error::invalid("expected a Fernet key: 32 bytes in base64url, 44 characters");
        if text.len() != KEY_TEXT {
            return Err(wrong());
        }
        // Into a fixed buffer, so that no copy is left un-wiped. The last of its bytes is there for the padding.
        let mut bytes = Zeroizing::new([0; KEY + 1]);
        let decoded = lenient()?.decode_mut(text.as_bytes(), bytes.as_mut_slice());
        let (signing, rest) = bytes.split_first_chunk::<BLOCK>().ok_or_else(wrong)?;
        let (encryption, _) = rest.split_first_chunk::<BLOCK>().ok_or_else(wrong)?;
        match decoded {
            Ok(KEY) => {
                let signing = Hmac::new_from_slice(signing).map_err(|_| wrong())?;
                Ok(Self { signing: Box::new(signing), encryption: Box::new(Aes128::new(encryption.into())) })
            }
            _ => Err(wrong()),
        }
    }

    /// The bytes of a token, `size` of them.
    fn encrypt(&self, plaintext: &[u8], unix_seconds: u64, iv: [u8; BLOCK], size: usize) -> Result<Vec<u8>> {
        let wrong_size = Error::Format("size of a token"); // which cannot be, as it was computed
        let mut token = vec![0; size];
        let (signed, mac) = token.split_last_chunk_mut::<MAC>().ok_or_else(|| wrong_size.clone())?;
        let (head, ciphertext) = signed.split_first_chunk_mut::<HEAD>().ok_or_else(|| wrong_size.clone())?;
        let fields = [VERSION].into_iter().chain(unix_seconds.to_be_bytes()).chain(iv);
        head.iter_mut().zip(fields).for_each(|(place, byte)| *place = byte);
        Encryptor::<&Aes128>::inner_iv_init(&self.encryption, &iv.into())
            .encrypt_padded_b2b::<Pkcs7>(plaintext, ciphertext)
            .map_err(|_| wrong_size)?;
        *mac = Mac::chain_update(self.signing.as_ref().clone(), &*signed).finalize().into_bytes().into();
        Ok(token)
    }

    /// Compares in constant time.
    fn is_authentic(&self, token: &Token<'_>) -> bool {
        Mac::chain_update(self.signing.as_ref().clone(), token.signed).verify_slice(token.mac).is_ok()
    }

    /// Decrypts a token that is authentic under this key.
    fn decrypt(&self, token: &Token<'_>) -> Result<Secret> {
        let mut padded = Secret::zeros(token.ciphertext.len());
        wiped_to::<STACK, _>(|| {
            Decryptor::<&Aes128>::inner_iv_init(&self.encryption, token.iv.into())
                .decrypt_padded_b2b::<Pkcs7>(token.ciphertext, padded.bytes_mut())
                .map(Secret::from)
                .map_err(|_| Error::Decrypt)
        })
    }
}

/// What has the shape of a token; whether it is authentic, only a key knows.
struct Token<'a> {
    timestamp: u64,
    iv: &'a [u8; BLOCK],
    ciphertext: &'a [u8],
    /// Everything but the MAC.
    signed: &'a [u8],
    mac: &'a [u8; MAC],
}

impl<'a> Token<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self> {
        let (signed, mac) = bytes.split_last_chunk().ok_or(Error::Decrypt)?;
        let (version, rest) = signed.split_first().ok_or(Error::Decrypt)?;
        let (timestamp, rest) = rest.split_first_chunk().ok_or(Error::Decrypt)?;
        let (iv, ciphertext) = rest.split_first_chunk().ok_or(Error::Decrypt)?;
        match *version == VERSION && !ciphertext.is_empty() && ciphertext.len().is_multiple_of(BLOCK) {
            true => Ok(Self { timestamp: u64::from_be_bytes(*timestamp), iv, ciphertext, signed, mac }),
            false => Err(Error::Decrypt),
        }
    }
}

/// The bytes of a token, of which white space at the ends is no part.
fn decode(text: &[u8]) -> Result<Vec<u8>> {
    check_size(text.len())?;
    BASE64URL.decode(text.trim_ascii()).map_err(|_| Error::Decrypt)
}

fn check_size(token: usize) -> Result<()> {
    match token {
        0..=MAX_TOKEN => Ok(()),
        _ => Err(Error::Limit {
            what: "size of a Fernet token in bytes",
            asked: token as u64,
            allowed: MAX_TOKEN as u64,
        }),
    }
}

/// Both alphabets of base64, and any bits behind the last byte: keys that are typed by hand have them.
fn lenient() -> Result<Encoding> {
    let mut base64 = Specification::new();
    base64.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
    base64.translate.from.push_str("+/");
    base64.translate.to.push_str("-_");
    base64.padding = Some('=');
    base64.check_trailing_bits = false;
    base64.encoding().map_err(|_| Error::Format("base64"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

    /// `generate.json` of the specification. Nobody but a test chooses an IV.
    #[test]
    fn the_specification_is_written() {
        let iv = core::array::from_fn(|at| at as u8);
        let token = Fernet::new(KEY).unwrap().present.encrypt(b"hello", 499_162_800, iv, 73).unwrap();
        let text =
            "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";
        assert_eq!(BASE64URL.encode(&token), text);
    }

    #[test]
    fn debug_shows_no_key() {
        let fernet = Fernet::new(KEY).unwrap();
        assert_eq!(format!("{:?}", fernet.clone().with_older(&fernet)), "Fernet { keys: 2, .. }");
    }

    /// Each half of the key; the signing one also as HMAC has it, under its pads (RFC 2104).
    #[cfg(target_os = "linux")]
    #[test]
    fn no_key_is_left_behind() {
        use crate::residue::Trace;

        let text = Fernet::generate_key().unwrap();
        let key = Secret::new(BASE64URL.decode(text.reveal()).unwrap());
        let (signing, encryption) = key.reveal().split_at(16);
        let under = |pad: u8| Trace::of(signing.iter().map(|byte| byte ^ pad));
        let traces = [under(0), under(0x36), under(0x5c), Trace::of(encryption.iter().copied())];
        assert!(traces[0].copies() > 0 && traces[3].copies() > 0, "the search finds nothing, not even what is there");
        let fernet = Fernet::new(text.reveal_str().unwrap()).unwrap();
        drop((key, text));
        for len in [0, 64, 100_000] {
            let token = fernet.clone().with_older(&fernet).encrypt(&vec![1; len], 0).unwrap();
            assert_eq!(fernet.decrypt(&token).unwrap().len(), len);
            assert_eq!(fernet.decrypt(fernet.rotate(&token).unwrap()).unwrap().len(), len);
        }
        drop(fernet);
        assert_eq!(traces.map(|trace| trace.copies()), [0; 4]);
    }
}
