//! The digest of typed data (EIP-712), which comes as the JSON of `eth_signTypedData_v4`.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::HEXLOWER_PERMISSIVE;
use sha3::{Digest, Keccak256};

use super::json::Json;
use super::uint256::Uint256;
use crate::{Error, Result};

const MAX_BYTES: usize = 64 * 1024;
/// Each may be in the type of each other, so that their number is squared in the work.
const MAX_STRUCTS: usize = 64;

const DOMAIN: &str = "EIP712Domain";

type Word = [u8; 32];

/// What is signed: `keccak256("\x19\x01" ‖ domain separator ‖ hash of the message)`.
///
/// Members that the types do not name are left out, as other implementations do.
///
/// # Errors
/// [`Error::InvalidInput`], which names the type that was expected; [`Error::Limit`].
pub(super) fn digest(json: &[u8]) -> Result<Word> {
    at_most("bytes of typed data", json.len(), MAX_BYTES)?;
    let json = core::str::from_utf8(json).map_err(|_| Error::invalid("expected typed data as JSON in UTF-8"))?;
    let data = Json::parse(json, "the typed data")?;
    let parts = members(&data).ok_or_else(|| invalid("an object"))?;
    let part =
        |name| parts.get(name).copied().ok_or_else(|| invalid("an object with types, primaryType, domain and message"));
    let types = Types::parse(members(part("types")?).ok_or_else(|| invalid("an object of types"))?)?;
    let Json::Text(primary) = part("primaryType")? else { return Err(invalid("the name of a type as primaryType")) };

    let mut hash = Keccak256::new_with_prefix(b"\x19\x01");
    hash.update(types.hash_struct(DOMAIN, part("domain")?)?);
    if *primary != DOMAIN {
        hash.update(types.hash_struct(primary, part("message")?)?);
    }
    Ok(hash.finalize().into())
}

type Members<'a> = BTreeMap<&'a str, &'a Json<'a>>;

fn members<'a>(json: &'a Json<'_>) -> Option<Members<'a>> {
    match json {
        Json::Object(members) => Some(members.iter().map(|(name, value)| (name.as_ref(), value)).collect()),
        _ => None,
    }
}

struct Types<'a>(BTreeMap<&'a str, Struct<'a>>);

struct Struct<'a> {
    members: Vec<Member<'a>>,
    type_hash: Word,
}

struct Member<'a> {
    name: &'a str,
    declared: &'a str,
    base: Base<'a>,
    /// From the inside out; `None` is any length.
    arrays: Vec<Option<usize>>,
}

impl<'a> Types<'a> {
    fn parse(json: Members<'a>) -> Result<Self> {
        at_most("types of typed data", json.len(), MAX_STRUCTS)?;
        let mut types = Self(BTreeMap::new());
        for (name, members) in json {
            // Such a name would be read as a type of Solidity where it is used.
            if !is_name(name) || Base::of_solidity(name).is_some() {
                return Err(invalid(
                    "names of types without spaces and brackets, that are not those of Solidity's own types",
                ));
            }
            let Json::Array(members) = members else { return Err(invalid("a list of members for each type")) };
            let members = members.iter().map(Member::parse).collect::<Result<Vec<_>>>()?;
            let names: BTreeSet<_> = members.iter().map(|member| member.name).collect();
            if names.len() != members.len() {
                return Err(invalid("members with different names in a type"));
            }
            types.0.insert(name, Struct { members, type_hash: Word::default() });
        }
        let hashes = types.0.keys().map(|name| Ok(Keccak256::digest(types.encode_type(name)?).into()));
        for (hash, known) in hashes.collect::<Result<Vec<Word>>>()?.into_iter().zip(types.0.values_mut()) {
            known.type_hash = hash;
        }
        Ok(types)
    }

