//! PBKDF2 (RFC 8018, section 5.2) in the five shapes that people have it in.

use core::fmt;

use data_encoding::{BASE64, BASE64_NOPAD, BitOrder, Encoding, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use std::sync::LazyLock;
use zeroize::Zeroizing;

use super::stored::{Ceilings, Hash, With, alphabet, at_most, bytes, is_key_id, number, parameter};
use crate::kdf::Prf;
use crate::{Error, Result};

/// passlib's "ab64": base64 with `.` for `+`, and without padding.
static AB64: LazyLock<Encoding> = LazyLock::new(|| {
    alphabet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./", BitOrder::MostSignificantFirst)
});

pub(super) struct Pbkdf2 {
    pub(super) shape: Shape,
    pub(super) prf: Prf,
    pub(super) iterations: u32,
    pub(super) key_id: Option<String>,
    pub(super) salt: Vec<u8>,
    pub(super) digest: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Phc,
    Passlib,
    Django,
    Werkzeug,
    Ldap,
}

impl Pbkdf2 {
    pub(super) fn parse(parts: &[&str]) -> Option<Self> {
        match parts {
            ["", name, parameters, salt, digest] if parameters.starts_with("i=") => {
                Self::phc(name, parameters, salt, digest)
            }
            ["", name, iterations, salt, digest] => Self::ab64(Shape::Passlib, name, iterations, salt, digest),
            [first, salt, digest] if first.starts_with('{') => {
                let (name, iterations) = first.strip_prefix('{')?.split_once('}')?;
                let name = match name {
                    "PBKDF2" => "pbkdf2",
                    "PBKDF2-SHA256" => "pbkdf2-sha256",
                    "PBKDF2-SHA512" => "pbkdf2-sha512",
                    _ => return None,
                };
                Self::ab64(Shape::Ldap, name, iterations, salt, digest)
            }
            [first, salt, digest] => {
                let (prf, iterations) = first.strip_prefix("pbkdf2:")?.split_once(':')?;
                let prf = match prf {
                    "sha1" => Prf::Sha1,
                    "sha256" => Prf::Sha256,
                    "sha512" => Prf::Sha512,
                    _ => return None,
                };
                Self::made(Shape::Werkzeug, prf, number(iterations)?, salt.as_bytes(), bytes(digest, &HEXLOWER)?)
            }
            [name, iterations, salt, digest] => {
                let prf = match *name {
                    "pbkdf2_sha1" => Prf::Sha1,
                    "pbkdf2_sha256" => Prf::Sha256,
                    _ => return None,
                };
                Self::made(Shape::Django, prf, number(iterations)?, salt.as_bytes(), bytes(digest, &BASE64)?)
            }
            _ => None,
        }
    }

    fn phc(name: &str, parameters: &str, salt: &str, digest: &str) -> Option<Self> {
        let prf = match name {
            "pbkdf2-sha256" => Prf::Sha256,
            "pbkdf2-sha512" => Prf::Sha512,
            _ => return None,
        };
        let parameters: Vec<_> = parameters.split(',').collect();
        let (iterations, length, key_id) = match parameters.as_slice() {
            [iterations, length] => (iterations, length, None),
            [iterations, length, key_id] => (iterations, length, Some(key_id.strip_prefix("keyid=")?)),
            _ => return None,
        };
        let (salt, digest) = (bytes(salt, &BASE64_NOPAD)?, bytes(digest, &BASE64_NOPAD)?);
        let fits = parameter(length, "l")? as usize == digest.len() && key_id.is_none_or(is_key_id);
        let key_id = key_id.map(str::to_owned);
        let hash = Self::made(Shape::Phc, prf, parameter(iterations, "i")?, &salt, digest)?;
        fits.then_some(Self { key_id, ..hash })
    }

    fn ab64(shape: Shape, name: &str, iterations: &str, salt: &str, digest: &str) -> Option<Self> {
        let prf = match name {
            "pbkdf2" => Prf::Sha1,
            "pbkdf2-sha256" => Prf::Sha256,
            _ => Prf::Sha512,
        };
        let digest = bytes(digest, &AB64)?;
        (digest.len() == length(prf)).then_some(())?;
        Self::made(shape, prf, number(iterations)?, &bytes(salt, &AB64)?, digest)
    }

    /// A digest of 10 bytes at least, as the PHC format has it: an empty one would verify with any password.
    fn made(shape: Shape, prf: Prf, iterations: u32, salt: &[u8], digest: Vec<u8>) -> Option<Self> {
        let possible = iterations >= 1 && (10..=64).contains(&digest.len());
        possible.then(|| Self { shape, prf, iterations, key_id: None, salt: salt.to_vec(), digest })
    }
}

const fn length(prf: Prf) -> usize {
    match prf {
        Prf::Sha1 => 20,
        Prf::Sha256 => 32,
        Prf::Sha512 => 64,
    }
}

impl Hash for Pbkdf2 {
    fn name(&self) -> &'static str {
        match (self.shape, self.prf) {
            (Shape::Phc, Prf::Sha512) => "pbkdf2-sha512",
            (Shape::Phc, _) => "pbkdf2-sha256",
            (Shape::Passlib, Prf::Sha1) => "pbkdf2_sha1",
            (Shape::Passlib, Prf::Sha256) => "pbkdf2_sha256",
            (Shape::Passlib, Prf::Sha512) => "pbkdf2_sha512",
            (Shape::Django, Prf::Sha1) => "django_pbkdf2_sha1",
            (Shape::Django, _) => "django_pbkdf2_sha256",
            (Shape::Werkzeug, Prf::Sha1) => "werkzeug_pbkdf2_sha1",
            (Shape::Werkzeug, Prf::Sha256) => "werkzeug_pbkdf2_sha256",
            (Shape::Werkzeug, Prf::Sha512) => "werkzeug_pbkdf2_sha512",
            (Shape::Ldap, Prf::Sha1) => "ldap_pbkdf2_sha1",
            (Shape::Ldap, Prf::Sha256) => "ldap_pbkdf2_sha256",
            (Shape::Ldap, Prf::Sha512) => "ldap_pbkdf2_sha512",
        }
    }

    fn cost(&self) -> String {
        format!("i={}", self.iterations)
    }

    fn check(&self, ceilings: &Ceilings) -> Result<()> {
        at_most("pbkdf2 iterations", self.iterations.into(), ceilings.iterations)
    }

    fn derive(&self, password: &[u8], with: &With<'_>) -> Result<Zeroizing<Vec<u8>>> {
        let mut out = Zeroizing::new(vec![0; self.digest.len()]);
        if with.pepper.is_empty() {
            self.prf.pbkdf2(password, &self.salt, self.iterations, &mut out);
        } else {
            let peppered = peppered(with.pepper, password)?;
            self.prf.pbkdf2(peppered.as_slice(), &self.salt, self.iterations, &mut out);
        }
        Ok(out)
    }

    fn digest(&self) -> &[u8] {
        &self.digest
    }

    fn set_digest(&mut self, digest: &[u8]) {
        self.digest = digest.to_vec();
    }

    fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }
}

