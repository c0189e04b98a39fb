//! Private keys in DER: PKCS#8 (RFC 5958), SEC1 (RFC 5915) and PKCS#1 (RFC 8017, appendix A.1.2), and in their own bytes.

use pkcs8::PrivateKeyInfoRef;
use pkcs8::der::asn1::{AnyRef, ObjectIdentifier};
use pkcs8::der::{Decode, Reader, SliceReader, Tag, Tagged};
use pkcs8::spki::SubjectPublicKeyInfoRef;
use rsa::pkcs1::RsaPrivateKeyRef;
use sec1::{EcParameters, EcPrivateKey};
use zeroize::Zeroizing;

use super::key::Algorithm;
use super::key_text::Refusal;
use super::private_key::PrivateKey;
use super::{ed25519, p256, rsa as rsa_key, secp256k1};

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");

const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const SECP256K1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.10");

const DAMAGED: &str = "a private key in DER that is damaged";

type Found = Result<(usize, PrivateKey), Refusal>;

/// `curve` is the DER of EC PARAMETERS that came with the key, and empty without.
pub(super) fn read(der: &[u8], curve: &[u8], passphrase: Option<&[u8]>, wanted: &[Algorithm]) -> Found {
    match Kind::of(der)? {
        Kind::Pkcs8 => pkcs8(der, wanted),
        Kind::Encrypted => encrypted(der, passphrase, wanted),
        Kind::Sec1 => ec(der, named_curve(curve), wanted),
        Kind::Pkcs1 => rsa(der, false, wanted),
        Kind::Public => Err(public(der)),
        Kind::Other(what) => Err(what.into()),
    }
}

/// A key's own bytes.
pub(super) fn read_raw(bytes: &[u8], wanted: &[Algorithm]) -> Found {
    let of = "bytes in base64 or hex";
    let (Some(seed), rest) = (bytes.first_chunk(), bytes.get(32..).unwrap_or_default()) else {
        return Err(format!("{} {of}", bytes.len()).into());
    };
    match first(wanted, &[Algorithm::Ed25519, Algorithm::Secp256k1, Algorithm::Eip712]) {
        Some((place, Algorithm::Ed25519)) => {
            let key = ed25519::Key::from_seed(seed);
            if rest.is_empty() || key.is_of(rest) {
                return Ok((place, PrivateKey::Ed25519(key)));
            }
            Err("64 bytes that are not a seed and its own public key".into())
        }
        Some((place, algorithm)) if rest.is_empty() => secp256k1(place, algorithm, seed, None),
        _ => Err(format!("{} {of}", bytes.len()).into()),
    }
}

/// Whether it begins as the DER of a key does. Of random bytes, one in 2^31 does.
pub(super) fn looks_like_key(der: &[u8]) -> bool {
    fn contents(der: &[u8]) -> Option<&[u8]> {
        match der {
            [0x30, 0x81, _, contents @ ..] | [0x30, 0x82, _, _, contents @ ..] => Some(contents),
            [0x30, 0..=0x7f, contents @ ..] => Some(contents),
            _ => None,
        }
    }
    match contents(der) {
        Some([0x02, 0x01, 0 | 1, ..]) => true,
        Some(within) => matches!(contents(within), Some([0x06, 0..16, ..] | [0xa0, 0x03, ..])),
        None => der.starts_with(b"openssh-key-v1"),
    }
}

