//! A signing key: read once, then used for every message.

use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::key_text::{self, Refusal};
use super::private_key::PrivateKey;
use crate::{Error, Result, stack};

/// How a message is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    HmacSha1,
    HmacSha256,
    HmacSha384,
    HmacSha512,
    Ed25519,
    Es256,
    RsaSha256,
    RsaPssSha256,
    Secp256k1,
    Eip712,
}

impl Algorithm {
    pub(super) const ALL: [Self; 10] = [
        Self::HmacSha1,
        Self::HmacSha256,
        Self::HmacSha384,
        Self::HmacSha512,
        Self::Ed25519,
        Self::Es256,
        Self::RsaSha256,
        Self::RsaPssSha256,
        Self::Secp256k1,
        Self::Eip712,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::HmacSha1 => "hmac-sha1",
            Self::HmacSha256 => "hmac-sha256",
            Self::HmacSha384 => "hmac-sha384",
            Self::HmacSha512 => "hmac-sha512",
            Self::Ed25519 => "ed25519",
            Self::Es256 => "es256",
            Self::RsaSha256 => "rsa-sha256",
            Self::RsaPssSha256 => "rsa-pss-sha256",
            Self::Secp256k1 => "secp256k1",
            Self::Eip712 => "eip712",
        }
    }

    /// Its name in a JSON Web Token (RFC 7518, section 3.1; RFC 8037, section 3.1; RFC 8812, section 3.2).
    pub(super) const fn jwt(self) -> &'static str {
        match self {
            Self::HmacSha256 => "HS256",
            Self::HmacSha384 => "HS384",
            Self::HmacSha512 => "HS512",
            Self::Ed25519 => "EdDSA",
            Self::Es256 => "ES256",
            Self::RsaSha256 => "RS256",
            Self::RsaPssSha256 => "PS256",
            Self::HmacSha1 | Self::Secp256k1 | Self::Eip712 => "none",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    pub(super) const fn is_hmac(self) -> bool {
        matches!(self, Self::HmacSha1 | Self::HmacSha256 | Self::HmacSha384 | Self::HmacSha512)
    }

    /// What a key for it looks like, after "expected".
    const fn key(self) -> &'static str {
        match self {
            Self::Ed25519 => "an Ed25519 private key (PEM, DER, or its seed of 32 bytes in base64 or hex)",
            Self::Es256 => "a P-256 private key (PEM or DER)",
            Self::RsaSha256 | Self::RsaPssSha256 => "an RSA private key of 2048 to 8192 bits (PEM or DER)",
            Self::Secp256k1 | Self::Eip712 => "a secp256k1 private key (32 bytes in hex, PEM or DER)",
            Self::HmacSha1 | Self::HmacSha256 | Self::HmacSha384 | Self::HmacSha512 => "a secret for HMAC",
        }
    }
}

/// How an HMAC secret is written in the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SecretForm {
    Text,
    Base64,
    Hex,
}

/// A key with what can be computed before the first message. It is in one allocation that never moves, and wiped on drop.
pub(super) struct SigningKey(Box<Primitive>);

enum Primitive {
    HmacSha1(Hmac<Sha1>),
    HmacSha256(Hmac<Sha256>),
    HmacSha384(Hmac<Sha384>),
    HmacSha512(Hmac<Sha512>),
    Private(PrivateKey),
}

impl SigningKey {
    /// The first of `schemes` that the key in `text` is for, by its place, and the key. A `passphrase` is for a private key
    /// that is encrypted.
    ///
    /// Where HMAC and others are both among them, what is recognisably a private or public key is never taken for the
    /// secret of an HMAC.
    ///
    /// # Errors
    /// [`Error::InvalidInput`], which says what was expected and what is there; [`Error::Limit`] if decryption of the
    /// key would cost too much, or the text is too long.
    pub(super) fn load(
        text: &[u8],
        passphrase: Option<&[u8]>,
        schemes: &[(Algorithm, SecretForm)],
    ) -> Result<(usize, Self)> {
        stack::wiped(|| {
            if Self::is_private(text, schemes) {
                Self::private(text, passphrase, schemes)
            } else {
                Self::secret(text, schemes)
            }
        })
    }

    /// Whether [`SigningKey::load`] takes the key for a private key and not for the secret of an HMAC.
    pub(super) fn is_private(text: &[u8], schemes: &[(Algorithm, SecretForm)]) -> bool {
        let hmac = schemes.iter().any(|(algorithm, _)| algorithm.is_hmac());
        let others = schemes.iter().any(|(algorithm, _)| !algorithm.is_hmac());
        others && (!hmac || key_text::is_key(text))
    }

    fn private(text: &[u8], passphrase: Option<&[u8]>, schemes: &[(Algorithm, SecretForm)]) -> Result<(usize, Self)> {
        let wanted: Vec<Algorithm> = schemes.iter().map(|(algorithm, _)| *algorithm).collect();
        match key_text::read(text, passphrase, &wanted) {
            Ok((place, key)) => Ok((place, Self(Box::new(Primitive::Private(key))))),
            Err(Refusal::Saw(what)) => Err(expected(&wanted, &what)),
            Err(Refusal::Error(error)) => Err(error),
        }
    }

