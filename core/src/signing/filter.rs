//! What a template makes of a part's bytes.

use std::borrow::Cow;

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use sha2::{Digest, Sha256, Sha512};
use sha3::Keccak256;

use super::json::{Json, quoted};
use crate::{Error, Result};

/// What becomes of a part's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    /// 20 bytes out of `0x` and 40 hex digits.
    Address,
    Base64,
    /// Without padding, as RFC 7515 has it.
    Base64Url,
    /// Percent-encoding taken off.
    Decoded,
    /// The names and values of a JSON object, sorted by name, one behind the other (Crypto.com).
    Flat,
    /// A JSON object as a query with its values percent-encoded; a query as it is.
    Form,
    Hex,
    /// A JSON string, in quotes.
    Json,
    Keccak256,
    Lower,
    /// The members of a JSON object, each with a comma in front, and nothing for an empty body.
    Members,
    /// JSON as MessagePack, its members in their order (Hyperliquid).
    MessagePack,
    /// A JSON object as it is, and `{}` for an empty body.
    Object,
    /// One byte 0 for nothing, else one byte 1 and the 20 bytes of an address.
    OptionAddress,
    /// Nothing for nothing, else one byte 0 and the 8 bytes of a number.
    OptionU64,
    /// Percent-encoding of all but RFC 3986's unreserved characters.
    Percent,
    /// A JSON object as a query without percent-encoding; a query with it taken off.
    RawForm,
    Sha256,
    Sha512,
    /// Signed with the entry's key, and encoded as the recipe's signature is.
    Sign,
    /// A query with its parameters sorted by name.
    Sorted,
    /// 8 bytes, the highest first, out of a decimal number.
    U64,
}

const NAMES: [(&str, Filter); 22] = [
    ("address", Filter::Address),
    ("base64", Filter::Base64),
    ("base64url", Filter::Base64Url),
    ("decoded", Filter::Decoded),
    ("flat", Filter::Flat),
    ("form", Filter::Form),
    ("hex", Filter::Hex),
    ("json", Filter::Json),
    ("keccak256", Filter::Keccak256),
    ("lower", Filter::Lower),
    ("members", Filter::Members),
    ("msgpack", Filter::MessagePack),
    ("object", Filter::Object),
    ("option_address", Filter::OptionAddress),
    ("option_u64", Filter::OptionU64),
    ("percent", Filter::Percent),
    ("raw_form", Filter::RawForm),
    ("sha256", Filter::Sha256),
    ("sha512", Filter::Sha512),
    ("sign", Filter::Sign),
    ("sorted", Filter::Sorted),
    ("u64", Filter::U64),
];

impl Filter {
    pub(super) fn parse(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, filter)| *filter)
    }

    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// `sign` is what [`Filter::Sign`] does; `what` names the part in errors.
    pub(super) fn apply(self, bytes: &[u8], what: &str, sign: &dyn Fn(&[u8]) -> Result<Vec<u8>>) -> Result<Vec<u8>> {
        let text = || core::str::from_utf8(bytes).map_err(|_| Error::invalid(format!("expected {what} as text")));
        Ok(match self {
            Self::Address => address(text()?, what)?,
            Self::Base64 => BASE64.encode(bytes).into(),
            Self::Base64Url => BASE64URL_NOPAD.encode(bytes).into(),
            Self::Decoded => percent_decode(bytes).collect(),
            Self::Flat => {
                let mut flat = String::new();
                flatten(&Json::Object(object(text()?, what)?), &mut flat);
                flat.into()
            }
            Self::Form => form(text()?, what, percent)?.into_owned().into(),
            Self::Hex => HEXLOWER.encode(bytes).into(),
            Self::Json => quoted(text()?).into(),
            Self::Keccak256 => Keccak256::digest(bytes).to_vec(),
            Self::Lower => bytes.to_ascii_lowercase(),
            Self::Members => members(text()?, what)?.into(),
            Self::MessagePack => {
                let mut packed = Vec::new();
                pack(&Json::parse(text()?, what)?, what, &mut packed)?;
                packed
            }
            Self::Object => match text()? {
                "" => b"{}".to_vec(),
                text => {
                    Json::object(text, what)?;
                    bytes.to_vec()
                }
            },
            Self::OptionAddress if bytes.is_empty() => vec![0],
            Self::OptionAddress => [&[1], address(text()?, what)?.as_slice()].concat(),
            Self::OptionU64 if bytes.is_empty() => Vec::new(),
            Self::OptionU64 => [&[0], number(text()?, what)?.as_slice()].concat(),
            Self::Percent => percent(text()?).into_owned().into(),
            Self::RawForm if is_json(text()?) => form(text()?, what, |text| text.into())?.into_owned().into(),
            Self::RawForm => percent_decode(bytes).collect(),
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
            Self::Sign => sign(bytes)?,
            Self::Sorted => sorted(text()?).into(),
            Self::U64 => number(text()?, what)?.to_vec(),
        })
    }
}

