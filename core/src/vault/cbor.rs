//! Deterministic CBOR (RFC 8949, section 4.2.1), cut down to what a vault holds, and the padding around it.
//!
//! Reading borrows from the opened plaintext, so that no second copy of a secret comes into being.

use std::borrow::Cow;

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};
use zeroize::Zeroizing;

use super::format::{MAX_INTEGER, PAD};
use crate::{Error, Result};

/// Arrays and maps may lie this many deep in each other, the outermost counted.
const MAX_DEPTH: u8 = 4;

/// Room for as many pairs is made at once. For more only as they are read: a count is not to be trusted.
const FEW: u64 = 16;

/// One CBOR item.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Value<'b> {
    Uint(u64),
    Bool(bool),
    Bytes(Cow<'b, [u8]>),
    Text(Cow<'b, str>),
    Array(Vec<Value<'b>>),
    Map(Map<'b>),
}

impl Value<'_> {
    pub(super) fn into_owned(self) -> Value<'static> {
        match self {
            Self::Uint(number) => Value::Uint(number),
            Self::Bool(flag) => Value::Bool(flag),
            Self::Bytes(bytes) => Value::Bytes(Cow::Owned(bytes.into_owned())),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Array(items) => Value::Array(items.into_iter().map(Value::into_owned).collect()),
            Self::Map(map) => Value::Map(map.into_owned()),
        }
    }
}

/// A map with text keys, in the order of their encoded bytes: shorter keys first, then by bytes.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Map<'b>(Vec<(Cow<'b, str>, Value<'b>)>);

impl<'b> Map<'b> {
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    fn find(&self, key: &str) -> core::result::Result<usize, usize> {
        self.0.binary_search_by(|(at, _)| order(at).cmp(&order(key)))
    }

    /// Puts `value` under `key`, in place of what may be there.
    pub(super) fn set(&mut self, key: impl Into<Cow<'b, str>>, value: Value<'b>) {
        let key = key.into();
        match self.find(&key) {
            Ok(at) => {
                if let Some(pair) = self.0.get_mut(at) {
                    pair.1 = value;
                }
            }
            Err(at) => self.0.insert(at, (key, value)),
        }
    }

    pub(super) fn uint(mut self, key: &'static str, value: u64) -> Self {
        self.set(key, Value::Uint(value));
        self
    }

    pub(super) fn text(mut self, key: &'static str, value: &'b str) -> Self {
        self.set(key, Value::Text(value.into()));
        self
    }

    pub(super) fn bytes(mut self, key: &'static str, value: &'b [u8]) -> Self {
        self.set(key, Value::Bytes(value.into()));
        self
    }

    pub(super) fn take(&mut self, key: &str) -> Option<Value<'b>> {
        // Maps that things are taken from are small, so that comparing lengths one by one is the fastest way.
        let at = self.0.iter().position(|(at, _)| at == key)?;
        Some(self.0.remove(at).1)
    }

    pub(super) fn take_uint(&mut self, key: &str) -> Result<u64> {
        match self.take(key) {
            Some(Value::Uint(number)) => Ok(number),
            _ => Err(Error::Format("a whole number is missing inside a sealed part")),
        }
    }

    pub(super) fn take_text(&mut self, key: &str) -> Result<Cow<'b, str>> {
        match self.take(key) {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(Error::Format("a text is missing inside a sealed part")),
        }
    }

    pub(super) fn take_bytes<const N: usize>(&mut self, key: &str) -> Result<[u8; N]> {
        match self.take(key) {
            Some(Value::Bytes(bytes)) => (*bytes).try_into().map_err(|_| Error::Format("bytes of another length")),
            _ => Err(Error::Format("bytes are missing inside a sealed part")),
        }
    }

    pub(super) fn take_array(&mut self, key: &str) -> Result<Vec<Value<'b>>> {
        match self.take(key) {
            Some(Value::Array(items)) => Ok(items),
            _ => Err(Error::Format("a list is missing inside a sealed part")),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Value<'b>)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value))
    }

    pub(super) fn into_iter(self) -> impl Iterator<Item = (Cow<'b, str>, Value<'b>)> {
        self.0.into_iter()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn into_owned(self) -> Map<'static> {
        Map(self.0.into_iter().map(|(key, value)| (Cow::Owned(key.into_owned()), value.into_owned())).collect())
    }
}

