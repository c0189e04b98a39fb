//! Argon2 (RFC 9106) on threads and memory of our own, both of which are wiped.

use std::sync::{Mutex, TryLockError};

use ::argon2::{Argon2, AssociatedData, Block, ParamsBuilder};
use zeroize::Zeroize;

use crate::stack::wiped;
use crate::{Error, Result};

pub(crate) use ::argon2::{Algorithm, Version};

/// Which Argon2, at what cost. The costs were checked by the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Costs {
    pub(crate) algorithm: Algorithm,
    pub(crate) version: Version,
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
}

/// What Argon2 takes besides the passphrase.
#[derive(Clone, Copy, Default)]
pub(crate) struct Inputs<'a> {
    /// 8 bytes or more.
    pub(crate) salt: &'a [u8],
    /// The pepper, or nothing.
    pub(crate) secret: &'a [u8],
    /// At most 32 bytes, or nothing.
    pub(crate) data: &'a [u8],
}

impl Costs {
    /// Argon2id version 0x13, the one that we write.
    pub(crate) const fn argon2id(memory_kib: u32, passes: u32, lanes: u32) -> Self {
        Self { algorithm: Algorithm::Argon2id, version: Version::V0x13, memory_kib, passes, lanes }
    }

    /// Derives as many bytes as `out` holds, 4 at least, in memory from `kept` if there is some.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for a salt of less than 8 bytes and for costs that Argon2 cannot take; [`Error::Io`] if the
    /// operating system has not the memory or the threads.
    pub(crate) fn derive(self, passphrase: &[u8], inputs: Inputs<'_>, kept: &Kept, out: &mut [u8]) -> Result<()> {
        let mut params = ParamsBuilder::new();
        params.m_cost(self.memory_kib).t_cost(self.passes).p_cost(self.lanes).output_len(out.len());
        if !inputs.data.is_empty() {
            params.data(AssociatedData::new(inputs.data).map_err(refused)?);
        }
        let params = params.build().map_err(refused)?;
        let argon2 = match inputs.secret {
            [] => Argon2::new(self.algorithm, self.version, params),
            secret => Argon2::new_with_secret(secret, self.algorithm, self.version, params).map_err(refused)?,
        };
        with_threads(self.lanes, || {
            let mut matrix = kept.take(argon2.params().block_count())?;
            let done = argon2.hash_password_into_with_memory(passphrase, inputs.salt, out, &mut matrix.0);
            kept.put_back(matrix);
            done.map_err(refused)
        })
    }
}

/// What is left for the crate to refuse.
fn refused(error: ::argon2::Error) -> Error {
    Error::invalid(format!("argon2: {error}"))
}

/// Runs `work` on a pool of threads for this call alone, which have wiped their stacks when it returns: the last block of
/// a lane stays there, and the key is the hash of that.
///
/// Without a pool of its own, `argon2` takes rayon's global one, and in a forked child that has no threads: the child would
/// wait for ever. One lane gets a pool too, since rayon starts the global one even to learn that there is only one task.
#[cfg(not(target_family = "wasm"))]
fn with_threads<T: Send>(lanes: u32, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(lanes as usize)
        .build_scoped(|thread| wiped(|| thread.run()), |pool| pool.install(work))
        .map_err(|error| Error::Io(format!("cannot start the threads of argon2: {error}")))?
}

/// There are no threads: the lanes are computed one after the other.
#[cfg(target_family = "wasm")]
fn with_threads<T>(_lanes: u32, work: impl FnOnce() -> Result<T>) -> Result<T> {
    wiped(work)
}

/// Argon2's memory: ours and not the crate's own, which is freed un-wiped.
struct Matrix(Vec<Block>);

impl Matrix {
    fn new(blocks: usize) -> Result<Self> {
        let mut matrix = Vec::new();
        matrix.try_reserve_exact(blocks).map_err(|_| {
            Error::Io(format!(
                "the operating system has not {blocks} KiB of memory for argon2; free some and try again"
            ))
        })?;
        fill(&mut matrix, blocks);
        Ok(Self(matrix))
    }

    fn wipe(&mut self) {
        self.0.iter_mut().for_each(Zeroize::zeroize);
    }
}

/// All threads write the first zeros, since that is when the operating system hands out the pages: one thread alone took
/// nearly a third of the whole derivation for it. The capacity is there, so this allocates nothing.
#[cfg(not(target_family = "wasm"))]
fn fill(matrix: &mut Vec<Block>, blocks: usize) {
    use rayon::iter::{ParallelExtend, repeat_n};

    matrix.par_extend(repeat_n(Block::new(), blocks));
}

#[cfg(target_family = "wasm")]
fn fill(matrix: &mut Vec<Block>, blocks: usize) {
    matrix.resize(blocks, Block::new());
}

impl Drop for Matrix {
    fn drop(&mut self) {
        self.wipe();
    }
}

