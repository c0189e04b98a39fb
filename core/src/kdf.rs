//! How a passphrase becomes a key: Argon2id (RFC 9106) and PBKDF2-HMAC-SHA-256 (RFC 8018), their costs, and the floors
//! and ceilings of those costs.
//!
//! A stored cost is never obeyed before it was checked: a hostile file could otherwise ask for days of work, and a
//! careless one could be guessed in hours.

use core::fmt;

use argon2::{Argon2, Block, Params, Version};
use zeroize::Zeroize;

use crate::{Error, Result, turns};

const MIN_MEMORY_KIB: u32 = 19_456;
const MAX_MEMORY_KIB: u32 = 262_144;
const MAX_PASSES: u32 = 16;
const MAX_LANES: u8 = 4;
const MIN_ITERATIONS: u32 = 600_000;
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
enum Algorithm {
    Argon2id { memory_kib: u32, passes: u32, lanes: u8 },
    Pbkdf2 { iterations: u32 },
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
        Self(Algorithm::Pbkdf2 { iterations }).checked(Bounds::DEFAULT)
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
            Algorithm::Pbkdf2 { iterations } => Some(iterations),
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
            (0, ..) => return Err(Error::Format("kdf costs on a slot without a passphrase")),
            (1, memory_kib, passes @ 1.., lanes @ 1..) if memory_kib >= LEAST_KIB_PER_LANE * u32::from(lanes) => {
                Algorithm::Argon2id { memory_kib, passes, lanes }
            }
            (1, ..) => return Err(Error::Format("argon2id costs")),
            (2, iterations @ 1.., 0, 0) => Algorithm::Pbkdf2 { iterations },
            (2, ..) => return Err(Error::Format("pbkdf2 costs")),
            _ => return Err(Error::Format("unknown kdf")),
        };
        Self(algorithm).checked(bounds).map(Some)
    }

    /// Whether this came from a file, and is not what this release would write.
    pub(crate) const fn is_weak(self) -> bool {
        self.under_floor().is_some()
    }

    /// The four fields of a slot, as [`Kdf::from_stored`] reads them.
    pub(crate) const fn to_stored(self) -> (u8, u32, u32, u8) {
        match self.0 {
            Algorithm::Argon2id { memory_kib, passes, lanes } => (1, memory_kib, passes, lanes),
            Algorithm::Pbkdf2 { iterations } => (2, iterations, 0, 0),
        }
    }

    const fn checked(self, bounds: Bounds) -> Result<Self> {
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
            Algorithm::Pbkdf2 { iterations } if iterations > MAX_ITERATIONS => {
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
            Algorithm::Pbkdf2 { iterations } if iterations < MIN_ITERATIONS => {
                Some((ITERATIONS, iterations as u64, MIN_ITERATIONS as u64))
            }
            Algorithm::Pbkdf2 { .. } => None,
        }
    }

    /// Derives 32 bytes from a normalised passphrase. Waits for its turn, see [`turns`].
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for a salt of less than 8 bytes under Argon2id; [`Error::Io`] if the operating system has
    /// not the memory or the threads.
    pub(crate) fn derive(self, passphrase: &[u8], salt: &[u8], out: &mut [u8; 32]) -> Result<()> {
        let _turn = turns::take();
        match self.0 {
            Algorithm::Argon2id { memory_kib, passes, lanes } => {
                let params = Params::new(memory_kib, passes, u32::from(lanes), Some(out.len())).map_err(refused)?;
                let argon2 = Argon2::new(argon2::Algorithm::Argon2id, Version::V0x13, params);
                with_threads(lanes, || {
                    let mut matrix = Matrix::new(argon2.params().block_count())?;
                    argon2.hash_password_into_with_memory(passphrase, salt, out, &mut matrix.0).map_err(refused)
                })
            }
            Algorithm::Pbkdf2 { iterations } => {
                pbkdf2::pbkdf2_hmac::<sha2::Sha256>(passphrase, salt, iterations, out);
                Ok(())
            }
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
            Algorithm::Pbkdf2 { iterations } => write!(f, "pbkdf2-sha256 i={iterations}"),
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
            Algorithm::Pbkdf2 { iterations } => all_iterations = all_iterations.saturating_add(u64::from(iterations)),
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

/// Argon2's memory: ours and not the crate's own, which is freed un-wiped.
struct Matrix(Vec<Block>);

impl Matrix {
    fn new(blocks: usize) -> Result<Self> {
        let mut matrix = Vec::new();
        matrix.try_reserve_exact(blocks).map_err(|_| {
            Error::Io(format!(
                "the operating system has not {blocks} KiB of memory for argon2id; free some and try again"
            ))
        })?;
        matrix.resize(blocks, Block::new());
        Ok(Self(matrix))
    }
}

impl Drop for Matrix {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(Zeroize::zeroize);
    }
}

/// Runs `work` on a pool of threads for this call alone, which are gone when it returns. Without one, `argon2` takes
/// rayon's global pool, and in a forked child that pool has no threads: the child would wait for ever.
#[cfg(not(target_family = "wasm"))]
fn with_threads<T: Send>(lanes: u8, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(usize::from(lanes).min(std::thread::available_parallelism().map_or(1, usize::from)))
        .build_scoped(|thread| thread.run(), |pool| pool.install(work))
        .map_err(|error| Error::Io(format!("cannot start the threads of argon2id: {error}")))?
}

/// There are no threads, and no fork.
#[cfg(target_family = "wasm")]
fn with_threads<T: Send>(_lanes: u8, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    work()
}

/// What is left for the crate to refuse after our own checks.
fn refused(error: argon2::Error) -> Error {
    Error::invalid(format!("argon2id: {error}"))
}