/// Text keys sort by their encoded bytes, and the encoding starts with the length.
fn order(key: &str) -> (usize, &str) {
    (key.len(), key)
}

/// Reads what [`encode`] writes: exactly one map, then only zeros, fewer than 64 of them.
pub(super) fn decode(plaintext: &[u8]) -> Result<Map<'_>> {
    let (map, padding) = first(plaintext)?;
    if padding.len() >= PAD || padding.iter().any(|&byte| byte != 0) {
        return Err(Error::Format("padding of a sealed part"));
    }
    Ok(map)
}

/// Reads what [`raw`] writes: exactly one map.
pub(super) fn decode_exact(bytes: &[u8]) -> Result<Map<'_>> {
    match first(bytes)? {
        (map, []) => Ok(map),
        _ => Err(Error::Format("bytes behind a map")),
    }
}

fn first(bytes: &[u8]) -> Result<(Map<'_>, &[u8])> {
    let mut decoder = Decoder::new(bytes);
    let Value::Map(map) = item(&mut decoder, 1)? else {
        return Err(Error::Format("a sealed part is not a map"));
    };
    let rest = bytes.get(decoder.position()..).ok_or(Error::Format("CBOR that is cut short"))?;
    Ok((map, rest))
}

/// Writes a map and pads it with zeros to a multiple of 64 bytes.
pub(super) fn encode(map: &Map<'_>) -> Result<Zeroizing<Vec<u8>>> {
    let mut plaintext = raw(map)?;
    let padded = plaintext.len().next_multiple_of(PAD);
    plaintext.resize(padded, 0);
    Ok(plaintext)
}

/// Writes a map without padding.
pub(super) fn raw(map: &Map<'_>) -> Result<Zeroizing<Vec<u8>>> {
    // Reserved in full beforehand: a buffer that grows would leave un-wiped copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(map_bound(map) + PAD));
    write_map(&mut Encoder::new(&mut *bytes), map).map_err(|_| Error::Format("CBOR"))?;
    Ok(bytes)
}

fn item<'b>(decoder: &mut Decoder<'b>, depth: u8) -> Result<Value<'b>> {
    let bad = |_| Error::Format("CBOR inside a sealed part");
    let start = decoder.position();
    Ok(match decoder.datatype().map_err(bad)? {
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => match decoder.u64().map_err(bad)? {
            number @ 0..=MAX_INTEGER => {
                check_head(decoder, start, number, 0)?;
                Value::Uint(number)
            }
            _ => return Err(Error::Format("a whole number over 2^53-1")),
        },
        Type::Bool => Value::Bool(decoder.bool().map_err(bad)?),
        Type::Bytes => {
            let bytes = decoder.bytes().map_err(bad)?;
            check_head(decoder, start, bytes.len() as u64, bytes.len())?;
            Value::Bytes(bytes.into())
        }
        Type::String => Value::Text(text(decoder)?.into()),
        Type::Array => {
            let count = decoder.array().map_err(bad)?.ok_or(Error::Format("CBOR of indefinite length"))?;
            check_head(decoder, start, count, 0)?;
            if depth > MAX_DEPTH {
                return Err(Error::Format("CBOR that is nested too deep"));
            }
            let mut items = Vec::new(); // not reserved: the count is not to be trusted
            for _ in 0..count {
                items.push(item(decoder, depth + 1)?);
            }
            Value::Array(items)
        }
        Type::Map => {
            let count = decoder.map().map_err(bad)?.ok_or(Error::Format("CBOR of indefinite length"))?;
            check_head(decoder, start, count, 0)?;
            if depth > MAX_DEPTH {
                return Err(Error::Format("CBOR that is nested too deep"));
            }
            let mut pairs: Vec<(Cow<'b, str>, Value<'b>)> = Vec::with_capacity(count.min(FEW) as usize);
            for _ in 0..count {
                let key = text(decoder)?;
                if pairs.last().is_some_and(|(last, _)| order(last) >= order(key)) {
                    return Err(Error::Format("CBOR map keys that are out of order or doubled"));
                }
                pairs.push((key.into(), item(decoder, depth + 1)?));
            }
            Value::Map(Map(pairs))
        }
        _ => return Err(Error::Format("a kind of CBOR item that a vault does not hold")),
    })
}

