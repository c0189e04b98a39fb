//! How a passphrase becomes a key: Argon2id (RFC 9106) and PBKDF2 (RFC 8018), their costs, and the floors and ceilings of
//! those costs.
//!
//! A stored cost is never obeyed before it was checked: a hostile file could otherwise ask for days of work, and a
//! careless one could be guessed in hours.

use core::fmt;

use crate::argon2::{Costs, Inputs, Kept};
use crate::{Error, Result, pbkdf2};

const MIN_MEMORY_KIB: u32 = 19_456;
const MAX_MEMORY_KIB: u32 = 262_144;
const MAX_PASSES: u32 = 16;
const MAX_LANES: u8 = 4;
const MIN_ITERATIONS: u32 = 600_000;
const MIN_ITERATIONS_SHA512: u32 = 220_000;
const MAX_ITERATIONS: u32 = 10_000_000;

/// OWASP's least for Argon2id (19 MiB, 2 passes), as the product of the two.
const MIN_MEMORY_PASSES: u64 = 38_912;

/// The work that a file may ask for over all its slots, since a passphrase is tried on each.
const MAX_TOTAL_MEMORY_PASSES: u64 = 8_388_608;
const MAX_TOTAL_ITERATIONS: u64 = 20_000_000;

/// Argon2 works in 4 slices of at least 2 blocks of 1 KiB in every lane (RFC 9106, section 3.1).
const LEAST_KIB_PER_LANE: u32 = 8;

const MEMORY: &str = "argon2id memory in KiB";
const PASSES: &str = "argon2id passes";
const LANES: &str = "argon2id lanes";
const MEMORY_PASSES: &str = "argon2id memory in KiB times passes";
const ITERATIONS: &str = "pbkdf2 iterations";

/// How a passphrase is turned into a key, and at what cost.
///
/// A value of this type was checked: its cost is neither so low that passphrases could be guessed nor so high that
/// opening takes minutes. The default is Argon2id with 64 MiB, 3 passes and 4 lanes, the second recommended option of
/// RFC 9106, section 4.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kdf(Algorithm);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Algorithm {
    Argon2id { memory_kib: u32, passes: u32, lanes: u8 },
    Pbkdf2 { hash: Prf, iterations: u32 },
}

/// The hash under PBKDF2's HMAC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Prf {
    Sha1,
    Sha256,
    Sha512,
}

/// How far the costs of a stored KDF may go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Take costs under the floor too: for a file that someone else made long ago.
    pub(crate) allow_weak: bool,
    /// The ceiling of Argon2id's memory, in KiB.
    pub(crate) max_memory_kib: u32,
}

impl Kdf {
    /// Argon2id version 0x13 (RFC 9106): `memory_kib` KiB of memory, gone over `passes` times, in `lanes` that are
    /// computed in parallel.
    ///
    /// # Errors
    /// [`Error::WeakKdf`] for less than 19,456 KiB, for no pass or lane, and if `memory_kib` times `passes` is less than
    /// 38,912. [`Error::Limit`] for more than 262,144 KiB, 16 passes or 4 lanes.
    pub const fn argon2id(memory_kib: u32, passes: u32, lanes: u8) -> Result<Self> {
        Self(Algorithm::Argon2id { memory_kib, passes, lanes }).checked(Bounds::DEFAULT)
    }

    /// PBKDF2-HMAC-SHA-256 (RFC 8018, section 5.2) with this many iterations. At equal time it costs an attacker far
    /// less than Argon2id; it is for those who must use what FIPS 140 allows.
    ///
    /// # Errors
    /// [`Error::WeakKdf`] for less than 600,000 iterations, [`Error::Limit`] for more than 10,000,000.
    pub const fn pbkdf2(iterations: u32) -> Result<Self> {
        Self(Algorithm::Pbkdf2 { hash: Prf::Sha256, iterations }).checked(Bounds::DEFAULT)
    }