    fn secret(text: &[u8], schemes: &[(Algorithm, SecretForm)]) -> Result<(usize, Self)> {
        if text.is_empty() {
            return Err(Error::invalid("expected a secret for HMAC, got an empty field"));
        }
        if key_text::is_pem(text) {
            return Err(Error::invalid("expected a secret for HMAC, got a key in PEM"));
        }
        let mut refused = "expected an algorithm to sign with";
        for (place, (algorithm, form)) in schemes.iter().enumerate() {
            let secret = match form {
                SecretForm::Text => Some(Zeroizing::new(text.to_vec())),
                SecretForm::Base64 => key_text::base64(text),
                SecretForm::Hex => key_text::hex(text),
            };
            match secret.filter(|secret| !secret.is_empty()) {
                Some(secret) => return Ok((place, Self(Box::new(keyed(*algorithm, &secret)?)))),
                None if *form == SecretForm::Hex => {
                    refused = "expected a secret for HMAC in hex, got text that is not hex";
                }
                None => refused = "expected a secret for HMAC in base64, got text that is not base64",
            }
        }
        Err(Error::invalid(refused))
    }

    /// The bytes of the signature: the tag of an HMAC, r and s and v of secp256k1 (65 bytes), 64 bytes of Ed25519 and ES256, and of
    /// RSA as many as the modulus has. The algorithm hashes the message; for EIP-712 that is the typed data as JSON.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the message is not typed data and has to be, [`Error::Random`] from RSA.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        match &*self.0 {
            Primitive::HmacSha1(mac) => Ok(tag(mac, message)),
            Primitive::HmacSha256(mac) => Ok(tag(mac, message)),
            Primitive::HmacSha384(mac) => Ok(tag(mac, message)),
            Primitive::HmacSha512(mac) => Ok(tag(mac, message)),
            Primitive::Private(key) => key.sign(message),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(***)")
    }
}

fn keyed(algorithm: Algorithm, secret: &[u8]) -> Result<Primitive> {
    let primitive = match algorithm {
        Algorithm::HmacSha1 => Hmac::new_from_slice(secret).map(Primitive::HmacSha1),
        Algorithm::HmacSha256 => Hmac::new_from_slice(secret).map(Primitive::HmacSha256),
        Algorithm::HmacSha384 => Hmac::new_from_slice(secret).map(Primitive::HmacSha384),
        Algorithm::HmacSha512 => Hmac::new_from_slice(secret).map(Primitive::HmacSha512),
        _ => return Err(Error::invalid("expected an HMAC algorithm for a secret")),
    };
    primitive.map_err(|_| Error::invalid("expected a secret for HMAC"))
}

/// The key is in `mac` already, so that a short message costs two blocks of the hash and not four.
fn tag<M: Mac + Clone>(mac: &M, message: &[u8]) -> Vec<u8> {
    let mut mac = mac.clone();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn expected(wanted: &[Algorithm], saw: &str) -> Error {
    let mut keys: Vec<&str> = Vec::new();
    for algorithm in wanted {
        if !keys.contains(&algorithm.key()) {
            keys.push(algorithm.key());
        }
    }
    Error::invalid(format!("expected {}, got {saw}", keys.join(", or ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: SecretForm = SecretForm::Text;

    #[test]
    fn names_are_unique_and_read_back() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::parse(algorithm.as_str()), Some(algorithm));
        }
        assert_eq!(Algorithm::parse("HMAC-SHA256"), None);
        assert_eq!(Algorithm::parse(""), None);
    }

    #[test]
    fn debug_shows_nothing_and_threads_may_share_a_key() {
        fn shared<T: Send + Sync>(_: &T) {}
        let (_, key) = SigningKey::load(b"hunter2", None, &[(Algorithm::HmacSha256, TEXT)]).unwrap();
        shared(&key);
        assert_eq!(format!("{key:?}"), "SigningKey(***)");
    }

    /// RFC 4231, section 4.3.
    #[test]
    fn a_key_signs_every_message_anew() {
        let (_, key) = SigningKey::load(b"Jefe", None, &[(Algorithm::HmacSha256, TEXT)]).unwrap();
        let known = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        for _ in 0..3 {
            let tag = key.sign(b"what do ya want for nothing?").unwrap();
            assert_eq!(data_encoding::HEXLOWER.encode(&tag), known);
        }
    }

    #[test]
    fn without_a_scheme_there_is_no_key() {
        assert_eq!(SigningKey::load(b"secret", None, &[]).unwrap_err().code(), "invalid_input");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn no_key_is_left_behind() {
        use data_encoding::{BASE64, HEXLOWER};

        use crate::residue::Trace;

        for algorithm in [Algorithm::HmacSha256, Algorithm::Ed25519, Algorithm::Secp256k1, Algorithm::Es256] {
            let mut secret = Zeroizing::new(vec![0; 32]);
            getrandom::fill(&mut secret).unwrap();
            let text = Zeroizing::new(match algorithm {
                // The DER of an octet string in SEC1, with the name of the curve.
                Algorithm::Es256 => {
                    let (before, after) =
                        (HEXLOWER.decode(b"30310201010420"), HEXLOWER.decode(b"a00a06082a8648ce3d030107"));
                    let der = Zeroizing::new([&before.unwrap(), &secret[..], &after.unwrap()].concat());
                    BASE64.encode(&der)
                }
                _ => HEXLOWER.encode(&secret),
            });
            let traces = [
                Trace::of(secret.iter().copied()),
                Trace::of(secret.iter().rev().copied()),
                Trace::of(text.bytes().take(40)),
            ];
            let (_, key) = SigningKey::load(text.as_bytes(), None, &[(algorithm, SecretForm::Hex)]).unwrap();
            key.sign(b"message").unwrap();
            assert!(traces[0].copies() > 0, "the search finds nothing, not even what is there");
            drop((secret, text, key));
            assert_eq!(traces.map(|trace| trace.copies()), [0, 0, 0], "{algorithm:?}");
        }
    }
}