    /// The type, and after it in the order of their names those that it needs.
    fn encode_type(&self, name: &'a str) -> Result<String> {
        let (mut others, mut unseen) = (BTreeSet::new(), vec![name]);
        while let Some(name) = unseen.pop() {
            for member in &self.get(name)?.members {
                if let Base::Struct(other) = member.base
                    && others.insert(other)
                {
                    unseen.push(other);
                }
            }
        }
        others.remove(name);
        let mut text = String::new();
        for name in core::iter::once(name).chain(others) {
            let members = &self.get(name)?.members;
            let members: Vec<_> = members.iter().map(|member| format!("{} {}", member.declared, member.name)).collect();
            text.push_str(&format!("{name}({})", members.join(",")));
        }
        Ok(text)
    }

    fn get(&self, name: &str) -> Result<&Struct<'a>> {
        self.0.get(name).ok_or_else(|| invalid("types that are all among its types, EIP712Domain with them"))
    }

    fn hash_struct(&self, name: &str, value: &Json<'_>) -> Result<Word> {
        let known = self.get(name)?;
        let value = members(value).ok_or_else(|| invalid("an object for each struct"))?;
        let mut hash = Keccak256::new_with_prefix(known.type_hash);
        for member in &known.members {
            let value = value.get(member.name).ok_or_else(|| invalid("a value for every member of a struct"))?;
            hash.update(self.encode(member.base, &member.arrays, value)?);
        }
        Ok(hash.finalize().into())
    }

    fn encode(&self, base: Base<'a>, arrays: &[Option<usize>], value: &Json<'_>) -> Result<Word> {
        if let Some((length, inner)) = arrays.split_last() {
            let Json::Array(values) = value else { return Err(invalid("a list for an array")) };
            if length.is_some_and(|length| length != values.len()) {
                return Err(invalid("as many values in an array as its type says"));
            }
            let mut hash = Keccak256::new();
            for value in values {
                hash.update(self.encode(base, inner, value)?);
            }
            return Ok(hash.finalize().into());
        }
        match base {
            // As in eth_signTypedData_v4, or a type that holds itself would have no end.
            Base::Struct(_) if matches!(value, Json::Null) => Ok(Word::default()),
            Base::Struct(name) => self.hash_struct(name, value),
            Base::Atom(atom) => atom.encode(value),
        }
    }
}

impl<'a> Member<'a> {
    fn parse(json: &'a Json<'a>) -> Result<Self> {
        let parts = members(json).unwrap_or_default();
        let (Some(Json::Text(name)), Some(Json::Text(declared))) = (parts.get("name"), parts.get("type")) else {
            return Err(invalid("a name and a type for every member"));
        };
        let (name, declared) = (name.as_ref(), declared.as_ref());
        if !is_name(name) {
            return Err(invalid("names of members without spaces and brackets"));
        }
        let (base, mut rest) = declared.find('[').map_or((declared, ""), |at| declared.split_at(at));
        let mut arrays = Vec::new();
        while let Some(array) = rest.strip_prefix('[') {
            let (length, after) = array.split_once(']').ok_or_else(no_type)?;
            arrays.push(if length.is_empty() { None } else { Some(number(length).ok_or_else(no_type)?) });
            rest = after;
        }
        let base = match Base::of_solidity(base) {
            Some(base) => base,
            None if is_name(base) => Base::Struct(base),
            None => return Err(no_type()),
        };
        if rest.is_empty() { Ok(Self { name, declared, base, arrays }) } else { Err(no_type()) }
    }
}

#[derive(Clone, Copy)]
enum Base<'a> {
    Atom(Atom),
    Struct(&'a str),
}