/// RFC 3986, section 2.3: what never needs encoding.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes all but the unreserved characters of RFC 3986, section 2.3.
pub(super) fn percent(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, RESERVED).into()
}

/// A query with its parameters sorted by their names as bytes; those of one name keep their order.
pub(super) fn sorted(query: &str) -> String {
    let mut parameters: Vec<_> = query.split('&').filter(|parameter| !parameter.is_empty()).collect();
    parameters.sort_by_key(|parameter| parameter.split_once('=').map_or(*parameter, |(name, _)| name));
    parameters.join("&")
}

/// Whether a body is JSON, by how it begins.
pub(super) fn is_json(body: &str) -> bool {
    body.trim_ascii_start().starts_with(['{', '['])
}

fn object<'a>(text: &'a str, what: &str) -> Result<Vec<(Cow<'a, str>, Json<'a>)>> {
    if text.is_empty() { Ok(Vec::new()) } else { Json::object(text, what) }
}

/// The inside of the braces, as it stands there, behind a comma.
fn members(text: &str, what: &str) -> Result<String> {
    if object(text, what)?.is_empty() {
        return Ok(String::new());
    }
    let inside = text.trim_ascii().strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default();
    Ok(format!(",{}", inside.trim_ascii()))
}

fn form<'a>(text: &'a str, what: &str, encode: fn(&str) -> Cow<'_, str>) -> Result<Cow<'a, str>> {
    if !is_json(text) {
        return Ok(text.into());
    }
    let mut query = Vec::new();
    for (name, value) in object(text, what)? {
        match value {
            Json::Array(items) => {
                for item in &items {
                    query.push(format!("{}[]={}", encode(&name), encode(&scalar(item, what)?)));
                }
            }
            value => query.push(format!("{}={}", encode(&name), encode(&scalar(&value, what)?))),
        }
    }
    Ok(query.join("&").into())
}

fn scalar<'a>(value: &'a Json<'_>, what: &str) -> Result<Cow<'a, str>> {
    Ok(match value {
        Json::Text(text) => text.as_ref().into(),
        Json::Number(digits) => (*digits).into(),
        Json::Bool(true) => "true".into(),
        Json::Bool(false) => "false".into(),
        Json::Null => "null".into(),
        Json::Array(_) | Json::Object(_) => {
            return Err(Error::invalid(format!("{what} has an object inside another, which makes no query")));
        }
    })
}

fn flatten(value: &Json<'_>, flat: &mut String) {
    match value {
        Json::Null => flat.push_str("null"),
        Json::Bool(true) => flat.push_str("true"),
        Json::Bool(false) => flat.push_str("false"),
        Json::Number(digits) => flat.push_str(digits),
        Json::Text(text) => flat.push_str(text),
        Json::Array(items) => items.iter().for_each(|item| flatten(item, flat)),
        Json::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            for (name, value) in members {
                flat.push_str(name);
                flatten(value, flat);
            }
        }
    }
}

