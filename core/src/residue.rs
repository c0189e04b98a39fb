//! For tests: what is left of a secret in this process's own memory.

use std::fs::{File, read_to_string};
use std::os::unix::fs::FileExt;
use std::sync::Mutex;

use zeroize::Zeroizing;

const MASK: u8 = 0x5a;

/// Bytes to look for, held under a mask so as not to be found themselves.
pub(crate) struct Trace(Vec<u8>);

impl Trace {
    pub(crate) fn of(bytes: impl IntoIterator<Item = u8>) -> Self {
        Self(bytes.into_iter().map(|byte| byte ^ MASK).collect())
    }

    /// The number of places in memory that can be written where the bytes are.
    pub(crate) fn copies(&self) -> usize {
        // A search in another thread may have in its buffer what it does not look for, and we do.
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _alone = ONE_AT_A_TIME.lock();

        let memory = File::open("/proc/self/mem").unwrap();
        let mut chunk = Zeroizing::new(vec![0; 1 << 16]);
        let own = chunk.as_ptr() as u64..chunk.as_ptr() as u64 + chunk.len() as u64;
        let mut copies = 0;
        for mapping in read_to_string("/proc/self/maps").unwrap().lines() {
            let (range, rest) = mapping.split_once(' ').unwrap();
            if !rest.starts_with("rw") {
                continue;
            }
            let (start, end) = range.split_once('-').unwrap();
            let mut at = u64::from_str_radix(start, 16).unwrap();
            let end = u64::from_str_radix(end, 16).unwrap();
            while at < end {
                // Another test may free the mapping meanwhile, and what is gone holds nothing.
                let Ok(read @ 1..) = memory.read_at(&mut chunk, at) else { break };
                for (offset, window) in chunk[..read].windows(self.0.len()).enumerate() {
                    copies += usize::from(self.is_in(window) && !own.contains(&(at + offset as u64)));
                }
                // Chunks overlap, for what lies across their border.
                at += if read < chunk.len() { read } else { read + 1 - self.0.len() } as u64;
            }
        }
        copies
    }

    fn is_in(&self, window: &[u8]) -> bool {
        window.iter().zip(&self.0).all(|(byte, masked)| byte ^ MASK == *masked)
    }
}