enum Kind {
    Pkcs8,
    Encrypted,
    Sec1,
    Pkcs1,
    Public,
    Other(&'static str),
}

impl Kind {
    /// What a DER document is shows in what its outermost sequence is made of.
    fn of(der: &[u8]) -> Result<Self, Refusal> {
        if der.starts_with(b"openssh-key-v1") {
            return Err("a private key in OpenSSH's own format; make it PKCS#8".into());
        }
        if der.first() != Some(&0x30) {
            return Err("bytes that are not DER".into());
        }
        let mut reader = SliceReader::new(der).map_err(|_| DAMAGED)?;
        let outer = AnyRef::decode(&mut reader).map_err(|_| "DER that is damaged or cut short")?;
        if !reader.is_finished() {
            return Err("DER with more bytes after its end".into());
        }
        let mut reader = SliceReader::new(outer.value()).map_err(|_| DAMAGED)?;
        let mut tags = Vec::new();
        while !reader.is_finished() {
            tags.push(AnyRef::decode(&mut reader).map_err(|_| "DER that is damaged inside")?.tag());
        }
        let integers = tags.iter().take_while(|tag| **tag == Tag::Integer).count();
        Ok(match tags.as_slice() {
            [Tag::Integer, Tag::Sequence, Tag::OctetString, ..] => Self::Pkcs8,
            [Tag::Sequence, Tag::OctetString] => Self::Encrypted,
            [Tag::Integer, Tag::OctetString, ..] => Self::Sec1,
            [_, _, _, _, _, _, _, _, _] if integers == 9 => Self::Pkcs1,
            [_, _, _, _, _, _, _, _, _, Tag::Sequence] if integers == 9 => {
                Self::Other("an RSA key of more than two primes")
            }
            [_, _, _, _, _, _] if integers == 6 => Self::Other("a DSA private key"),
            [Tag::Integer, Tag::Integer] => Self::Other("an RSA public key"),
            [Tag::Sequence, Tag::BitString] => Self::Public,
            [Tag::Sequence, Tag::Sequence, Tag::BitString] => Self::Other("a certificate"),
            [Tag::Integer, Tag::Sequence, Tag::Sequence] => Self::Other("a PKCS#12 file"),
            _ => Self::Other("DER that is not a private key"),
        })
    }
}

fn pkcs8(der: &[u8], wanted: &[Algorithm]) -> Found {
    let info = PrivateKeyInfoRef::from_der(der).map_err(|_| DAMAGED)?;
    let parameters = info.algorithm.parameters;
    let key = info.private_key.as_bytes();
    match info.algorithm.oid {
        ED25519 => {
            let (place, _) = first(wanted, &[Algorithm::Ed25519]).ok_or("an Ed25519 private key")?;
            // An octet string within the octet string (RFC 8410, section 7).
            let [0x04, 0x20, seed @ ..] = key else { return Err(DAMAGED.into()) };
            let key = ed25519::Key::from_seed(seed.try_into().map_err(|_| DAMAGED)?);
            if let Some(public) = info.public_key.map(|public| public.as_bytes().unwrap_or_default()) {
                check_public(key.is_of(public))?;
            }
            Ok((place, PrivateKey::Ed25519(key)))
        }
        EC => {
            let Some(parameters) = parameters else {
                return Err("an EC private key that does not name its curve".into());
            };
            let curve = parameters.decode_as::<ObjectIdentifier>().map_err(|_| EXPLICIT)?;
            ec(key, Some(curve), wanted)
        }
        RSA => rsa(key, false, wanted),
        RSA_PSS if parameters.is_none() => rsa(key, true, wanted),
        RSA_PSS => Err("an RSA private key that is for PSS with a hash and salt of its own".into()),
        other => Err(format!("{} private key", algorithm_name(other)).into()),
    }
}

const EXPLICIT: &str = "an EC private key with the parameters of its curve instead of its name";

/// Of SEC1, with the curve that what is around it names.
fn ec(der: &[u8], around: Option<ObjectIdentifier>, wanted: &[Algorithm]) -> Found {
    let key =
        EcPrivateKey::from_der(der).map_err(|_| "an EC private key that is damaged, or does not name its curve")?;
    let within = key.parameters.and_then(EcParameters::named_curve);
    if let (Some(within), Some(around)) = (within, around)
        && within != around
    {
        return Err("an EC private key that names two curves".into());
    }
    let curve = within.or(around).ok_or("an EC private key that does not name its curve")?;
    // Writers that count bits leave zeros out in front, which RFC 5915 does not allow, and OpenSSL did.
    let mut scalar = Zeroizing::new([0; 32]);
    let place = 32_usize.checked_sub(key.private_key.len());
    let end = place.and_then(|place| scalar.get_mut(place..));
    match curve {
        P256 => {
            let (place, _) = first(wanted, &[Algorithm::Es256]).ok_or("a P-256 private key")?;
            end.ok_or(DAMAGED)?.copy_from_slice(key.private_key);
            let made = p256::Key::from_scalar(&scalar).ok_or("a number that no P-256 private key is")?;
            if let Some(public) = key.public_key {
                check_public(made.is_of(public))?;
            }
            Ok((place, PrivateKey::Es256(made)))
        }
        SECP256K1 => {
            let algorithms = [Algorithm::Secp256k1, Algorithm::Eip712];
            let (place, algorithm) = first(wanted, &algorithms).ok_or("a secp256k1 private key")?;
            end.ok_or(DAMAGED)?.copy_from_slice(key.private_key);
            secp256k1(place, algorithm, &scalar, key.public_key)
        }
        other => Err(format!("an EC private key for {}", curve_name(other)).into()),
    }
}

fn secp256k1(place: usize, algorithm: Algorithm, scalar: &[u8; 32], public: Option<&[u8]>) -> Found {
    let key = secp256k1::Key::from_scalar(scalar).ok_or("a number that no secp256k1 private key is")?;
    if let Some(public) = public {
        check_public(key.is_of(public))?;
    }
    Ok((place, if algorithm == Algorithm::Eip712 { PrivateKey::Eip712(key) } else { PrivateKey::Secp256k1(key) }))
}

/// Of PKCS#1.
fn rsa(der: &[u8], pss_only: bool, wanted: &[Algorithm]) -> Found {
    let both = [Algorithm::RsaSha256, Algorithm::RsaPssSha256];
    let (place, algorithm) = if pss_only {
        first(wanted, &[Algorithm::RsaPssSha256]).ok_or("an RSA private key that is for PSS only")?
    } else {
        first(wanted, &both).ok_or("an RSA private key")?
    };
    let key = RsaPrivateKeyRef::from_der(der).map_err(|_| DAMAGED)?;
    let modulus = key.modulus.as_bytes();
    let bits = modulus.len() * 8 - modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
    if !(rsa_key::MIN_BITS..=rsa_key::MAX_BITS).contains(&bits) {
        return Err(format!("an RSA private key of {bits} bits").into());
    }
    let key = rsa_key::Key::new(key, algorithm == Algorithm::RsaPssSha256)
        .ok_or("an RSA private key whose numbers do not belong together")?;
    Ok((place, PrivateKey::Rsa(key)))
}

#[cfg(not(target_family = "wasm"))]
fn encrypted(der: &[u8], passphrase: Option<&[u8]>, wanted: &[Algorithm]) -> Found {
    use super::key_encrypted::{WRONG, decrypt};

    let der = decrypt(der, passphrase)?;
    // One wrong passphrase in 256 leaves what looks like padding.
    match Kind::of(&der) {
        Ok(Kind::Pkcs8) => pkcs8(&der, wanted),
        _ => Err(WRONG.into()),
    }
}

/// The ciphers and key derivations for it would be fetched by every page, for a key that is in an encrypted vault anyway.
#[cfg(target_family = "wasm")]
fn encrypted(_der: &[u8], _passphrase: Option<&[u8]>, _wanted: &[Algorithm]) -> Found {
    Err("an encrypted private key, which is not decrypted in WebAssembly; store it decrypted, with `openssl pkcs8`"
        .into())
}

fn public(der: &[u8]) -> Refusal {
    match SubjectPublicKeyInfoRef::from_der(der) {
        Ok(info) => format!("{} public key", algorithm_name(info.algorithm.oid)).into(),
        Err(_) => "a public key".into(),
    }
}

fn check_public(belongs: bool) -> Result<(), Refusal> {
    if belongs { Ok(()) } else { Err("a private key with a public key that is not its own".into()) }
}

/// The first of `wanted` that is one of these, and its place.
fn first(wanted: &[Algorithm], these: &[Algorithm]) -> Option<(usize, Algorithm)> {
    wanted.iter().copied().enumerate().find(|(_, algorithm)| these.contains(algorithm))
}

fn named_curve(parameters: &[u8]) -> Option<ObjectIdentifier> {
    ObjectIdentifier::from_der(parameters).ok()
}

fn algorithm_name(oid: ObjectIdentifier) -> &'static str {
    const NAMES: [(&str, &str); 9] = [
        ("1.2.840.10045.2.1", "an EC"),
        ("1.2.840.10040.4.1", "a DSA"),
        ("1.2.840.113549.1.1.1", "an RSA"),
        ("1.2.840.113549.1.1.10", "an RSA-PSS"),
        ("1.2.840.113549.1.3.1", "a DH"),
        ("1.3.101.110", "an X25519"),
        ("1.3.101.111", "an X448"),
        ("1.3.101.112", "an Ed25519"),
        ("1.3.101.113", "an Ed448"),
    ];
    name_of(&NAMES, oid).unwrap_or("another kind of")
}