fn text<'b>(decoder: &mut Decoder<'b>) -> Result<&'b str> {
    let start = decoder.position();
    let text = decoder.str().map_err(|_| Error::Format("CBOR inside a sealed part"))?;
    check_head(decoder, start, text.len() as u64, text.len())?;
    Ok(text)
}

/// There is one way to write anything: the item read since `start` must have the shortest head that can say `number`,
/// before `content` bytes.
fn check_head(decoder: &Decoder<'_>, start: usize, number: u64, content: usize) -> Result<()> {
    let head = match number {
        0..24 => 1,
        24..0x100 => 2,
        0x100..0x1_0000 => 3,
        0x1_0000..0x1_0000_0000 => 5,
        _ => 9,
    };
    match decoder.position() == start + head + content {
        true => Ok(()),
        false => Err(Error::Format("CBOR that is not deterministic")),
    }
}

fn bound(value: &Value<'_>) -> usize {
    const HEAD: usize = 9;
    match value {
        Value::Uint(_) | Value::Bool(_) => HEAD,
        Value::Bytes(bytes) => HEAD + bytes.len(),
        Value::Text(text) => HEAD + text.len(),
        Value::Array(items) => HEAD + items.iter().map(bound).sum::<usize>(),
        Value::Map(map) => map_bound(map),
    }
}

fn map_bound(map: &Map<'_>) -> usize {
    9 + map.iter().map(|(key, value)| 9 + key.len() + bound(value)).sum::<usize>()
}

type Written = core::result::Result<(), minicbor::encode::Error<core::convert::Infallible>>;

fn write_map(encoder: &mut Encoder<&mut Vec<u8>>, map: &Map<'_>) -> Written {
    encoder.map(map.0.len() as u64)?;
    for (key, value) in &map.0 {
        encoder.str(key)?;
        write(encoder, value)?;
    }
    Ok(())
}