impl Base<'_> {
    /// `uint` and `int` are not among them: EIP-712 has no aliases, so nobody is to wonder what was signed.
    fn of_solidity(name: &str) -> Option<Self> {
        let sized = |prefix| name.strip_prefix(prefix).and_then(number);
        let bits = |bits: &usize| bits.is_multiple_of(8) && *bits <= 256;
        let atom = match name {
            "string" => Atom::Text,
            "bytes" => Atom::Bytes,
            "bool" => Atom::Bool,
            "address" => Atom::Address,
            _ => match (sized("bytes"), sized("uint"), sized("int")) {
                (Some(length @ ..=32), ..) => Atom::Fixed(length),
                (_, Some(size), _) if bits(&size) => Atom::Uint(size),
                (.., Some(size)) if bits(&size) => Atom::Int(size),
                _ => return None,
            },
        };
        Some(Self::Atom(atom))
    }
}

/// Sizes are in bytes for `Fixed`, and in bits for numbers.
#[derive(Clone, Copy)]
enum Atom {
    Text,
    Bytes,
    Bool,
    Address,
    Fixed(usize),
    Uint(usize),
    Int(usize),
}

impl Atom {
    fn encode(self, value: &Json<'_>) -> Result<Word> {
        self.word(value).ok_or_else(|| match self {
            Self::Text => invalid("text for a string"),
            Self::Bytes => invalid("hex that begins with 0x for bytes"),
            Self::Bool => invalid("true or false for a bool"),
            Self::Address => invalid("0x and 40 hex digits for an address, with a correct checksum if in both cases"),
            Self::Fixed(length) => invalid(format!("0x and {} hex digits for bytes{length}", length * 2)),
            Self::Uint(bits) => invalid(format!("a number for uint{bits}, or its text in decimal or hex")),
            Self::Int(bits) => invalid(format!("a number for int{bits}, or its text in decimal or hex")),
        })
    }

    fn word(self, value: &Json<'_>) -> Option<Word> {
        match (self, value) {
            (Self::Text, Json::Text(text)) => Some(Keccak256::digest(text.as_bytes()).into()),
            (Self::Bytes, Json::Text(text)) => Some(Keccak256::digest(hex(text)?).into()),
            (Self::Bool, Json::Bool(value)) => Some(Uint256::from(u64::from(*value)).to_bytes()),
            (Self::Address, Json::Text(text)) => address(text),
            (Self::Fixed(length), Json::Text(text)) => {
                let bytes = hex(text).filter(|bytes| bytes.len() == length)?;
                let mut word = Word::default();
                word.get_mut(..length)?.copy_from_slice(&bytes);
                Some(word)
            }
            (Self::Uint(bits), value) => {
                let (negative, number) = integer(value)?;
                (!negative && number.bits() <= bits).then(|| number.to_bytes())
            }
            (Self::Int(bits), value) => match integer(value)? {
                (false, number) => (number.bits() < bits).then(|| number.to_bytes()),
                // -n in two's complement is the inverse of n - 1.
                (true, number) => {
                    let less = number.minus_one();
                    (less.bits() < bits).then(|| less.to_bytes().map(|byte| !byte))
                }
            },
            _ => None,
        }
    }
}

/// Whether it is negative, and its magnitude. A number with a fraction or an exponent is none.
fn integer(value: &Json<'_>) -> Option<(bool, Uint256)> {
    let (text, hex) = match value {
        Json::Number(text) => (*text, None),
        Json::Text(text) => (text.as_ref(), text.strip_prefix("0x")),
        _ => return None,
    };
    let (negative, number) = match (hex, text.strip_prefix('-')) {
        (Some(digits), _) => (false, Uint256::from_hex(digits)?),
        (None, Some(digits)) => (true, Uint256::from_decimal(digits)?),
        (None, None) => (false, Uint256::from_decimal(text)?),
    };
    Some((negative && number.bits() > 0, number))
}

fn address(text: &str) -> Option<Word> {
    let bytes = hex(text).filter(|bytes| bytes.len() == 20)?;
    let digits = text.strip_prefix("0x")?;
    let both = digits.bytes().any(|digit| digit.is_ascii_lowercase())
        && digits.bytes().any(|digit| digit.is_ascii_uppercase());
    // Digits in both cases carry a checksum (ERC-55), and a typing error in them sends money to nobody.
    if both && !is_checksummed(digits) {
        return None;
    }
    let mut word = Word::default();
    word.get_mut(12..)?.copy_from_slice(&bytes);
    Some(word)
}

