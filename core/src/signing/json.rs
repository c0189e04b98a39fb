//! JSON (RFC 8259) as a caller wrote it: members in their order, numbers with their digits.

use core::fmt;
use std::borrow::Cow;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::{Error, Result};

/// How deep arrays and objects may lie in each other. It bounds the work too, since each level is read once more.
const MAX_DEPTH: usize = 32;
/// The most values in all.
const MAX_VALUES: usize = 100_000;

pub(super) enum Json<'a> {
    Null,
    Bool(bool),
    /// Its digits as they stand there.
    Number(&'a str),
    Text(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// `what` is named in errors: `"the body"`.
    pub(super) fn parse(text: &'a str, what: &str) -> Result<Self> {
        let raw: &RawValue =
            serde_json::from_str(text).map_err(|why| Error::invalid(format!("{what} is not JSON: {}", place(&why))))?;
        let mut room = MAX_VALUES;
        read(raw.get(), MAX_DEPTH, &mut room).map_err(|why| match why {
            Fault::Syntax(why) => Error::invalid(format!("{what} is not JSON: {}", place(&why))),
            Fault::Deep => Error::invalid(format!("{what} is JSON nested over {MAX_DEPTH} levels deep")),
            Fault::Long => Error::invalid(format!("{what} is JSON of over {MAX_VALUES} values")),
            Fault::Twice => Error::invalid(format!("{what} has an object with the same member twice")),
        })
    }

    pub(super) fn object(text: &'a str, what: &str) -> Result<Vec<(Cow<'a, str>, Self)>> {
        match Self::parse(text, what)? {
            Self::Object(members) => Ok(members),
            _ => Err(Error::invalid(format!("expected {what} as a JSON object"))),
        }
    }
}

/// Where it went wrong. serde_json's own text may quote the input.
fn place(why: &serde_json::Error) -> String {
    format!("see line {}, column {}", why.line(), why.column())
}

enum Fault {
    Syntax(serde_json::Error),
    Deep,
    Long,
    Twice,
}

fn read<'a>(text: &'a str, depth: usize, room: &mut usize) -> core::result::Result<Json<'a>, Fault> {
    *room = room.checked_sub(1).ok_or(Fault::Long)?;
    let syntax = Fault::Syntax;
    Ok(match text.bytes().next() {
        Some(b'{') => {
            let depth = depth.checked_sub(1).ok_or(Fault::Deep)?;
            let Members(raw) = serde_json::from_str(text).map_err(syntax)?;
            let mut members: Vec<(Cow<'a, str>, Json<'a>)> = Vec::with_capacity(raw.len());
            for (name, value) in raw {
                members.push((name, read(value.get(), depth, room)?));
            }
            // What two members of one name mean is up to the reader: the exchange's may not be ours.
            let mut names: Vec<_> = members.iter().map(|(name, _)| name.as_ref()).collect();
            names.sort_unstable();
            if names.is_sorted_by(|one, next| one < next) { Json::Object(members) } else { return Err(Fault::Twice) }
        }
        Some(b'[') => {
            let depth = depth.checked_sub(1).ok_or(Fault::Deep)?;
            let Items(raw) = serde_json::from_str(text).map_err(syntax)?;
            Json::Array(
                raw.into_iter().map(|value| read(value.get(), depth, room)).collect::<core::result::Result<_, _>>()?,
            )
        }
        Some(b'"') => Json::Text(serde_json::from_str::<Text<'a>>(text).map_err(syntax)?.0),
        Some(b't') => Json::Bool(true),
        Some(b'f') => Json::Bool(false),
        Some(b'n') => Json::Null,
        _ => Json::Number(text),
    })
}

/// A JSON text (RFC 8259, section 7), in quotes. It is the one copy of what may be a secret: there is room for all of it.
pub(super) fn quoted(text: &str) -> String {
    let written = |byte| if byte < b' ' || byte == b'"' || byte == b'\\' { 6 } else { 1 };
    let mut out = Vec::with_capacity(2 + text.bytes().map(written).sum::<usize>());
    match serde_json::to_writer(&mut out, text) {
        Ok(()) => String::from_utf8(out).unwrap_or_default(),
        Err(_) => String::new(), // a vector takes all that is written
    }
}

struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);
struct Items<'a>(Vec<&'a RawValue>);
/// Borrowed where nothing is escaped.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> core::result::Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> core::result::Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((Text(name), value)) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Read)
    }
}

impl<'de> Deserialize<'de> for Items<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> core::result::Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Items<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> core::result::Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Items(items))
            }
        }
        deserializer.deserialize_seq(Read)
    }
}

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> core::result::Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> core::result::Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> core::result::Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_digits_are_kept() {
        let Ok(members) = Json::object(r#" {"b":1.50,"a":[true,null,"\u00e4"],"c":{}} "#, "it") else { panic!() };
        assert!(members.iter().map(|(name, _)| name.as_ref()).eq(["b", "a", "c"]));
        assert!(matches!(members[0].1, Json::Number("1.50")));
        let Json::Array(items) = &members[1].1 else { panic!() };
        assert!(matches!(&items[2], Json::Text(text) if text == "ä"));
    }

    #[test]
    fn hostile_json_is_refused() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        let long = format!("[{}0]", "0,".repeat(MAX_VALUES));
        for (text, why) in [
            (r#"{"a":1,"a":2}"#, "it has an object with the same member twice"),
            (r#"{"a":hush}"#, "it is not JSON: see line 1, column 6"),
            ("", "it is not JSON: see line 1, column 0"),
            ("{} {}", "it is not JSON: see line 1, column 4"),
            (&deep, "it is JSON nested over 32 levels deep"),
            (&long, "it is JSON of over 100000 values"),
        ] {
            assert_eq!(Json::parse(text, "it").err().unwrap().to_string(), why);
        }
    }
    /// A text may be a secret, and a vector that grows leaves its old bytes behind.
    #[test]
    fn there_is_room_for_a_quoted_text_from_the_start() {
        for (text, room) in [("a ~\u{e4}", 5), ("\0\u{1f}", 12), ("\"\\", 12), ("", 0)] {
            let text = text.repeat(100);
            let quoted = quoted(&text);
            assert_eq!(quoted.capacity(), 2 + 100 * room);
            assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), text);
        }
    }
}