fn write(encoder: &mut Encoder<&mut Vec<u8>>, value: &Value<'_>) -> Written {
    match value {
        Value::Uint(number) => encoder.u64(*number)?.ok(),
        Value::Bool(flag) => encoder.bool(*flag)?.ok(),
        Value::Bytes(bytes) => encoder.bytes(bytes)?.ok(),
        Value::Text(text) => encoder.str(text)?.ok(),
        Value::Array(items) => {
            encoder.array(items.len() as u64)?;
            items.iter().try_for_each(|item| write(encoder, item))
        }
        Value::Map(map) => write_map(encoder, map),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn padded(cbor: &[u8]) -> Vec<u8> {
        let mut bytes = cbor.to_vec();
        bytes.resize(bytes.len().next_multiple_of(PAD), 0);
        bytes
    }

    /// A buffer that grew would leave a copy of a secret behind.
    #[test]
    fn there_is_room_for_all_that_is_written() {
        let array = || Value::Array(vec![Value::Uint(1), Value::Bool(true)]);
        assert_eq!(bound(&array()), 9 + 9 + 9);
        assert_eq!(bound(&Value::Bytes(Cow::Borrowed(&[7; 5]))), 9 + 5);
        assert_eq!(bound(&Value::Text(Cow::Borrowed("four"))), 9 + 4);
        let map = Map::new().uint("aa", 1 << 40).text("z", "ü");
        assert_eq!(map_bound(&map), 9 + (9 + 2 + 9) + (9 + 1 + 9 + 2));
        assert_eq!(bound(&Value::Map(map)), 50);
    }

    #[test]
    fn maps_are_nested_as_deep_as_arrays_and_no_deeper() {
        let nested = |levels: u8| {
            let mut bytes = b"\xa1\x61a".repeat(levels.into());
            bytes.push(0);
            decode(&padded(&bytes)).map(drop)
        };
        let deepest = (1..20).take_while(|&levels| nested(levels).is_ok()).count();
        let arrays = |levels: usize| {
            let mut bytes = b"\xa1\x61a".to_vec();
            bytes.resize(bytes.len() + levels, 0x81);
            bytes.push(0);
            decode(&padded(&bytes)).map(drop)
        };
        assert_eq!(deepest, usize::from(MAX_DEPTH));
        assert!(arrays(deepest - 1).is_ok() && arrays(deepest).is_err());
    }

    #[test]
    fn what_is_written_is_read() {
        let map = Map::new().uint("aa", 1 << 40).text("z", "ü").bytes("b", &[0xff; 30]);
        let bytes = encode(&map).unwrap();
        assert_eq!(bytes.len() % PAD, 0);
        assert!(decode(&bytes).unwrap() == map);
    }

    #[test]
    fn shorter_keys_come_first() {
        assert_eq!(raw(&Map::new().uint("aa", 1).uint("z", 2)).unwrap().as_slice(), b"\xa2\x61z\x02\x62aa\x01");
    }

    #[test]
    fn other_ways_to_write_are_refused() {
        for (why, cbor) in [
            ("long head of a number", &b"\xa1\x61a\x18\x01"[..]),
            ("long head of a key", b"\xa1\x78\x01a\x01"),
            ("long head of the map", b"\xb8\x01\x61a\x01"),
            ("long head of a text", b"\xa1\x61a\x78\x01a"),
            ("long head of bytes", b"\xa1\x61a\x58\x01a"),
            ("long head of an array", b"\xa1\x61a\x98\x01\x01"),
            ("longer head of a number", b"\xa1\x61a\x19\x00\xff"),
            ("longer still", b"\xa1\x61a\x1a\x00\x00\xff\xff"),
            ("as long as can be", b"\xa1\x61a\x1b\x00\x00\x00\x00\xff\xff\xff\xff"),
            ("false in two bytes", b"\xa1\x61a\xf8\x14"),
            ("indefinite map", b"\xbf\x61a\x01\xff"),
            ("indefinite text", b"\xa1\x61a\x7f\x61a\xff"),
            ("keys out of order", b"\xa2\x62aa\x01\x61z\x02"),
            ("key twice", b"\xa2\x61a\x01\x61a\x02"),
            ("number as key", b"\xa1\x01\x01"),
            ("negative", b"\xa1\x61a\x20"),
            ("2^53", b"\xa1\x61a\x1b\x00\x20\x00\x00\x00\x00\x00\x00"),
            ("null", b"\xa1\x61a\xf6"),
            ("float", b"\xa1\x61a\xf9\x00\x00"),
            ("tag", b"\xa1\x61a\xc0\x61a"),
            ("not UTF-8", b"\xa1\x61a\x61\xff"),
            ("not a map", b"\x01"),
            ("count past the end", b"\xbb\x7f\xff\xff\xff\xff\xff\xff\xff"),
            ("too deep", b"\xa1\x61a\x81\x81\x81\x81\x01"),
        ] {
            assert_eq!(decode(&padded(cbor)).err().map(|e| e.code()), Some("format"), "{why}");
        }
        assert!(decode(&padded(b"\xa1\x61a\x81\x81\x81\x01")).is_ok(), "four deep");
    }

    #[test]
    fn the_shortest_head_is_taken_wherever_it_grows() {
        for number in [0, 23, 24, 0xff, 0x100, 0xffff, 0x1_0000, 0xffff_ffff, 0x1_0000_0000, MAX_INTEGER] {
            let map = Map::new().uint("a", number);
            assert!(decode(&encode(&map).unwrap()).unwrap() == map, "{number}");
        }
        for len in [0, 23, 24, 255, 256, 65_535, 65_536] {
            let (bytes, text) = (vec![1; len], "t".repeat(len));
            let mut map = Map::new().bytes("bytes", &bytes).text("text", &text);
            map.set("array", Value::Array(vec![Value::Bool(true); len]));
            assert!(decode(&encode(&map).unwrap()).unwrap() == map, "{len}");
        }
    }

    #[test]
    fn padding_is_short_and_zero() {
        let good = padded(b"\xa1\x61a\x01");
        assert!(decode(&good).is_ok());
        let mut long = good.clone();
        long.resize(2 * PAD, 0);
        assert!(decode(&long).is_err());
        let mut dirty = good;
        *dirty.last_mut().unwrap() = 1;
        assert!(decode(&dirty).is_err());
    }
}
