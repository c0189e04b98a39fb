//! The one place that random bytes come from.

use crate::{Error, Result};

/// Fills a new array with the operating system's random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| Error::Random)?;
    Ok(bytes)
}
