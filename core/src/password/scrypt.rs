//! scrypt (RFC 7914) as a PHC string, as Django's and as Werkzeug's.

use core::fmt;

use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER};
use scrypt::Params;
use zeroize::Zeroizing;

use super::stored::{Ceilings, Hash, With, at_most, bytes, number, parameter};
use crate::{Error, Result};

pub(super) struct Scrypt {
    shape: Shape,
    log_n: u8,
    r: u32,
    p: u32,
    salt: Vec<u8>,
    digest: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Phc,
    Django,
    Werkzeug,
}

impl Scrypt {
    pub(super) fn parse(parts: &[&str]) -> Option<Self> {
        let (shape, n, r, p, salt, digest) = match *parts {
            ["", "scrypt", parameters, salt, digest] => {
                let parameters: Vec<_> = parameters.split(',').collect();
                let [log_n, r, p] = parameters.as_slice() else { return None };
                let n = 1_u32.checked_shl(parameter(log_n, "ln")?)?;
                let (salt, digest) = (bytes(salt, &BASE64_NOPAD)?, bytes(digest, &BASE64_NOPAD)?);
                (Shape::Phc, n, parameter(r, "r")?, parameter(p, "p")?, salt, digest)
            }
            ["scrypt", n, salt, r, p, digest] => {
                (Shape::Django, number(n)?, number(r)?, number(p)?, salt.into(), bytes(digest, &BASE64)?)
            }
            [first, salt, digest] => {
                let costs: Vec<_> = first.split(':').collect();
                let ["scrypt", n, r, p] = costs.as_slice() else { return None };
                (Shape::Werkzeug, number(n)?, number(r)?, number(p)?, salt.into(), bytes(digest, &HEXLOWER)?)
            }
            _ => return None,
        };
        // RFC 7914, section 2: N is a power of 2 greater than 1, and r times p is less than 2^30.
        let log_n = u8::try_from(n.checked_ilog2()?).ok()?;
        let possible = n.is_power_of_two()
            && n > 1
            && r >= 1
            && p >= 1
            && u64::from(r) * u64::from(p) < 1 << 30
            && (10..=64).contains(&digest.len());
        possible.then_some(Self { shape, log_n, r, p, salt, digest })
    }

    fn n(&self) -> u64 {
        1 << self.log_n
    }

    /// So many blocks of 128 r bytes (RFC 7914, section 2).
    fn kib(&self, blocks: u64) -> u64 {
        (u64::from(self.r) * blocks).div_ceil(8)
    }
}

impl Hash for Scrypt {
    fn name(&self) -> &'static str {
        match self.shape {
            Shape::Phc => "scrypt",
            Shape::Django => "django_scrypt",
            Shape::Werkzeug => "werkzeug_scrypt",
        }
    }

    fn cost(&self) -> String {
        format!("ln={} r={} p={}", self.log_n, self.r, self.p)
    }

    fn check(&self, ceilings: &Ceilings) -> Result<()> {
        // The N blocks that others count, and the p blocks they are made from: more where N is tiny and r is huge.
        at_most("scrypt memory in KiB", self.kib(self.n().max(self.p.into())), ceilings.memory_kib)?;
        at_most("scrypt p", self.p.into(), ceilings.lanes)
    }

    fn derive(&self, password: &[u8], _with: &With<'_>) -> Result<Zeroizing<Vec<u8>>> {
        let params =
            Params::new(self.log_n, self.r, self.p).map_err(|_| Error::invalid("scrypt cannot take these costs"))?;
        // The crate takes its memory without asking, and this process would end if there is none.
        let memory_kib = self.kib(self.n() + u64::from(self.p) + 1);
        usize::try_from(memory_kib * 1024)
            .ok()
            .and_then(|bytes| Vec::<u8>::new().try_reserve_exact(bytes).ok())
            .ok_or_else(|| Error::Io(format!("the operating system has not {memory_kib} KiB of memory for scrypt")))?;
        // It also frees it un-wiped, and has no call that takes ours: SECURITY.md says what that gives away.
        let mut out = Zeroizing::new(vec![0; self.digest.len()]);
        scrypt::scrypt(password, &self.salt, &params, &mut out)
            .map_err(|_| Error::invalid("scrypt cannot make a hash of this length"))?;
        Ok(out)
    }

    fn digest(&self) -> &[u8] {
        &self.digest
    }

    fn set_digest(&mut self, digest: &[u8]) {
        self.digest = digest.to_vec();
    }
}

impl fmt::Display for Scrypt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shape, log_n, r, p, salt, digest } = self;
        let (n, text) = (self.n(), String::from_utf8_lossy(salt));
        match shape {
            Shape::Phc => {
                let (salt, digest) = (BASE64_NOPAD.encode(salt), BASE64_NOPAD.encode(digest));
                write!(f, "$scrypt$ln={log_n},r={r},p={p}${salt}${digest}")
            }
            Shape::Django => write!(f, "scrypt${n}${text}${r}${p}${}", BASE64.encode(digest)),
            Shape::Werkzeug => write!(f, "scrypt:{n}:{r}:{p}${text}${}", HEXLOWER.encode(digest)),
        }
    }
}
