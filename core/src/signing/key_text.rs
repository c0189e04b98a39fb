//! Private keys as people have them: in PEM or not, through shells, JSON, spreadsheets and environment variables.

use std::borrow::Cow;

use data_encoding::{BASE64_NOPAD, Encoding, HEXLOWER_PERMISSIVE};
use zeroize::Zeroizing;

use super::key::Algorithm;
use super::key_der;
use super::private_key::PrivateKey;
use crate::Error;

/// RSA of 8192 bits takes 9 KiB in PEM and encrypted.
const MAX_BYTES: usize = 32 * 1024;

const BEGIN: &[u8] = b"-----BEGIN";
const END: &[u8] = b"-----END";
const DASHES: &[u8] = b"-----";

/// Why there is no key.
pub(super) enum Refusal {
    /// There is something else, after "got".
    Saw(Cow<'static, str>),
    Error(Error),
}

impl From<&'static str> for Refusal {
    fn from(saw: &'static str) -> Self {
        Self::Saw(saw.into())
    }
}

impl From<String> for Refusal {
    fn from(saw: String) -> Self {
        Self::Saw(saw.into())
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Reads a private key, and says which of the `wanted` algorithms it is for.
///
/// PEM may have lost its line ends, or have them written as `\n`, and there may be quotes, spaces and a byte order mark around it.
/// Without PEM's lines it is DER, or that in base64 or hex, or the key's own bytes in base64 or hex.
// The npm package has what this comes to in a part of its own, and finds it by its name: see wasm/bindgen.
#[inline(never)]
pub(super) fn read(
    text: &[u8],
    passphrase: Option<&[u8]>,
    wanted: &[Algorithm],
) -> Result<(usize, PrivateKey), Refusal> {
    check_length(text)?;
    match decode(text)? {
        Decoded::Der { der, curve } => key_der::read(&der, &curve, passphrase, wanted),
        Decoded::Raw(bytes) => key_der::read_raw(&bytes, wanted),
    }
}

/// Whether this is a key beyond doubt, a good one or a bad one, and no secret that happens to look like one.
pub(super) fn is_key(text: &[u8]) -> bool {
    match decode(text) {
        Ok(Decoded::Der { der, .. }) => key_der::looks_like_key(&der),
        Ok(Decoded::Raw(_)) => false,
        Err(_) => is_pem(text) || is_utf_16(text) || is_openssh_public(trimmed(text)),
    }
}

/// Whether it is a text with a block of PEM, a good one or a bad one.
pub(super) fn is_pem(text: &[u8]) -> bool {
    find(text, BEGIN).is_some()
}

/// Base64 in either alphabet, with or without padding, spaces and quotes.
pub(super) fn base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut text = squeezed(trimmed(text));
    while text.last() == Some(&b'=') {
        text.pop();
    }
    for byte in text.iter_mut() {
        match byte {
            b'-' => *byte = b'+',
            b'_' => *byte = b'/',
            _ => {}
        }
    }
    decoded(&BASE64_NOPAD, &text)
}

/// Hex in either case, with or without `0x`, spaces and quotes.
pub(super) fn hex(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = squeezed(trimmed(text));
    let digits = text.strip_prefix(b"0x").or_else(|| text.strip_prefix(b"0X")).unwrap_or(&text);
    decoded(&HEXLOWER_PERMISSIVE, digits)
}

enum Decoded {
    /// `curve` is what a block EC PARAMETERS said, and empty without one.
    Der {
        der: Zeroizing<Vec<u8>>,
        curve: Vec<u8>,
    },
    Raw(Zeroizing<Vec<u8>>),
}

fn check_length(text: &[u8]) -> Result<(), Error> {
    if text.len() > MAX_BYTES {
        let what = "bytes of a private key";
        return Err(Error::Limit { what, asked: text.len() as u64, allowed: MAX_BYTES as u64 });
    }
    Ok(())
}

fn decode(text: &[u8]) -> Result<Decoded, Refusal> {
    check_length(text)?;
    if is_utf_16(text) {
        return Err("text in UTF-16; save it as UTF-8".into());
    }
    // DER has version numbers and lengths in it, which no text has.
    if text.iter().any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace()) {
        return Ok(match text.len() {
            32 | 64 => Decoded::Raw(Zeroizing::new(text.to_vec())),
            _ => Decoded::Der { der: Zeroizing::new(text.to_vec()), curve: Vec::new() },
        });
    }
    let text = unescaped(text);
    let text = trimmed(&text);
    if find(text, BEGIN).is_some() {
        return pem(text);
    }
    if text.is_empty() {
        return Err("an empty field".into());
    }
    if is_openssh_public(text) {
        return Err("an OpenSSH public key".into());
    }
    // What is hex is base64 too, and never meant as that.
    let bytes = match hex(text) {
        Some(bytes) if bytes.len() >= 32 || text.starts_with(b"0x") => bytes,
        None if text.starts_with(b"0x") => return Err("text that begins with 0x, and is not hex of whole bytes".into()),
        _ => base64(text).ok_or("text that is neither PEM nor base64 nor hex")?,
    };
    Ok(match bytes.as_slice() {
        // No DER of a private key is as short as that, so a key's own bytes are never taken for DER by chance.
        _ if bytes.len() == 32 || bytes.len() == 64 => Decoded::Raw(bytes),
        [0x30 | b'o', ..] => Decoded::Der { der: bytes, curve: Vec::new() },
        _ => return Err(format!("{} bytes in base64 or hex", bytes.len()).into()),
    })
}