/// Wiped memory that waits for the next call, which saves the time in which the operating system hands it out.
///
/// It is looked at without waiting: a forked child may have the locked lock of a thread that it does not have, and then
/// takes fresh memory.
pub(crate) struct Kept {
    most: usize,
    matrices: Mutex<Vec<Matrix>>,
}

impl Kept {
    /// Keeps nothing.
    pub(crate) const fn none() -> Self {
        Self::at_most(0)
    }

    /// Keeps the memory of this many calls.
    pub(crate) const fn at_most(most: usize) -> Self {
        Self { most, matrices: Mutex::new(Vec::new()) }
    }

    fn take(&self, blocks: usize) -> Result<Matrix> {
        let kept = self.look(|matrices| {
            matrices.iter().position(|matrix| matrix.0.len() == blocks).map(|at| matrices.swap_remove(at))
        });
        kept.flatten().map_or_else(|| Matrix::new(blocks), Ok)
    }

    fn put_back(&self, mut matrix: Matrix) {
        if self.most == 0 {
            return;
        }
        matrix.wipe();
        self.look(|matrices| {
            matrices.truncate(self.most - 1); // full of the memory of another cost
            matrices.push(matrix);
        });
    }

    fn look<T>(&self, work: impl FnOnce(&mut Vec<Matrix>) -> T) -> Option<T> {
        if self.most == 0 {
            return None;
        }
        match self.matrices.try_lock() {
            Ok(mut matrices) => Some(work(&mut matrices)),
            Err(TryLockError::Poisoned(poisoned)) => Some(work(&mut poisoned.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers of the reference implementation, through argon2-cffi: version 0x13, no secret, no associated data.
    #[test]
    fn argon2id_known_answers() {
        for (memory_kib, passes, lanes, passphrase, salt, expect) in [
            (8, 1, 1, "a", "saltsalt", "b1d9714368e885f465e71741679163026588c8cc5b99e70e50f45731377e2794"),
            (32, 3, 4, "password", "somesalt", "bb0cc80a3e671149526915418c6eefe761bb19d5d2d567a017703e0cea6ab05c"),
            (
                19456,
                2,
                1,
                "correct horse",
                "0123456789abcdef0123456789abcdef",
                "b409e06cd9effc7859feb723a465d2bbbdcb70701cd0cd2937b921ee72b449d3",
            ),
            (
                65536,
                3,
                4,
                "correct horse battery staple",
                "0123456789abcdef0123456789abcdef",
                "b7d5f94a21635fd43604b240e4548b011d05768a9da8636498071ef4e3ee08d4",
            ),
            (100, 2, 3, "café", "saltsaltsalt", "97fd768fe722d422b669309daf69b652626d70f40be70ccb7ece771dfb7d5505"),
        ] {
            let mut out = [0; 32];
            let inputs = Inputs { salt: salt.as_bytes(), ..Inputs::default() };
            Costs::argon2id(memory_kib, passes, lanes)
                .derive(passphrase.as_bytes(), inputs, &Kept::none(), &mut out)
                .unwrap();
            assert_eq!(data_encoding::HEXLOWER.encode(&out), expect, "m={memory_kib} t={passes} p={lanes}");
        }
    }

    #[test]
    fn a_short_salt_is_refused() {
        let inputs = Inputs { salt: b"7 bytes", ..Inputs::default() };
        let refused = Costs::argon2id(32, 1, 4).derive(b"passphrase", inputs, &Kept::none(), &mut [0; 32]);
        assert_eq!(refused.unwrap_err().code(), "invalid_input");
    }

    #[test]
    fn memory_that_is_not_there_is_an_error() {
        assert_eq!(Matrix::new(usize::MAX / 2048).map(|_| ()).unwrap_err().code(), "io");
    }

    /// The last block is as good as the key, which is its hash.
    #[cfg(target_os = "linux")]
    #[test]
    fn no_block_is_left_behind() {
        use crate::residue::Trace;

        let mut passphrase = [0; 32];
        getrandom::fill(&mut passphrase).unwrap();
        let params = ::argon2::Params::new(64, 1, 1, Some(32)).unwrap();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let trace = with_threads(1, || {
            let mut matrix = Matrix::new(64)?;
            argon2.hash_password_into_with_memory(&passphrase, &[7; 32], &mut [0; 32], &mut matrix.0).unwrap();
            let words = &matrix.0.last().unwrap().as_ref()[64..72];
            let trace = Trace::of(words.iter().flat_map(|word| word.to_le_bytes()));
            assert!(trace.copies() > 0, "the search finds nothing, not even what is there");
            Ok(trace)
        })
        .unwrap();
        for kept in [Kept::none(), Kept::at_most(2)] {
            let inputs = Inputs { salt: &[7; 32], ..Inputs::default() };
            Costs::argon2id(64, 1, 1).derive(&passphrase, inputs, &kept, &mut [0; 32]).unwrap();
            assert_eq!(trace.copies(), 0, "{} kept", kept.most);
        }
    }
}
