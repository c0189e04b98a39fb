//! Salted SHA as LDAP servers keep it (`{SSHA}`): one round, so it is only ever verified, to be replaced.

use core::fmt;

use data_encoding::BASE64;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

use super::stored::{Ceilings, Hash, With, bytes};
use crate::Result;
use crate::kdf::Prf;

pub(super) struct Salted {
    sha: Prf,
    digest: Vec<u8>,
    salt: Vec<u8>,
}

impl Salted {
    pub(super) fn parse(stored: &str) -> Option<Self> {
        let (name, rest) = stored.strip_prefix('{')?.split_once('}')?;
        let (sha, length) = match name {
            "SSHA" => (Prf::Sha1, 20),
            "SSHA256" => (Prf::Sha256, 32),
            "SSHA512" => (Prf::Sha512, 64),
            _ => return None,
        };
        let mut digest = bytes(rest, &BASE64)?;
        let salt = (digest.len() > length).then(|| digest.split_off(length))?;
        Some(Self { sha, digest, salt })
    }
}

impl Hash for Salted {
    fn name(&self) -> &'static str {
        match self.sha {
            Prf::Sha1 => "ldap_salted_sha1",
            Prf::Sha256 => "ldap_salted_sha256",
            Prf::Sha512 => "ldap_salted_sha512",
        }
    }

    fn cost(&self) -> String {
        "rounds=1".to_owned()
    }

    fn check(&self, _ceilings: &Ceilings) -> Result<()> {
        Ok(())
    }

    fn derive(&self, password: &[u8], _with: &With<'_>) -> Result<Zeroizing<Vec<u8>>> {
        fn salted<D: Digest>(password: &[u8], salt: &[u8]) -> Zeroizing<Vec<u8>> {
            Zeroizing::new(D::new().chain_update(password).chain_update(salt).finalize().to_vec())
        }
        Ok(match self.sha {
            Prf::Sha1 => salted::<Sha1>(password, &self.salt),
            Prf::Sha256 => salted::<Sha256>(password, &self.salt),
            Prf::Sha512 => salted::<Sha512>(password, &self.salt),
        })
    }

    fn digest(&self) -> &[u8] {
        &self.digest
    }

    fn set_digest(&mut self, digest: &[u8]) {
        self.digest = digest.to_vec();
    }
}

impl fmt::Display for Salted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.sha {
            Prf::Sha1 => "SSHA",
            Prf::Sha256 => "SSHA256",
            Prf::Sha512 => "SSHA512",
        };
        write!(f, "{{{name}}}{}", BASE64.encode(&[self.digest.as_slice(), &self.salt].concat()))
    }
}