    /// PBKDF2-HMAC-SHA-512 (RFC 8018, section 5.2) with this many iterations: for password hashes. A vault takes
    /// PBKDF2 with SHA-256 only.
    ///
    /// # Errors
    /// [`Error::WeakKdf`] for less than 220,000 iterations, [`Error::Limit`] for more than 10,000,000.
    pub const fn pbkdf2_sha512(iterations: u32) -> Result<Self> {
        Self(Algorithm::Pbkdf2 { hash: Prf::Sha512, iterations }).checked(Bounds::DEFAULT)
    }

    /// Argon2id's memory in KiB, or `None` for PBKDF2.
    #[must_use]
    pub const fn memory_kib(&self) -> Option<u32> {
        match self.0 {
            Algorithm::Argon2id { memory_kib, .. } => Some(memory_kib),
            Algorithm::Pbkdf2 { .. } => None,
        }
    }

    /// Argon2id's passes over the memory, or `None` for PBKDF2.
    #[must_use]
    pub const fn passes(&self) -> Option<u32> {
        match self.0 {
            Algorithm::Argon2id { passes, .. } => Some(passes),
            Algorithm::Pbkdf2 { .. } => None,
        }
    }

    /// Argon2id's lanes, or `None` for PBKDF2.
    #[must_use]
    pub const fn lanes(&self) -> Option<u8> {
        match self.0 {
            Algorithm::Argon2id { lanes, .. } => Some(lanes),
            Algorithm::Pbkdf2 { .. } => None,
        }
    }

    /// PBKDF2's iterations, or `None` for Argon2id.
    #[must_use]
    pub const fn iterations(&self) -> Option<u32> {
        match self.0 {
            Algorithm::Argon2id { .. } => None,
            Algorithm::Pbkdf2 { iterations, .. } => Some(iterations),
        }
    }

    /// Reads the four fields of a slot (FORMAT.md, "Limits"). `None` is a slot without a passphrase.
    ///
    /// # Errors
    /// [`Error::Format`] for what the KDF itself cannot take and for a field that must be 0 and is not, then
    /// [`Error::Limit`] over a ceiling, then [`Error::WeakKdf`] under a floor unless `bounds` allows it.
    pub(crate) fn from_stored(kdf: u8, a: u32, b: u32, c: u8, bounds: Bounds) -> Result<Option<Self>> {
        let algorithm = match (kdf, a, b, c) {
            (0, 0, 0, 0) => return Ok(None),
            (1, memory_kib, passes @ 1.., lanes @ 1..) if memory_kib >= LEAST_KIB_PER_LANE * u32::from(lanes) => {
                Algorithm::Argon2id { memory_kib, passes, lanes }
            }
            (2, iterations @ 1.., 0, 0) => Algorithm::Pbkdf2 { hash: Prf::Sha256, iterations },
            _ => return Err(Error::Format("a kdf that is not known, or costs that it does not take")),
        };
        Self(algorithm).checked(bounds).map(Some)
    }

    /// Whether this came from a file, and is not what this release would write.
    pub(crate) const fn is_weak(self) -> bool {
        self.under_floor().is_some()
    }

    /// The four fields of a slot, as [`Kdf::from_stored`] reads them.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for a KDF that a vault has no number for.
    pub(crate) fn to_stored(self) -> Result<(u8, u32, u32, u8)> {
        match self.0 {
            Algorithm::Argon2id { memory_kib, passes, lanes } => Ok((1, memory_kib, passes, lanes)),
            Algorithm::Pbkdf2 { hash: Prf::Sha256, iterations } => Ok((2, iterations, 0, 0)),
            Algorithm::Pbkdf2 { .. } => {
                Err(Error::invalid("a vault takes argon2id or pbkdf2 with SHA-256; this one is for password hashes"))
            }
        }
    }

    pub(crate) const fn algorithm(self) -> Algorithm {
        self.0
    }

    /// Whether this is within `bounds`: a slot that was read may have a cost that none is to be made with.
    pub(crate) const fn checked(self, bounds: Bounds) -> Result<Self> {
        if let Some((what, asked, allowed)) = self.over_ceiling(bounds.max_memory_kib) {
            return Err(Error::Limit { what, asked, allowed });
        }
        if let (Some((what, asked, least)), false) = (self.under_floor(), bounds.allow_weak) {
            return Err(Error::WeakKdf { what, asked, least });
        }
        Ok(self)
    }

