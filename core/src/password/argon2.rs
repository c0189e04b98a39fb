//! Argon2 (RFC 9106) as the PHC string of its reference implementation, and Django's with a word before it.

use core::fmt;

use data_encoding::BASE64_NOPAD;
use zeroize::Zeroizing;

use super::stored::{Ceilings, Hash, With, at_most, bytes, is_key_id, parameter};
use crate::Result;
use crate::argon2::{Algorithm, Costs, Inputs, Version};

pub(super) struct Argon2 {
    pub(super) django: bool,
    /// Strings of before version 0x13 leave the version out.
    pub(super) version_shown: bool,
    pub(super) costs: Costs,
    pub(super) key_id: Option<String>,
    pub(super) data: Vec<u8>,
    pub(super) salt: Vec<u8>,
    pub(super) digest: Vec<u8>,
}

impl Argon2 {
    pub(super) fn parse(parts: &[&str], django: bool) -> Option<Self> {
        let [_, algorithm, rest @ ..] = parts else { return None };
        let (version_shown, version, rest) = match rest {
            [version, rest @ ..] if version.starts_with("v=") => match parameter(version, "v")? {
                16 => (true, Version::V0x10, rest),
                19 => (true, Version::V0x13, rest),
                _ => return None,
            },
            rest => (false, Version::V0x10, rest),
        };
        let [parameters, salt, digest] = rest else { return None };
        let algorithm = match *algorithm {
            "argon2id" => Algorithm::Argon2id,
            "argon2i" => Algorithm::Argon2i,
            _ => Algorithm::Argon2d,
        };
        let parameters: Vec<_> = parameters.split(',').collect();
        let [memory_kib, passes, lanes, optional @ ..] = parameters.as_slice() else { return None };
        let (key_id, optional) = match optional {
            [first, rest @ ..] if first.starts_with("keyid=") => (first.strip_prefix("keyid="), rest),
            rest => (None, rest),
        };
        let data = match optional {
            [] => Vec::new(),
            [data] => bytes(data.strip_prefix("data=")?, &BASE64_NOPAD)?,
            _ => return None,
        };
        let (memory_kib, passes, lanes) =
            (parameter(memory_kib, "m")?, parameter(passes, "t")?, parameter(lanes, "p")?);
        let hash = Self {
            django,
            version_shown,
            costs: Costs { algorithm, version, memory_kib, passes, lanes },
            key_id: key_id.map(str::to_owned),
            data,
            salt: bytes(salt, &BASE64_NOPAD)?,
            digest: bytes(digest, &BASE64_NOPAD)?,
        };
        // What Argon2 itself cannot have made (RFC 9106, section 3.1).
        let possible = passes >= 1
            && lanes >= 1
            && u64::from(memory_kib) >= 8 * u64::from(lanes)
            && hash.key_id.as_deref().is_none_or(is_key_id)
            && hash.data.len() <= 32
            && (optional.is_empty() || !hash.data.is_empty())
            && hash.salt.len() >= 8
            && hash.digest.len() >= 4;
        possible.then_some(hash)
    }
}

impl Hash for Argon2 {
    fn name(&self) -> &'static str {
        match self.costs.algorithm {
            _ if self.django => "django_argon2",
            Algorithm::Argon2id => "argon2id",
            Algorithm::Argon2i => "argon2i",
            Algorithm::Argon2d => "argon2d",
        }
    }

    fn cost(&self) -> String {
        format!("m={} t={} p={}", self.costs.memory_kib, self.costs.passes, self.costs.lanes)
    }

    fn check(&self, ceilings: &Ceilings) -> Result<()> {
        at_most("argon2 memory in KiB", self.costs.memory_kib.into(), ceilings.memory_kib)?;
        at_most("argon2 passes", self.costs.passes.into(), ceilings.passes)?;
        at_most("argon2 lanes", self.costs.lanes.into(), ceilings.lanes)
    }

    fn derive(&self, password: &[u8], with: &With<'_>) -> Result<Zeroizing<Vec<u8>>> {
        let mut out = Zeroizing::new(vec![0; self.digest.len()]);
        let inputs = Inputs { salt: &self.salt, secret: with.pepper, data: &self.data };
        self.costs.derive(password, inputs, with.kept, &mut out)?;
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

impl fmt::Display for Argon2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Costs { algorithm, version, memory_kib, passes, lanes } = self.costs;
        if self.django {
            f.write_str("argon2")?;
        }
        write!(f, "${}", algorithm.as_str())?;
        if self.version_shown {
            write!(f, "$v={}", version as u32)?;
        }
        write!(f, "$m={memory_kib},t={passes},p={lanes}")?;
        if let Some(id) = &self.key_id {
            write!(f, ",keyid={id}")?;
        }
        if !self.data.is_empty() {
            write!(f, ",data={}", BASE64_NOPAD.encode(&self.data))?;
        }
        write!(f, "${}${}", BASE64_NOPAD.encode(&self.salt), BASE64_NOPAD.encode(&self.digest))
    }
}
