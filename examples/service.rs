//! A service that asks Binance for the balances, with a secret which it never sees. Copy it into yours.
//!
//! ```text
//! export STRONGROOM_VAULT=bots.vault STRONGROOM_KEY_FILE=scalper-1.key
//! cargo run --example service
//! ```
//!
//! The HTTP client is reqwest; any other takes the four parts of a signed request just as well. Here it comes without TLS,
//! since the tests serve plain HTTP: a service of yours has reqwest's default features.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::Method;
use reqwest::blocking::Client;
use strongroom::Key;
use strongroom::signing::{Request, Signer};
use strongroom::vault::{Unlock, VaultFile};

fn now_ms() -> Result<i64, Box<dyn Error>> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis().try_into()?)
}

/// Asks for what needs a signature, and gives the answer's text.
fn ask(signer: &Signer, url: &str) -> Result<String, Box<dyn Error>> {
    let signed = signer.sign(&Request::new("GET", url, signer.server_time_ms(now_ms()?)))?;
    let client = Client::builder().no_proxy().build()?;
    let mut request = client.request(Method::from_bytes(signed.method.as_bytes())?, signed.url).body(signed.body);
    for (name, value) in signed.headers {
        request = request.header(name, value);
    }
    // reqwest's errors tell the URL, and with it the signature.
    Ok(request.send().and_then(|answer| answer.error_for_status()?.text()).map_err(|error| error.without_url())?)
}

fn run(vault: &Path, key_file: &Path, url: &str) -> Result<String, Box<dyn Error>> {
    let file = VaultFile::open(vault, &Unlock::key(Key::read(key_file)?))?;
    let signer = file.vault().entry("binance/main")?.signer("binance")?;
    ask(&signer, url)
} // the vault is dropped here, and its keys are wiped, the signer's with them

fn main() -> ExitCode {
    let path_in = |name| std::env::var_os(name).ok_or(format!("expected a path in the variable {name}"));
    let paths = path_in("STRONGROOM_VAULT").and_then(|vault| Ok((vault, path_in("STRONGROOM_KEY_FILE")?)));
    let balances = paths.map_err(Into::into).and_then(|(vault, key_file)| {
        run(vault.as_ref(), key_file.as_ref(), "https://api.binance.com/api/v3/account?recvWindow=5000")
    });
    match balances {
        Ok(balances) => println!("{balances}"),
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
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use data_encoding::HEXLOWER;
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::Sha256;
    use strongroom::Kdf;
    use strongroom::vault::{Access, Entry, OnDamage};

    const SECRET: &str = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";

    /// Takes one request, and answers whether it is signed as Binance wants it.
    fn exchange(listener: &TcpListener) -> String {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.push(byte[0]);
        }
        let request = String::from_utf8(request).unwrap();
        let query = request.split([' ', '?']).nth(2).unwrap();
        let (signed, signature) = query.split_once("&signature=").unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(signed.as_bytes());
        let is_right = mac.verify_slice(&HEXLOWER.decode(signature.as_bytes()).unwrap()).is_ok();
        let has_key = request.to_ascii_lowercase().contains("\r\nx-mbx-apikey: key\r\n");
        let answer = if is_right && has_key { "welcome" } else { "refused" };
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\n{answer}").unwrap();
        request
    }

    #[test]
    fn a_holder_asks_an_exchange_until_revoked() {
        let folder = tempfile::tempdir().unwrap();
        let (path, key_file) = (folder.path().join("bots.vault"), folder.path().join("scalper-1.key"));
        let key = Key::generate().unwrap();
        key.write(&key_file).unwrap();

        let mut file = VaultFile::create(&path, &Unlock::key(Key::generate().unwrap()), Kdf::default()).unwrap();
        file.edit(|vault| vault.put("binance/main", Entry::new().with("secret", SECRET).with_info("api_key", "key")))
            .unwrap();
        let access = Access::Compartments(&["binance"]);
        file.edit(|vault| vault.grant("scalper-1", access, &Unlock::key(key), Kdf::default())).unwrap();

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/api/v3/account?recvWindow=5000", listener.local_addr().unwrap());
        let server = thread::spawn(move || exchange(&listener));
        assert_eq!(run(&path, &key_file, &url).unwrap(), "welcome");
        assert!(server.join().unwrap().starts_with("GET /api/v3/account?timestamp="));

        file.edit(|vault| vault.revoke("scalper-1", OnDamage::Refuse)).unwrap();
        let refused = run(&path, &key_file, &url).unwrap_err();
        assert_eq!(refused.downcast_ref::<strongroom::Error>().map(strongroom::Error::code), Some("decrypt"));
    }
}