/// By its byte order mark, which no UTF-8 begins with.
fn is_utf_16(text: &[u8]) -> bool {
    text.starts_with(&[0xff, 0xfe]) || text.starts_with(&[0xfe, 0xff])
}

fn is_openssh_public(text: &[u8]) -> bool {
    [b"ssh-ed25519 ".as_slice(), b"ssh-rsa ", b"ecdsa-sha2-"].iter().any(|kind| text.starts_with(kind))
}

/// The one private key in a text with blocks of PEM (RFC 7468), or what else is there.
fn pem(mut text: &[u8]) -> Result<Decoded, Refusal> {
    let mut found: Option<Zeroizing<Vec<u8>>> = None;
    let (mut curve, mut others) = (Vec::new(), None);
    while let Some((_, rest)) = split(text, BEGIN) {
        let (label, rest) = split(rest, DASHES).ok_or("PEM with a damaged BEGIN line")?;
        let (body, rest) = split(rest, END).ok_or("PEM without its END line: the rest of it is missing")?;
        let (end, rest) = split(rest, DASHES).ok_or("PEM with a damaged END line")?;
        text = rest;
        if squeezed(label) != squeezed(end) {
            return Err("PEM whose BEGIN and END lines differ".into());
        }
        if find(body, b"Proc-Type:").is_some() {
            return Err("a private key in OpenSSL's old encryption; convert it with `openssl pkcs8 -topk8`".into());
        }
        let der = base64(body).filter(|der| !der.is_empty()).ok_or("PEM that is damaged: it is not base64 inside")?;
        let label = squeezed(label);
        if *label == *b"ECPARAMETERS" {
            curve = der.to_vec();
        } else if !label.ends_with(b"PRIVATEKEY") {
            others = Some(der);
        } else if found.replace(der).is_some() {
            return Err("more than one private key".into());
        }
    }
    let der = found.or(others).ok_or("PEM without a private key")?;
    Ok(Decoded::Der { der, curve })
}

/// `\n` and its like as JSON and shells write them, back to what they stand for.
fn unescaped(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut escaped = false;
    for byte in text {
        match byte {
            b'\\' => escaped = true,
            b'n' | b'r' | b't' if escaped => {
                out.push(b'\n');
                escaped = false;
            }
            _ => {
                out.push(*byte);
                escaped = false;
            }
        }
    }
    out
}

/// Without spaces, quotes, and the marks that Windows and the web put around a text.
fn trimmed(mut text: &[u8]) -> &[u8] {
    const AROUND: [&[u8]; 14] = [
        b" ",
        b"\t",
        b"\r",
        b"\n",
        b"\x0c",
        b"\"",
        b"'",
        b"`",
        b"\xef\xbb\xbf",
        b"\xc2\xa0",
        b"\xe2\x80\x9c",
        b"\xe2\x80\x9d",
        b"\xe2\x80\x98",
        b"\xe2\x80\x99",
    ];
    loop {
        let before = text.len();
        for mark in AROUND {
            text = text.strip_prefix(mark).unwrap_or(text);
            text = text.strip_suffix(mark).unwrap_or(text);
        }
        if text.len() == before {
            return text;
        }
    }
}

fn squeezed(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    out.extend(text.iter().filter(|byte| !byte.is_ascii_whitespace()));
    out
}

fn decoded(encoding: &Encoding, text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut out = Zeroizing::new(vec![0; encoding.decode_len(text.len()).ok()?]);
    let length = encoding.decode_mut(text, &mut out).ok()?;
    out.truncate(length);
    Some(out)
}

fn split<'a>(text: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let place = find(text, at)?;
    Some((text.get(..place)?, text.get(place + at.len()..)?))
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_text_is_still_read() {
        assert!(check_length(&[b'a'; 32_768]).is_ok());
        assert_eq!(check_length(&[b'a'; 32_769]).unwrap_err().code(), "limit");
    }
}