    /// The first cost over its ceiling: its name, what is asked for, and the most that is allowed.
    const fn over_ceiling(self, max_memory_kib: u32) -> Option<(&'static str, u64, u64)> {
        match self.0 {
            Algorithm::Argon2id { memory_kib, .. } if memory_kib > max_memory_kib => {
                Some((MEMORY, memory_kib as u64, max_memory_kib as u64))
            }
            Algorithm::Argon2id { passes, .. } if passes > MAX_PASSES => {
                Some((PASSES, passes as u64, MAX_PASSES as u64))
            }
            Algorithm::Argon2id { lanes, .. } if lanes > MAX_LANES => Some((LANES, lanes as u64, MAX_LANES as u64)),
            Algorithm::Pbkdf2 { iterations, .. } if iterations > MAX_ITERATIONS => {
                Some((ITERATIONS, iterations as u64, MAX_ITERATIONS as u64))
            }
            _ => None,
        }
    }

    /// The first cost under its floor: its name, what is asked for, and the least that is allowed.
    const fn under_floor(self) -> Option<(&'static str, u64, u64)> {
        match self.0 {
            Algorithm::Argon2id { passes: 0, .. } => Some((PASSES, 0, 1)),
            Algorithm::Argon2id { lanes: 0, .. } => Some((LANES, 0, 1)),
            Algorithm::Argon2id { memory_kib, .. } if memory_kib < MIN_MEMORY_KIB => {
                Some((MEMORY, memory_kib as u64, MIN_MEMORY_KIB as u64))
            }
            Algorithm::Argon2id { memory_kib, passes, .. } => {
                let product = memory_kib as u64 * passes as u64;
                if product < MIN_MEMORY_PASSES { Some((MEMORY_PASSES, product, MIN_MEMORY_PASSES)) } else { None }
            }
            Algorithm::Pbkdf2 { hash, iterations } => {
                let least = if matches!(hash, Prf::Sha512) { MIN_ITERATIONS_SHA512 } else { MIN_ITERATIONS };
                if iterations < least { Some((ITERATIONS, iterations as u64, least as u64)) } else { None }
            }
        }
    }

    /// Derives 32 bytes from a normalised passphrase. Waits for its turn, see [`crate::turns`].
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for a salt of less than 8 bytes under Argon2id; [`Error::Io`] if the operating system has
    /// not the memory or the threads.
    pub(crate) fn derive(self, passphrase: &[u8], salt: &[u8], out: &mut [u8; 32]) -> Result<()> {
        #[cfg(not(target_family = "wasm"))]
        let _turn = crate::turns::take();
        match self.0 {
            Algorithm::Argon2id { memory_kib, passes, lanes } => Costs::argon2id(memory_kib, passes, lanes.into())
                .derive(passphrase, Inputs { salt, ..Inputs::default() }, &Kept::none(), out),
            Algorithm::Pbkdf2 { hash, iterations } => {
                hash.pbkdf2(passphrase, salt, iterations, out);
                Ok(())
            }
        }
    }
}

impl Prf {
    /// PBKDF2 (RFC 8018, section 5.2) with HMAC over this hash, as many bytes as `out` holds.
    pub(crate) fn pbkdf2(self, password: &[u8], salt: &[u8], iterations: u32, out: &mut [u8]) {
        match self {
            Self::Sha1 => pbkdf2::derive::<sha1::Sha1>(password, salt, iterations, out),
            Self::Sha256 => pbkdf2::derive::<sha2::Sha256>(password, salt, iterations, out),
            Self::Sha512 => pbkdf2::derive::<sha2::Sha512>(password, salt, iterations, out),
        }
    }
}

impl Bounds {
    pub(crate) const DEFAULT: Self = Self { allow_weak: false, max_memory_kib: MAX_MEMORY_KIB };
}