/// MessagePack as the exchange writes it when it checks the hash: each number in its shortest form.
fn pack(value: &Json<'_>, what: &str, out: &mut Vec<u8>) -> Result<()> {
    use rmp::encode;
    let too_long = |_| Error::invalid(format!("{what} is too long for MessagePack"));
    let len = |len: usize| u32::try_from(len).map_err(too_long);
    // Writing to a vector cannot fail.
    let full = |_| Error::invalid(format!("{what} is too long for MessagePack"));
    match value {
        Json::Null => encode::write_nil(out).map_err(|_| Error::invalid("MessagePack"))?,
        Json::Bool(value) => encode::write_bool(out, *value).map_err(|_| Error::invalid("MessagePack"))?,
        Json::Number(digits) => {
            let whole = digits.parse::<u64>().map(|number| encode::write_uint(out, number));
            let written = whole.or_else(|_| digits.parse::<i64>().map(|number| encode::write_sint(out, number)));
            written
                .map_err(|_| {
                    Error::invalid(format!("{what} has a number that is not whole; prices and sizes go there as text"))
                })?
                .map_err(full)?;
        }
        Json::Text(text) => encode::write_str(out, text).map_err(full)?,
        Json::Array(items) => {
            encode::write_array_len(out, len(items.len())?).map_err(full)?;
            items.iter().try_for_each(|item| pack(item, what, out))?;
        }
        Json::Object(members) => {
            encode::write_map_len(out, len(members.len())?).map_err(full)?;
            for (name, value) in members {
                encode::write_str(out, name).map_err(full)?;
                pack(value, what, out)?;
            }
        }
    }
    Ok(())
}

fn number(text: &str, what: &str) -> Result<[u8; 8]> {
    // As JSON has it, where it is sent as well: without a sign, and without zeros in front.
    let number = text.parse::<u64>().ok().filter(|number| number.to_string() == text);
    Ok(number.ok_or_else(|| Error::invalid(format!("expected {what} as a whole number")))?.to_be_bytes())
}

