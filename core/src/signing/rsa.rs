//! RSA signatures with SHA-256: PKCS#1 v1.5 and PSS (RFC 8017, sections 8.2 and 8.1).

use getrandom::SysRng;
use rsa::pkcs1v15;
use rsa::pss;
use rsa::signature::{RandomizedSigner, SignatureEncoding};
use rsa::{PrivateKey, pkcs1};
use sha2::Sha256;

use crate::{Error, Result, stack};

pub(super) const MIN_BITS: usize = 2048;
/// Each doubling makes a signature seven times as slow, and no exchange takes more than 4096.
pub(super) const MAX_BITS: usize = 8192;

/// A private key for either padding, wiped on drop.
pub(super) enum Key {
    Pkcs1v15(pkcs1v15::SigningKey<Sha256>),
    Pss(pss::SigningKey<Sha256>),
}

impl Key {
    /// `None` if the numbers do not belong together. The size of the modulus must have been checked.
    pub(super) fn new(key: pkcs1::RsaPrivateKeyRef<'_>, pss: bool) -> Option<Self> {
        let key = PrivateKey::try_from(key).ok()?;
        Some(if pss { Self::Pss(key.into()) } else { Self::Pkcs1v15(key.into()) })
    }

    /// As many bytes as the modulus has. The salt of PSS has 32 bytes, as many as the hash.
    ///
    /// The `rsa` crate's arithmetic is not constant time all through, so that whoever can time many signatures over a network
    /// might learn of the key (RUSTSEC-2023-0071). Blinding by a random factor, which these calls with a generator do,
    /// leaves them nothing to compare; and the crate verifies each signature before it hands it out.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        stack::wiped(|| match self {
            Self::Pkcs1v15(key) => key.try_sign_with_rng(&mut SysRng, message).map(|signature| signature.to_vec()),
            Self::Pss(key) => key.try_sign_with_rng(&mut SysRng, message).map(|signature| signature.to_vec()),
        })
        .map_err(|_| Error::Random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No other test has it, or its numbers might be in memory for another's sake.
    const KEY: &str = "\
        MIIEogIBAAKCAQEAypImm8W25p5eGYPEj2/S8GPearL9tdXwkbNez//0ee2gY9Hnn0JIoH8ry0yBFhtQXvYAIUdwhiW1b27dMxcKSF+6x0VOVN\
        TyChT4Lgxzad087SYh2BKsUXbx/QMpo+zrmv84p1oow+ZOd+8GZ8dJ/RdmdtJP6+v6mDsPPKklL6apoIi06RL70+vECwIM3Z7ape+NBHRWV3IH\
        8Gbj+5Yjlm9mdP8syhrVypAUjORewCZcMYPwoAG4ovakgydm8AH3bM0rT1iOgPHjOuak/nZkLeRGeHFL8Pbpi4Q8N8iy63+NC9tmIyW36f6xTu\
        vgRo3M2sPnG3PFyY6WXhRKo8wxyQIDAQABAoIBAAtSqIhQAKV66DEeaawH2N9ZgbrultplYz1NrKjNOo3fL7Ysqzj+dD9OZHUIaXXCIJeyQfca\
        PmqtLGtWY9RhfxBlE3RkhhidT4srOWUfior6FBgAZ+djQdEK6ENXfCoeyduf1PubwUgT9UJkcLP30oWsW2ycXF3IUrlUIcmm/b5gRZ/cNVEvrU\
        emU65B/iNxHbc+P5RBqpscqIwxVU6v7g+EKDCnWLvRnxpzermQGBiCwrXvKQMKVOLsQfIAcr/bDth/C6W+HQO32e1L0itzCNf64B6RZbyzYhYl\
        hobHYE0YxM/zz1Nym1Z6KAtQL5fZKq4e0qG67Cw42ZzdDfgd4mECgYEA/uDZ3YgFJORxV3luH/iy0kOZjaqPfEykvPZtNdddD0S6DLPKlR/hy9\
        oC7YMmFUbgWgwTfScIqW6Dk2mgHTLTgN8afGEQrt5KBISWR3YZq4981xnpooOlPLuPclmSpr3VpufFiqeCrx6jReOTGbvnfddqz0pR/ovpZmzI\
        Q0Hxd7kCgYEAy3ZentDinn/VCiZLeynp+kcMi4llvl3OCHDEjSwwx+fR6yANTvUPey4zPD6j4KQ1lno3e4M4w10ciwKvHxbEk2lZSuPihlqQIm\
        s0/a+xNQKRAjcqv4VQyAwZtbPwQ3U8m5zIY8W3xQ3Z+g2ieVplAC6fgBRARYt1bv9QemXvcpECgYBpFzD9hK4KTh7loG3lxNeGltTjcqYC7F8o\
        grr47jmyp/XGcwNehWzGbreyUtcLAtRSjJQkkEmkAqtBxtV79I78ngD/s837LDB8uGZ2RJ3E/T7OOiL5HSquZe95iLFNCwzi6sGqr/LUXd+YW4\
        M1oyKJ4p5ppg001V+BGe1gvfngEQKBgAqvktSgf+Z3LEc2L6yuTN2aMax6cN+IqbODyK7pbT5yjHHe4xQMht2fVY2KdKztsurOTG+uOqL4FvGu\
        GGh3l6duVwQ558HKq9tC6iuQuKviEJ+fKh2Y8N8w04DZjHreg2pg15112ur8iUA6yxe4ialyyWm+pomAg5Bq1F05UVQhAoGAdbatr0imhyKARL\
        Qe4B1HFzsVL9mD5oE2e1zqss/+FWX2+ajPeNRomo5iJtbQ0xbIADtCBsu8hGU91IBt502I6OZB3DmJYXAtawiWUp+WHQPdTTrSty+x+Qw6LpYp\
        zcSR9ysmz7ulP+yhH9fZ0WMRIK+IoPsQnI7zIfq2XYbtdfM=";

    #[cfg(target_os = "linux")]
    #[test]
    fn no_exponent_of_an_rsa_key_is_left_behind() {
        use pkcs1::RsaPrivateKeyRef;
        use pkcs8::der::Decode;
        use zeroize::Zeroizing;

        use crate::residue::Trace;
        use crate::signing::key::{Algorithm, SecretForm, SigningKey};

        let der = Zeroizing::new(data_encoding::BASE64.decode(KEY.as_bytes()).unwrap());
        let traces = {
            let key = RsaPrivateKeyRef::from_der(&der).unwrap();
            // As DER has them, and as the crate does, with the least significant byte in front.
            // Not the primes: the crate frees copies of them as they are, and what is written over those is up to chance.
            [key.private_exponent, key.exponent1, key.exponent2].map(|number| {
                let bytes = number.as_bytes();
                [Trace::of(bytes.iter().copied()), Trace::of(bytes.iter().rev().copied())]
            })
        };
        drop(der);
        for algorithm in [Algorithm::RsaSha256, Algorithm::RsaPssSha256] {
            let (_, key) = SigningKey::load(KEY.as_bytes(), None, &[(algorithm, SecretForm::Text)]).unwrap();
            key.sign(b"message").unwrap();
            let copies = || traces.each_ref().map(|forms| forms.each_ref().map(Trace::copies));
            assert!(
                copies().iter().all(|[_, reversed]| *reversed > 0),
                "the search finds nothing, not even what is there"
            );
            drop(key);
            assert_eq!(copies(), [[0, 0]; 3], "{algorithm:?}");
        }
    }
}
