//! Private keys that a passphrase encrypts: PBES2 (RFC 8018, section 6.2) in PKCS#8.

use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::der::Decode;
use pkcs8::pkcs5::{EncryptionScheme, pbes2::Kdf};
use zeroize::Zeroizing;

use super::key_text::Refusal;
use crate::{Error, turns};

/// The ceilings that vaults and stored hashes have too. OpenSSL writes 2,048 iterations, or scrypt with 16 MiB.
const MAX_ITERATIONS: u64 = 10_000_000;
const MAX_MEMORY_KIB: u64 = 262_144;
const MAX_PARALLEL: u64 = 16;

const OTHER: &str = "an encrypted private key whose encryption is not PBES2 with AES; convert it with `openssl pkcs8 -topk8 -v2 aes256`";
const IMPOSSIBLE: &str = "an encrypted private key with costs that no passphrase has";

pub(super) const WRONG: &str = "an encrypted private key that this passphrase does not open";

/// The DER within.
pub(super) fn decrypt(der: &[u8], passphrase: Option<&[u8]>) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let info = EncryptedPrivateKeyInfoRef::from_der(der).map_err(|_| OTHER)?;
    let EncryptionScheme::Pbes2(parameters) = &info.encryption_algorithm else { return Err(OTHER.into()) };
    let passphrase =
        passphrase.ok_or("an encrypted private key, and no passphrase for it in the field key_password")?;
    check_cost(&parameters.kdf)?;
    let mut bytes = Zeroizing::new(info.encrypted_data.as_bytes().to_vec());
    let _turn = turns::take();
    let length = parameters.decrypt_in_place(passphrase, &mut bytes).map_err(|_| WRONG)?.len();
    bytes.truncate(length);
    Ok(bytes)
}

fn check_cost(kdf: &Kdf) -> Result<(), Refusal> {
    match kdf {
        Kdf::Pbkdf2(kdf) if kdf.iteration_count > 0 => {
            Ok(at_most("pbkdf2 iterations of a private key", kdf.iteration_count.into(), MAX_ITERATIONS)?)
        }
        Kdf::Scrypt(kdf) => {
            let (n, r, p) = (kdf.cost_parameter, u64::from(kdf.block_size), u64::from(kdf.parallelization));
            // RFC 7914, section 2. Of an N of 0 the crate would panic.
            if !n.is_power_of_two() || n < 2 || r == 0 || p == 0 {
                return Err(IMPOSSIBLE.into());
            }
            // The N blocks of 128 r bytes that others count, and the p blocks they are made from.
            let kib = n.max(p).saturating_mul(r).div_ceil(8);
            at_most("scrypt memory in KiB of a private key", kib, MAX_MEMORY_KIB)?;
            at_most("scrypt p of a private key", p, MAX_PARALLEL)?;
            Ok(())
        }
        _ => Err(IMPOSSIBLE.into()),
    }
}

fn at_most(what: &'static str, asked: u64, allowed: u64) -> Result<(), Error> {
    if asked > allowed { Err(Error::Limit { what, asked, allowed }) } else { Ok(()) }
}
