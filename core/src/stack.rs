//! Work that leaves nothing of a secret on the stack.

use zeroize::zeroize_stack;

/// More than any key derivation here uses of a thread's stack: Argon2 has some blocks of 1 KiB there, bcrypt its state of
/// 4 KiB.
const STACK: usize = 64 * 1024;

/// Runs `work`, then wipes the stack that it had: the crates that hash copy a password there, as the block that a hash
/// takes or under the pads of HMAC, and what of that is overwritten by their own later work is up to the compiler.
pub(crate) fn wiped<T>(work: impl FnOnce() -> T) -> T {
    wiped_to::<STACK, T>(work)
}

/// The same for work that is known to use less than `N` bytes, where the time of wiping counts.
pub(crate) fn wiped_to<const N: usize, T>(work: impl FnOnce() -> T) -> T {
    #[inline(never)] // or the stack that is wiped would begin below that of `work`
    fn run<T>(work: impl FnOnce() -> T) -> T {
        work()
    }
    let result = run(work);
    zeroize_stack::<N>();
    result
}