impl Default for Bounds {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Default for Kdf {
    fn default() -> Self {
        Self(Algorithm::Argon2id { memory_kib: 65_536, passes: 3, lanes: 4 })
    }
}

/// The costs as people write them: `argon2id m=65536 t=3 p=4` or `pbkdf2-sha256 i=600000`.
impl fmt::Display for Kdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Algorithm::Argon2id { memory_kib, passes, lanes } => {
                write!(f, "argon2id m={memory_kib} t={passes} p={lanes}")
            }
            Algorithm::Pbkdf2 { hash: Prf::Sha512, iterations } => write!(f, "pbkdf2-sha512 i={iterations}"),
            Algorithm::Pbkdf2 { iterations, .. } => write!(f, "pbkdf2-sha256 i={iterations}"),
        }
    }
}

/// Whether a file may ask for all of these together: a passphrase is tried on every slot that takes one.
///
/// # Errors
/// [`Error::Limit`] if their work is over what one file may cost.
pub(crate) fn check_total(kdfs: impl Iterator<Item = Kdf>) -> Result<()> {
    let (mut memory_passes, mut all_iterations) = (0_u64, 0_u64);
    for kdf in kdfs {
        match kdf.0 {
            Algorithm::Argon2id { memory_kib, passes, .. } => {
                memory_passes = memory_passes.saturating_add(u64::from(memory_kib) * u64::from(passes));
            }
            Algorithm::Pbkdf2 { iterations, .. } => {
                all_iterations = all_iterations.saturating_add(u64::from(iterations))
            }
        }
    }
    for (what, asked, allowed) in [
        ("argon2id memory in KiB times passes, over all slots", memory_passes, MAX_TOTAL_MEMORY_PASSES),
        ("pbkdf2 iterations, over all slots", all_iterations, MAX_TOTAL_ITERATIONS),
    ] {
        if asked > allowed {
            return Err(Error::Limit { what, asked, allowed });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code<T>(result: &Result<T>) -> &'static str {
        result.as_ref().err().map_or("ok", Error::code)
    }

    const WEAK: Bounds = Bounds { allow_weak: true, ..Bounds::DEFAULT };

    #[test]
    fn floors_and_ceilings_of_argon2id() {
        for (memory_kib, passes, lanes, expect) in [
            (65_536, 3, 4, "ok"),
            (19_456, 2, 1, "ok"),
            (38_912, 1, 1, "ok"),
            (262_144, 16, 4, "ok"),
            (19_455, 16, 1, "weak_kdf"),
            (19_456, 1, 1, "weak_kdf"),
            (38_911, 1, 1, "weak_kdf"),
            (65_536, 0, 4, "weak_kdf"),
            (65_536, 3, 0, "weak_kdf"),
            (0, 0, 0, "weak_kdf"),
            (262_145, 3, 4, "limit"),
            (u32::MAX, u32::MAX, u8::MAX, "limit"),
            (65_536, 17, 4, "limit"),
            (65_536, 3, 5, "limit"),
        ] {
            let kdf = Kdf::argon2id(memory_kib, passes, lanes);
            assert_eq!(code(&kdf), expect, "m={memory_kib} t={passes} p={lanes}");
            if let Ok(kdf) = kdf {
                let costs = (kdf.memory_kib(), kdf.passes(), kdf.lanes(), kdf.iterations());
                assert_eq!(costs, (Some(memory_kib), Some(passes), Some(lanes), None));
            }
        }
    }

    #[test]
    fn floors_and_ceilings_of_pbkdf2() {
        for (iterations, expect) in [
            (600_000, "ok"),
            (10_000_000, "ok"),
            (0, "weak_kdf"),
            (599_999, "weak_kdf"),
            (10_000_001, "limit"),
            (u32::MAX, "limit"),
        ] {
            let kdf = Kdf::pbkdf2(iterations);
            assert_eq!(code(&kdf), expect, "i={iterations}");
            if let Ok(kdf) = kdf {
                let costs = (kdf.memory_kib(), kdf.passes(), kdf.lanes(), kdf.iterations());
                assert_eq!(costs, (None, None, None, Some(iterations)));
            }
        }
    }

    #[test]
    fn the_refusal_says_what_was_asked_and_what_is_allowed() {
        assert_eq!(
            Kdf::argon2id(300_000, 3, 4),
            Err(Error::Limit { what: "argon2id memory in KiB", asked: 300_000, allowed: 262_144 })
        );
        assert_eq!(
            Kdf::argon2id(20_000, 1, 4),
            Err(Error::WeakKdf { what: "argon2id memory in KiB times passes", asked: 20_000, least: 38_912 })
        );
        assert_eq!(Kdf::argon2id(65_536, 0, 1), Err(Error::WeakKdf { what: "argon2id passes", asked: 0, least: 1 }));
        assert_eq!(Kdf::argon2id(65_536, 1, 0), Err(Error::WeakKdf { what: "argon2id lanes", asked: 0, least: 1 }));
    }

    #[test]
    fn costs_are_constants_and_readable() {
        const DEFAULT: Result<Kdf> = Kdf::argon2id(65_536, 3, 4);
        assert_eq!(DEFAULT, Ok(Kdf::default()));
        assert_eq!(Kdf::default().to_string(), "argon2id m=65536 t=3 p=4");
        assert_eq!(Kdf::pbkdf2(600_000).unwrap().to_string(), "pbkdf2-sha256 i=600000");
    }

    #[test]
    fn stored_costs_are_read_strictly() {
        for (kdf, a, b, c, strict, weak_allowed) in [
            (0, 0, 0, 0, "ok", "ok"),
            (0, 1, 0, 0, "format", "format"),
            (0, 0, 1, 0, "format", "format"),
            (0, 0, 0, 1, "format", "format"),
            (1, 65_536, 3, 4, "ok", "ok"),
            (1, 262_144, 16, 4, "ok", "ok"),
            (1, 65_536, 0, 4, "format", "format"),
            (1, 65_536, 3, 0, "format", "format"),
            (1, 31, 3, 4, "format", "format"),
            (1, 7, 3, 1, "format", "format"),
            (1, 0, 0, 0, "format", "format"),
            (1, 8 * 255, 3, 255, "limit", "limit"),
            (1, 8 * 255 - 1, 3, 255, "format", "format"),
            (1, 262_145, 3, 4, "limit", "limit"),
            (1, 65_536, 17, 4, "limit", "limit"),
            (1, 65_536, 3, 5, "limit", "limit"),
            (1, 19_455, 3, 4, "weak_kdf", "ok"),
            (1, 19_456, 1, 4, "weak_kdf", "ok"),
            (1, 32, 1, 4, "weak_kdf", "ok"),
            (1, 8, 1, 1, "weak_kdf", "ok"),
            (2, 600_000, 0, 0, "ok", "ok"),
            (2, 0, 0, 0, "format", "format"),
            (2, 600_000, 1, 0, "format", "format"),
            (2, 600_000, 0, 1, "format", "format"),
            (2, 10_000_001, 0, 0, "limit", "limit"),
            (2, 599_999, 0, 0, "weak_kdf", "ok"),
            (2, 1, 0, 0, "weak_kdf", "ok"),
            (3, 65_536, 3, 4, "format", "format"),
            (255, 0, 0, 0, "format", "format"),
        ] {
            for (bounds, expect) in [(Bounds::default(), strict), (WEAK, weak_allowed)] {
                let read = Kdf::from_stored(kdf, a, b, c, bounds);
                assert_eq!(code(&read), expect, "kdf={kdf} a={a} b={b} c={c} {bounds:?}");
                if let Ok(read) = read {
                    assert_eq!(read.map_or(Ok((0, 0, 0, 0)), Kdf::to_stored), Ok((kdf, a, b, c)));
                    assert_eq!(read.is_some_and(Kdf::is_weak), strict == "weak_kdf");
                }
            }
        }
    }

    #[test]
    fn a_caller_may_set_the_ceiling_of_memory() {
        let bounds = |max_memory_kib| Bounds { allow_weak: false, max_memory_kib };
        assert_eq!(code(&Kdf::from_stored(1, 1_048_576, 3, 4, bounds(1_048_576))), "ok");
        assert_eq!(code(&Kdf::from_stored(1, 1_048_577, 3, 4, bounds(1_048_576))), "limit");
        assert_eq!(code(&Kdf::from_stored(1, 65_536, 3, 4, bounds(65_535))), "limit");
    }

    #[test]
    fn all_slots_together_have_a_ceiling() {
        let argon2id = Kdf::argon2id(262_144, 16, 4).unwrap();
        let pbkdf2 = Kdf::pbkdf2(10_000_000).unwrap();
        let least = (Kdf::argon2id(38_912, 1, 1).unwrap(), Kdf::pbkdf2(600_000).unwrap());
        let total = |kdfs: &[Kdf]| check_total(kdfs.iter().copied());
        assert_eq!(total(&[]), Ok(()));
        assert_eq!(total(&[Kdf::default(); 8]), Ok(()));
        assert_eq!(total(&[argon2id, argon2id, pbkdf2, pbkdf2]), Ok(()));
        assert_eq!(
            total(&[argon2id, least.0, argon2id]),
            Err(Error::Limit {
                what: "argon2id memory in KiB times passes, over all slots",
                asked: 8_388_608 + 38_912,
                allowed: 8_388_608
            })
        );
        assert_eq!(
            total(&[pbkdf2, pbkdf2, least.1]),
            Err(Error::Limit { what: "pbkdf2 iterations, over all slots", asked: 20_600_000, allowed: 20_000_000 })
        );
        // With a ceiling of memory as high as it goes, the product passes 32 bits.
        let bounds = Bounds { allow_weak: false, max_memory_kib: u32::MAX };
        let huge = Kdf::from_stored(1, u32::MAX, 16, 4, bounds).unwrap().unwrap();
        assert_eq!(code(&total(&[huge; 8])), "limit");
    }

    fn derived(kdf: Kdf, passphrase: &str, salt: &[u8]) -> Result<String> {
        let mut out = [0; 32];
        kdf.derive(passphrase.as_bytes(), salt, &mut out)?;
        Ok(data_encoding::HEXLOWER.encode(&out))
    }

    fn stored(kdf: u8, a: u32, b: u32, c: u8) -> Kdf {
        Kdf::from_stored(kdf, a, b, c, WEAK).unwrap().unwrap()
    }

    /// RFC 7914, section 11, the first half of its outputs of 64 bytes, and two more with peers' answers.
    #[test]
    fn pbkdf2_known_answers() {
        for (iterations, passphrase, salt, expect) in [
            (1, "passwd", "salt", "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"),
            (80_000, "Password", "NaCl", "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"),
            (4096, "password", "salt", "c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a"),
            (
                600_000,
                "correct horse battery staple",
                "0123456789abcdef0123456789abcdef",
                "68cd89850731c58c07fc9839d7f90b8b5fb501fbade984c4b1f0bb2977ad894e",
            ),
        ] {
            assert_eq!(derived(stored(2, iterations, 0, 0), passphrase, salt.as_bytes()).as_deref(), Ok(expect));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn neither_passphrase_nor_key_is_left_behind() {
        use crate::residue::Trace;
        use zeroize::Zeroizing;

        for kdf in [stored(1, 64, 1, 1), stored(1, 256, 2, 4), Kdf::default(), stored(2, 1000, 0, 0)] {
            let mut passphrase = Zeroizing::new(vec![0; 32]);
            getrandom::fill(&mut passphrase).unwrap();
            let mut key = Box::new(Zeroizing::new([0; 32]));
            kdf.derive(&passphrase, &[7; 32], &mut key).unwrap();
            let traces = [Trace::of(passphrase.iter().copied()), Trace::of(key.iter().copied())];
            assert!(traces.iter().all(|trace| trace.copies() > 0), "the search finds nothing, not even what is there");
            drop((passphrase, key));
            assert_eq!(traces.map(|trace| trace.copies()), [0, 0], "passphrase, key of {kdf}");
        }
    }
}
