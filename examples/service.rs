//! A service that signs for Binance with a secret which it never sees. Copy it into yours.
//!
//! ```text
//! export STRONGROOM_VAULT=bots.vault STRONGROOM_KEY_FILE=scalper-1.key
//! echo -n 'symbol=BTCUSDT&timestamp=1700000000000' | cargo run --example service
//! ```
//!
//! It prints the signature of what it reads, as Binance expects it: HMAC-SHA-256 in hex.

use std::error::Error;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use strongroom::Key;
use strongroom::vault::{Hash, Unlock, VaultFile};

/// Opens the vault with a key file, and signs a message with the secret of `binance/main`.
fn sign(vault: &Path, key_file: &Path, message: &[u8]) -> strongroom::Result<String> {
    let key = Key::read(key_file)?;
    let file = VaultFile::open(vault, &Unlock::key(key))?;
    let signature = file.vault().entry("binance/main")?.hmac("secret", Hash::Sha256, message)?;
    Ok(signature.iter().map(|byte| format!("{byte:02x}")).collect())
} // the vault is dropped here, and its keys are wiped

fn run() -> Result<String, Box<dyn Error>> {
    let path_in = |name| std::env::var_os(name).ok_or(format!("expected a path in the variable {name}"));
    let (vault, key_file) = (path_in("STRONGROOM_VAULT")?, path_in("STRONGROOM_KEY_FILE")?);
    let mut message = Vec::new();
    std::io::stdin().read_to_end(&mut message)?;
    Ok(sign(vault.as_ref(), key_file.as_ref(), &message)?)
}

fn main() -> ExitCode {
    match run() {
        Ok(signature) => println!("{signature}"),
        Err(error) => {
            eprintln!("service: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom::Kdf;
    use strongroom::vault::{Access, Entry, OnDamage};

    /// The example in Binance's documentation, "SIGNED Endpoint Example for POST /api/v3/order":
    /// <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security>
    #[test]
    fn a_holder_signs_as_binance_documents_it_until_revoked() {
        let folder = tempfile::tempdir().unwrap();
        let (path, key_file) = (folder.path().join("bots.vault"), folder.path().join("scalper-1.key"));
        let key = Key::generate().unwrap();
        key.write(&key_file).unwrap();

        let mut file = VaultFile::create(&path, &Unlock::key(Key::generate().unwrap()), Kdf::default()).unwrap();
        let secret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";
        file.edit(|vault| vault.put("binance/main", Entry::new().with("secret", secret))).unwrap();
        let access = Access::Compartments(&["binance"]);
        file.edit(|vault| vault.grant("scalper-1", access, &Unlock::key(key), Kdf::default())).unwrap();

        let message = b"symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC\
            &quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559";
        let expected = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71";
        assert_eq!(sign(&path, &key_file, message).unwrap(), expected);

        file.edit(|vault| vault.revoke("scalper-1", OnDamage::Refuse)).unwrap();
        assert_eq!(sign(&path, &key_file, message).unwrap_err().code(), "decrypt");
    }
}