fn is_checksummed(digits: &str) -> bool {
    let hash = Keccak256::digest(digits.to_ascii_lowercase());
    let nibbles = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .bytes()
        .zip(nibbles)
        .all(|(digit, nibble)| !digit.is_ascii_alphabetic() || digit.is_ascii_uppercase() == (nibble >= 8))
}

fn hex(text: &str) -> Option<Vec<u8>> {
    HEXLOWER_PERMISSIVE.decode(text.strip_prefix("0x")?.as_bytes()).ok()
}

/// Of at least 1, as it is written in a type.
fn number(digits: &str) -> Option<usize> {
    let plain = digits.bytes().all(|digit| digit.is_ascii_digit()) && !digits.starts_with('0');
    if plain { digits.parse().ok() } else { None }
}

/// Identifiers by EIP-712; but Hyperliquid's have a colon in them. What must not be there is what stands around names where
/// a type is hashed, or two types could have one hash.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && !b"()[],".contains(&byte))
}

fn no_type() -> Error {
    invalid("members with a type of Solidity, of its types, or arrays of these")
}

fn invalid(expected: impl core::fmt::Display) -> Error {
    Error::invalid(format!("typed data: expected {expected}"))
}

fn at_most(what: &'static str, asked: usize, allowed: usize) -> Result<()> {
    if asked > allowed {
        return Err(Error::Limit { what, asked: asked as u64, allowed: allowed as u64 });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::signing::key::{Algorithm, SecretForm, SigningKey};

    fn vectors() -> Value {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/signing_typed_data.json");
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    fn one(declared: &str, value: Value, more: Option<&Map<String, Value>>) -> Value {
        let mut data = json!({
            "types": {"EIP712Domain": [{"name": "name", "type": "string"}], "T": [{"name": "v", "type": declared}]},
            "primaryType": "T",
            "domain": {"name": "t"},
            "message": {"v": value},
        });
        for (name, members) in more.into_iter().flatten() {
            data["types"][name] = members.clone();
        }
        data
    }

    fn digest_of(data: &Value) -> Result<String> {
        digest(data.to_string().as_bytes()).map(|digest| HEXLOWER_PERMISSIVE.encode(&digest))
    }

    #[test]
    fn digests_are_those_of_eth_account() {
        for case in vectors()["digests"].as_array().unwrap() {
            let declared = case["type"].as_str().unwrap();
            let data = one(declared, case["value"].clone(), case["types"].as_object());
            assert_eq!(digest_of(&data).unwrap(), case["digest"].as_str().unwrap(), "{case}");
        }
    }

    #[test]
    fn signatures_are_those_of_others() {
        for case in vectors()["signed"].as_array().unwrap() {
            let key = case["key"].as_str().unwrap();
            let (place, key) =
                SigningKey::load(key.as_bytes(), None, &[(Algorithm::Eip712, SecretForm::Text)]).unwrap();
            assert_eq!(place, 0);
            let data = case["typed_data"].to_string();
            let signature = HEXLOWER_PERMISSIVE.encode(&key.sign(data.as_bytes()).unwrap());
            assert_eq!(signature, case["signature"].as_str().unwrap(), "{}", case["name"]);
            if let Some(known) = case["digest"].as_str() {
                assert_eq!(digest_of(&case["typed_data"]).unwrap(), known);
            }
        }
    }

    #[test]
    fn a_number_may_be_text_in_decimal_or_hex() {
        for (declared, numbers) in [
            ("uint64", [json!(255), json!("255"), json!("0xff"), json!("0x00FF")]),
            ("int64", [json!(-255), json!("-255"), json!("-0255"), json!(-255)]),
            ("int8", [json!(0), json!("0"), json!("-0"), json!("0x0")]),
        ] {
            let digests = numbers.map(|number| digest_of(&one(declared, number, None)).unwrap());
            assert!(digests.iter().all(|digest| *digest == digests[0]), "{declared}");
        }
    }

    #[test]
    fn values_that_are_not_of_their_type_are_refused() {
        let address = "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826";
        for (declared, value) in [
            ("string", json!(1)),
            ("string", json!(null)),
            ("bytes", json!("00ff")),
            ("bytes", json!("0x0")),
            ("bytes", json!("0xgg")),
            ("bytes4", json!("0x010203")),
            ("bytes4", json!("0x0102030405")),
            ("bool", json!(1)),
            ("bool", json!("true")),
            ("address", json!(address.replace("0x", ""))),
            ("address", json!(address.replace("CD2a", "Cd2a"))),
            ("address", json!(format!("{address}00"))),
            ("uint8", json!(256)),
            ("uint8", json!(-1)),
            ("uint8", json!("0x100")),
            ("uint8", json!(1.5)),
            ("uint8", json!("")),
            ("uint8", json!("0x")),
            ("uint8", json!(" 1")),
            ("uint256", json!("1".repeat(79))),
            ("uint256", json!(1e30)),
            ("int8", json!(128)),
            ("int8", json!(-129)),
            ("int8", json!("--1")),
            ("int256", json!(format!("0x{}", "f".repeat(64)))),
            ("uint8[2]", json!([1])),
            ("uint8[2]", json!([1, 2, 3])),
            ("uint8[]", json!(1)),
            ("T", json!("not an object")),
            ("T", json!({})),
        ] {
            let refused = digest_of(&one(declared, value.clone(), None)).expect_err(declared);
            assert_eq!(refused.code(), "invalid_input", "{declared} {value}");
            assert!(refused.to_string().starts_with("typed data: expected "), "{refused}");
        }
    }

    #[test]
    fn types_that_are_none_are_refused() {
        // The one could be the name of a struct, the other is no name at all.
        let (unknown, none) = ("types that are all among its types", "members with a type of Solidity");
        for (declared, why) in [
            ("uint", unknown),
            ("int", unknown),
            ("uint7", unknown),
            ("uint0", unknown),
            ("uint264", unknown),
            ("uint08", unknown),
            ("int7", unknown),
            ("int264", unknown),
            ("bytes0", unknown),
            ("bytes33", unknown),
            ("Unknown", unknown),
            ("", none),
            ("uint8[", none),
            ("uint8[]]", none),
            ("uint8[0]", none),
            ("uint8[-1]", none),
            ("uint8[01]", none),
            ("uint8[]x", none),
            ("uint8 []", none),
            ("uint8)", none),
            ("(uint8)", none),
            ("a,b", none),
            ("[]", none),
        ] {
            let refused = digest_of(&one(declared, json!(1), None)).expect_err(declared).to_string();
            assert!(refused.starts_with(&format!("typed data: expected {why}")), "{declared}: {refused}");
        }
        let member = json!([{"name": "v", "type": "uint8"}]);
        let twice = json!([{"name": "v", "type": "uint8"}, {"name": "v", "type": "uint8"}]);
        for (name, members) in [
            ("uint8", &member),
            ("bytes32", &member),
            ("A(uint8 v)B", &member),
            ("A B", &member),
            ("", &member),
            ("A", &twice),
            ("A", &json!({})),
            ("A", &json!([{"name": "v"}])),
            ("A", &json!([{"name": "v v", "type": "uint8"}])),
            ("A", &json!([{"name": "", "type": "uint8"}])),
        ] {
            let mut data = one("uint8", json!(1), None);
            data["types"][name] = members.clone();
            assert_eq!(digest_of(&data).expect_err(name).code(), "invalid_input");
        }
        for part in ["types", "primaryType", "domain", "message"] {
            let mut data = one("uint8", json!(1), None);
            data.as_object_mut().unwrap().remove(part);
            assert_eq!(digest_of(&data).expect_err(part).code(), "invalid_input");
        }
        assert_eq!(digest(b"{").unwrap_err().to_string(), "the typed data is not JSON: see line 1, column 1");
        assert_eq!(digest(b"\xff").unwrap_err().to_string(), "expected typed data as JSON in UTF-8");
    }

    #[test]
    fn a_member_twice_is_refused_wherever_it_is() {
        let data = one("uint8", json!(1), None).to_string();
        for once in [r#""v":1"#, r#""name":"t""#, r#""primaryType":"T""#, r#""type":"uint8""#] {
            let twice = data.replace(once, &format!("{once},{once}"));
            assert_ne!(twice, data);
            let refused = digest(twice.as_bytes()).unwrap_err().to_string();
            assert_eq!(refused, "the typed data has an object with the same member twice");
        }
    }

    #[test]
    fn a_number_keeps_all_its_digits() {
        let largest = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
        let data = one("uint256", json!(largest), None).to_string();
        let bare = data.replace(&format!("\"{largest}\""), largest);
        assert_ne!(bare, data);
        assert_eq!(digest(bare.as_bytes()).unwrap(), digest(data.as_bytes()).unwrap());
        let over = bare.replace("639935", "639936");
        assert_eq!(digest(over.as_bytes()).unwrap_err().code(), "invalid_input");
        assert_eq!(digest(bare.replace(largest, "1e2").as_bytes()).unwrap_err().code(), "invalid_input");
    }

    #[test]
    fn size_and_depth_have_ceilings() {
        let around = one("string", json!(""), None).to_string().len();
        let longest = one("string", json!("a".repeat(65_536 - around)), None);
        assert!(digest_of(&longest).is_ok());
        let long = one("string", json!("a".repeat(65_536 - around + 1)), None);
        assert_eq!(digest_of(&long).unwrap_err().code(), "limit");
        let nested = |depth| (0..depth).fold(json!(1), |value, _| json!([value]));
        let dims = |depth| format!("uint8{}", "[]".repeat(depth));
        // Two levels are those of the message and of all.
        assert!(digest_of(&one(&dims(30), nested(30), None)).is_ok());
        let deep = "the typed data is JSON nested over 32 levels deep";
        assert_eq!(digest_of(&one(&dims(31), nested(31), None)).unwrap_err().to_string(), deep);
        let itself = json!({"P": [{"name": "p", "type": "P"}]});
        let value = |depth| (0..depth).fold(json!(null), |value, _| json!({"p": value}));
        assert!(digest_of(&one("P", value(30), itself.as_object())).is_ok());
        assert_eq!(digest_of(&one("P", value(31), itself.as_object())).unwrap_err().to_string(), deep);
        // Two types are those of the domain and of the message.
        let many = |count| (2..count).map(|n| (format!("A{n}"), json!([]))).collect::<Map<_, _>>();
        assert!(digest_of(&one("uint8", json!(1), Some(&many(MAX_STRUCTS)))).is_ok());
        assert_eq!(digest_of(&one("uint8", json!(1), Some(&many(MAX_STRUCTS + 1)))).unwrap_err().code(), "limit");
    }

    #[test]
    fn the_domain_alone_can_be_signed() {
        let mut data = one("uint8", json!(1), None);
        data["primaryType"] = json!(DOMAIN);
        data["message"] = json!({});
        // keccak256 of the prefix and the domain separator, whose two parts are computed here by hand.
        let mut separator = Keccak256::new_with_prefix(Keccak256::digest("EIP712Domain(string name)"));
        separator.update(Keccak256::digest("t"));
        let mut known = Keccak256::new_with_prefix(b"\x19\x01");
        known.update(separator.finalize());
        assert_eq!(digest_of(&data).unwrap(), HEXLOWER_PERMISSIVE.encode(&known.finalize()));
    }
}
