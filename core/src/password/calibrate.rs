//! How much Argon2id this host can afford.

use core::time::Duration;

use crate::{Kdf, Result};

/// The floor: OWASP's least.
const LEAST: (u32, u32, u8) = (19_456, 2, 1);
const MOST_MEMORY_KIB: u32 = 262_144;
const MOST_PASSES: u32 = 16;

/// The highest cost of Argon2id whose derivation takes at most `target` here, as measured, and the time that it took.
///
/// It prefers memory to passes, since that is what an attacker has to pay for: 4 lanes over as much memory as fits, up to
/// 256 MiB, then more passes, up to 16. It is never under the floor of [`Kdf::argon2id`]; if even that takes longer, the time
/// says so. It takes some ten times the target.
///
/// `now` tells the time since any fixed point: `|| start.elapsed()` of a [`std::time::Instant`], and `performance.now()` in
/// a browser.
///
/// # Errors
/// [`Error::Io`](crate::Error) if the operating system has not the memory or the threads.
pub fn calibrate(target: Duration, mut now: impl FnMut() -> Duration) -> Result<(Kdf, Duration)> {
    let mut measure = |kdf: Kdf| -> Result<Duration> {
        let mut least = Duration::MAX;
        for _ in 0..3 {
            let start = now();
            kdf.derive(b"a passphrase of usual length", &[7; 16], &mut [0; 32])?;
            least = least.min(now().saturating_sub(start));
            if least > target {
                break; // the first of a cost is the slowest, but not by that much
            }
        }
        Ok(least)
    };
    let floor = Kdf::argon2id(LEAST.0, LEAST.1, LEAST.2)?;
    let mut best = (floor, measure(floor)?);
    for (memory_kib, passes) in [(19_456, 2), (32_768, 3), (65_536, 3), (131_072, 3), (MOST_MEMORY_KIB, 3)] {
        let kdf = Kdf::argon2id(memory_kib, passes, 4)?;
        let took = measure(kdf)?;
        if took > target {
            return Ok(best);
        }
        best = (kdf, took);
    }
    // All the memory is in use. The time grows with the passes, so one more measurement tells how many fit.
    let passes = (best.1.as_secs_f64() > 0.0).then(|| 3.0 * target.as_secs_f64() / best.1.as_secs_f64());
    let mut passes = (passes.unwrap_or(3.0) as u32).clamp(3, MOST_PASSES);
    while passes > 3 {
        let kdf = Kdf::argon2id(MOST_MEMORY_KIB, passes, 4)?;
        let took = measure(kdf)?;
        if took <= target {
            return Ok((kdf, took));
        }
        passes -= 1;
    }
    Ok(best)
}