fn address(text: &str, what: &str) -> Result<Vec<u8>> {
    let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 40);
    let bytes = digits.and_then(|digits| HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok());
    bytes.ok_or_else(|| Error::invalid(format!("expected {what} as an address: 0x and 40 hex digits")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(filter: &str, text: &str) -> Result<Vec<u8>> {
        Filter::parse(filter).unwrap().apply(text.as_bytes(), "it", &|message| Ok([message, b"!"].concat()))
    }

    #[test]
    fn text_is_written_as_exchanges_want_it() {
        for (filter, text, written) in [
            ("base64", "\u{1f}?>~", "Hz8+fg=="),
            ("base64url", "\u{1f}?>~", "Hz8-fg"),
            ("decoded", "a%20b+%C3%A4%zz", "a b+\u{e4}%zz"),
            ("hex", "\u{1f}?>~", "1f3f3e7e"),
            ("json", "a\"\\\n", r#""a\"\\\n""#),
            ("lower", "Ab\u{c4}", "ab\u{c4}"),
            ("percent", "a b/~-._\u{e9}&=+", "a%20b%2F~-._%C3%A9%26%3D%2B"),
            ("sign", "a", "a!"),
            ("sorted", "b=2&a-=3&a=1&&a=0&", "a=1&a=0&a-=3&b=2"),
            ("sorted", "", ""),
        ] {
            assert_eq!(String::from_utf8(apply(filter, text).unwrap()).unwrap(), written, "{filter}");
        }
    }

    #[test]
    fn a_json_object_becomes_a_query() {
        let body = r#" {"b":"x y","a":1.50,"\u00e4":true,"c":false,"d":null,"e":["&",2],"f":[]}"#;
        for (filter, text, written) in [
            ("form", body, "b=x%20y&a=1.50&%C3%A4=true&c=false&d=null&e[]=%26&e[]=2"),
            ("form", "a=x%20y", "a=x%20y"),
            ("form", "", ""),
            ("raw_form", body, "b=x y&a=1.50&\u{e4}=true&c=false&d=null&e[]=&&e[]=2"),
            ("raw_form", "a=x%20y", "a=x y"),
            ("flat", r#"{"b":[1,{"d":true,"c":null}],"a":"x","c":false}"#, "axb1cnulldtruecfalse"),
            ("flat", "", ""),
            ("members", r#" { "b" : {} , "a":1 } "#, r#","b" : {} , "a":1"#),
            ("members", "{ }", ""),
            ("members", "", ""),
            ("object", r#" {"b":1} "#, r#" {"b":1} "#),
            ("object", "", "{}"),
        ] {
            assert_eq!(String::from_utf8(apply(filter, text).unwrap()).unwrap(), written, "{filter}: {text}");
        }
        for (filter, text) in [
            ("form", r#"{"a":{}}"#),
            ("form", r#"{"a":[[]]}"#),
            ("form", "[1]"),
            ("raw_form", r#"{"a":{}}"#),
            ("flat", "a=1"),
            ("members", "[1]"),
            ("members", "{} {}"),
            ("object", "1"),
            ("object", r#"{"a":1,"a":2}"#),
        ] {
            assert_eq!(apply(filter, text).unwrap_err().code(), "invalid_input", "{filter}: {text}");
        }
    }

    #[test]
    fn numbers_and_addresses_have_a_fixed_length() {
        let address = "0x000102030405060708090a0B0c0d0e0f10111213";
        let bytes: Vec<u8> = (0..20).collect();
        for (filter, text, written) in [
            ("u64", "258", vec![0, 0, 0, 0, 0, 0, 1, 2]),
            ("u64", "18446744073709551615", vec![255; 8]),
            ("option_u64", "258", vec![0, 0, 0, 0, 0, 0, 0, 1, 2]),
            ("option_u64", "", vec![]),
            ("address", address, bytes.clone()),
            ("option_address", address, [&[1], &*bytes].concat()),
            ("option_address", "", vec![0]),
        ] {
            assert_eq!(apply(filter, text).unwrap(), written, "{filter}: {text}");
        }
        for text in ["", "-1", "+1", "01", " 1", "1.0", "0x1", "18446744073709551616"] {
            assert_eq!(apply("u64", text).unwrap_err().to_string(), "expected it as a whole number");
        }
        for text in ["", &address[2..], &address[..41], &format!("{address}0"), &address.replace('B', "g")] {
            let refused = apply("address", text).unwrap_err().to_string();
            assert_eq!(refused, "expected it as an address: 0x and 40 hex digits");
        }
    }

    /// The bytes are those of msgpack for Python.
    #[test]
    fn messagepack_is_the_shortest() {
        let json = r#"{"a":[null,true,false,-1,127,128,256,65536,4294967296,18446744073709551615,-33,
            -9223372036854775808,"x"],"b":{}}"#;
        let known = "82a1619dc0c3c2ff7fcc80cd0100ce00010000cf0000000100000000cfffffffffffffffffd0dfd38000000000000000a178a16280";
        assert_eq!(HEXLOWER.encode(&apply("msgpack", json).unwrap()), known);
        for number in ["1.0", "1e3", "18446744073709551616", "-9223372036854775809"] {
            let refused = apply("msgpack", number).unwrap_err().to_string();
            assert!(refused.starts_with("it has a number that is not whole"), "{number}: {refused}");
        }
    }

    #[test]
    fn every_filter_has_its_name() {
        assert!(Filter::names().is_sorted_by(|one, next| one < next));
        let filters: Vec<_> = Filter::names().map(|name| Filter::parse(name).unwrap()).collect();
        assert!(filters.iter().enumerate().all(|(at, filter)| !filters[..at].contains(filter)));
        assert_eq!((Filter::parse(""), Filter::parse("Hex"), Filter::parse("hex ")), (None, None, None));
        for filter in ["address", "flat", "form", "json", "members", "msgpack", "object", "percent", "sorted", "u64"] {
            let refused = Filter::parse(filter).unwrap().apply(b"\xff", "it", &|_| Ok(Vec::new())).unwrap_err();
            assert_eq!(refused.to_string(), "expected it as text");
        }
    }
}