/// HMAC-SHA-256 of the password under the pepper (RFC 2104), which PBKDF2 then takes in the password's place.
fn peppered(pepper: &[u8], password: &[u8]) -> Result<Zeroizing<[u8; 32]>> {
    let mut mac =
        Hmac::<sha2::Sha256>::new_from_slice(pepper).map_err(|_| Error::invalid("this pepper cannot be used"))?;
    mac.update(password);
    Ok(Zeroizing::new(mac.finalize().into_bytes().into()))
}

impl fmt::Display for Pbkdf2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shape, prf, iterations, key_id, salt, digest } = self;
        let sha = match prf {
            Prf::Sha1 => "sha1",
            Prf::Sha256 => "sha256",
            Prf::Sha512 => "sha512",
        };
        let text = String::from_utf8_lossy(salt);
        match (shape, prf) {
            (Shape::Phc, _) => {
                write!(f, "$pbkdf2-{sha}$i={iterations},l={}", digest.len())?;
                if let Some(id) = key_id {
                    write!(f, ",keyid={id}")?;
                }
                write!(f, "${}${}", BASE64_NOPAD.encode(salt), BASE64_NOPAD.encode(digest))
            }
            (Shape::Passlib, Prf::Sha1) => {
                write!(f, "$pbkdf2${iterations}${}${}", AB64.encode(salt), AB64.encode(digest))
            }
            (Shape::Passlib, _) => {
                write!(f, "$pbkdf2-{sha}${iterations}${}${}", AB64.encode(salt), AB64.encode(digest))
            }
            (Shape::Ldap, Prf::Sha1) => {
                write!(f, "{{PBKDF2}}{iterations}${}${}", AB64.encode(salt), AB64.encode(digest))
            }
            (Shape::Ldap, _) => {
                let sha = sha.to_uppercase();
                write!(f, "{{PBKDF2-{sha}}}{iterations}${}${}", AB64.encode(salt), AB64.encode(digest))
            }
            (Shape::Django, _) => write!(f, "pbkdf2_{sha}${iterations}${text}${}", BASE64.encode(digest)),
            (Shape::Werkzeug, _) => write!(f, "pbkdf2:{sha}:{iterations}${text}${}", HEXLOWER.encode(digest)),
        }
    }
}