fn curve_name(oid: ObjectIdentifier) -> &'static str {
    const NAMES: [(&str, &str); 4] = [
        ("1.3.132.0.33", "P-224"),
        ("1.3.132.0.34", "P-384"),
        ("1.3.132.0.35", "P-521"),
        ("1.2.840.10045.3.1.1", "P-192"),
    ];
    name_of(&NAMES, oid).unwrap_or("another curve")
}

fn name_of(names: &[(&str, &'static str)], oid: ObjectIdentifier) -> Option<&'static str> {
    names
        .iter()
        .find(|(dotted, _)| ObjectIdentifier::new(dotted).is_ok_and(|known| known == oid))
        .map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    const ALL: [Algorithm; 10] = Algorithm::ALL;

    fn refusal(found: Found) -> String {
        match found {
            Err(Refusal::Saw(what)) => what.into_owned(),
            Err(Refusal::Error(error)) => panic!("{error}"),
            Ok((place, _)) => panic!("a key for {place}"),
        }
    }

    #[test]
    fn what_is_no_private_key_is_named_by_its_parts() {
        // INTEGER, NULL and SEQUENCE.
        let (int, null, seq) = ("020101", "0500", "3000");
        for (parts, name) in [
            (int.repeat(9), "a private key in DER that is damaged"),
            (int.repeat(8) + null, "DER that is not a private key"),
            (int.repeat(9) + seq, "an RSA key of more than two primes"),
            (int.repeat(8) + null + seq, "DER that is not a private key"),
            (int.repeat(9) + null, "DER that is not a private key"),
            (int.repeat(6), "a DSA private key"),
            (int.repeat(5) + null, "DER that is not a private key"),
            (int.repeat(2), "an RSA public key"),
            (int.repeat(3), "DER that is not a private key"),
            (int.to_owned() + seq + seq, "a PKCS#12 file"),
        ] {
            let der = HEXLOWER.decode(format!("30{:02x}{parts}", parts.len() / 2).as_bytes()).unwrap();
            let wanted = [Algorithm::RsaSha256];
            assert_eq!(refusal(read(&der, &[], None, &wanted)), name, "{parts}");
        }
    }

    /// RFC 8017, appendix A.2.3: the key may be used with that hash and salt only.
    #[test]
    fn a_key_for_pss_with_parameters_is_refused() {
        let key = |parameters: &str| {
            let algorithm = format!("06092a864886f70d01010a{parameters}");
            let parts = format!("02010030{:02x}{algorithm}040100", algorithm.len() / 2);
            let der = HEXLOWER.decode(format!("30{:02x}{parts}", parts.len() / 2).as_bytes()).unwrap();
            refusal(read(&der, &[], None, &ALL))
        };
        assert_eq!(key(""), "a private key in DER that is damaged");
        for parameters in ["3000", "0500"] {
            assert_eq!(key(parameters), "an RSA private key that is for PSS with a hash and salt of its own");
        }
    }

    #[test]
    fn a_keys_own_bytes_are_all_of_them() {
        let of = |algorithm, length| read_raw(&vec![1; length], &[algorithm]);
        for algorithm in [Algorithm::Secp256k1, Algorithm::Eip712, Algorithm::Ed25519] {
            assert_eq!(of(algorithm, 32).ok().unwrap().0, 0);
            assert_eq!(refusal(of(algorithm, 31)), "31 bytes in base64 or hex");
        }
        assert_eq!(refusal(of(Algorithm::Secp256k1, 64)), "64 bytes in base64 or hex");
        assert_eq!(refusal(of(Algorithm::Eip712, 64)), "64 bytes in base64 or hex");
        assert_eq!(refusal(of(Algorithm::Ed25519, 64)), "64 bytes that are not a seed and its own public key");
        assert_eq!(refusal(of(Algorithm::Es256, 32)), "32 bytes in base64 or hex");
    }

    #[test]
    fn a_secret_is_no_key_for_how_it_begins() {
        for der in [
            "302e020100",
            "30820276020100",
            "30816402010104",
            "30193013060704",
            "3081ff308112a0030201",
            "30593013060704",
        ] {
            assert!(looks_like_key(&HEXLOWER.decode(der.as_bytes()).unwrap()), "{der}");
        }
        for der in
            ["", "30", "3020", "30200201", "3020020102", "302002020100", "30203010061004", "30203010a00403", "31200201"]
        {
            assert!(!looks_like_key(&HEXLOWER.decode(der.as_bytes()).unwrap()), "{der}");
        }
        assert!(looks_like_key(b"openssh-key-v1\0"));
        assert!(!looks_like_key(b"openssh-key"));
    }
}
