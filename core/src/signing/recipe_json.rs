//! A recipe of a user's own, as JSON.

use std::borrow::Cow;

use super::filter::percent;
use super::json::Json;
use super::key::{Algorithm, SecretForm};
use super::near;
use super::recipe::{Encoding, Nonce, Place, Recipe, Row, Scheme, Time};
use crate::{Error, Result};

/// The largest recipe, in bytes.
const MAX_RECIPE: usize = 64 * 1024;
/// The most schemes, parts, parameters or headers.
const MAX_ITEMS: usize = 64;

const MEMBERS: [&str; 16] = [
    "add",
    "append",
    "base",
    "body",
    "exchange",
    "expires_seconds",
    "headers",
    "host",
    "message",
    "nonce",
    "parts",
    "schemes",
    "secret",
    "sort_query",
    "source",
    "time",
];

const PLACES: [(&str, Place); 3] = [("query", Place::Query), ("body", Place::Body), ("params", Place::Params)];
const TIMES: [(&str, Time); 4] =
    [("ms", Time::Milliseconds), ("s", Time::Seconds), ("iso-ms", Time::IsoMilliseconds), ("iso-s", Time::IsoSeconds)];
const NONCES: [(&str, Nonce); 6] = [
    ("s", Nonce::Counter { per_second: 1 }),
    ("ms", Nonce::Counter { per_second: 1000 }),
    ("us", Nonce::Counter { per_second: 1_000_000 }),
    ("ns", Nonce::Counter { per_second: 1_000_000_000 }),
    ("uuid", Nonce::Uuid),
    ("hex", Nonce::Hex),
];
const ENCODINGS: [(&str, Encoding); 4] =
    [("hex", Encoding::Hex), ("base64", Encoding::Base64), ("base64url", Encoding::Base64Url), ("rsv", Encoding::Rsv)];
const FORMS: [(&str, SecretForm); 3] =
    [("text", SecretForm::Text), ("base64", SecretForm::Base64), ("hex", SecretForm::Hex)];

pub(super) fn read(text: &str) -> Result<Recipe> {
    if text.len() > MAX_RECIPE {
        return Err(Error::Limit { what: "bytes of a recipe", asked: text.len() as u64, allowed: MAX_RECIPE as u64 });
    }
    let members = Members(Json::object(text, "the recipe")?);
    if let Some((name, _)) = members.0.iter().find(|(name, _)| !MEMBERS.contains(&name.as_ref())) {
        return Err(near::unknown("member of a recipe", name, MEMBERS.into_iter()));
    }
    let schemes = members.items("schemes")?.iter().map(scheme).collect::<Result<Vec<_>>>()?;
    let parts = members.items("parts")?.iter().map(part).collect::<Result<Vec<_>>>()?;
    let add = members.items("add")?.iter().map(|item| parameter("add", item)).collect::<Result<Vec<_>>>()?;
    let append = members.items("append")?.iter().map(|item| parameter("append", item)).collect::<Result<Vec<_>>>()?;
    let headers = match members.get("headers") {
        None => Vec::new(),
        Some(Json::Object(headers)) => headers
            .iter()
            .map(|(name, value)| match value {
                Json::Text(value) => Ok((name.as_ref(), value.as_ref())),
                _ => Err(Error::invalid("headers: expected an object of texts")),
            })
            .collect::<Result<Vec<_>>>()?,
        Some(_) => return Err(Error::invalid("headers: expected an object of texts")),
    };
    for count in [schemes.len(), parts.len(), add.len(), append.len(), headers.len()] {
        if count > MAX_ITEMS {
            let (asked, allowed) = (count as u64, MAX_ITEMS as u64);
            return Err(Error::Limit { what: "items of one member of a recipe", asked, allowed });
        }
    }
    let row = Row {
        exchange: members.text("exchange")?.ok_or_else(|| Error::invalid("exchange: expected a name"))?,
        source: members.text("source")?.unwrap_or_default(),
        host: members.text("host")?.unwrap_or_default(),
        base: members.text("base")?.unwrap_or_default(),
        secret: members.text("secret")?.unwrap_or(Row::NEW.secret),
        schemes: &schemes,
        time: members.word("time", &TIMES)?.unwrap_or(Row::NEW.time),
        expires_seconds: members.seconds("expires_seconds")?,
        nonce: members.word("nonce", &NONCES)?,
        add: &add,
        sort_query: members.flag("sort_query")?,
        parts: &parts,
        body: members.text("body")?,
        message: members.text("message")?.unwrap_or_default(),
        append: &append,
        headers: &headers,
    };
    check(&row)?;
    Recipe::read(&row)
}

fn check(row: &Row<'_>) -> Result<()> {
    let is_word = |name: &str| {
        (1..=64).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte))
    };
    if !is_word(row.exchange) {
        return Err(Error::invalid("exchange: expected a name of at most 64 letters, digits and . _ - /"));
    }
    if !is_word(row.secret) {
        return Err(Error::invalid("secret: expected the name of a field of the entry"));
    }
    if !row.host.is_empty() {
        Recipe::check_host(row.host).map_err(|why| Error::invalid(format!("host: {why}")))?;
    }
    if row.parts.iter().any(|(name, _, _)| !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')) {
        return Err(Error::invalid("parts: expected names of lower-case letters and _"));
    }
    let parameters = row.add.iter().chain(row.append).map(|(_, name, _)| *name);
    let is_parameter = |name: &str| !name.is_empty() && percent(name) == name;
    if !parameters.into_iter().all(is_parameter) {
        return Err(Error::invalid("add and append: expected names of letters, digits and - . _ ~"));
    }
    if !row.headers.iter().all(|(name, _)| super::request::is_header_name(name)) {
        return Err(Error::invalid("headers: expected names of letters, digits and dashes"));
    }
    Ok(())
}

struct Members<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Members<'a> {
    fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    fn text(&self, name: &str) -> Result<Option<&str>> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Text(text)) => Ok(Some(text)),
            Some(_) => Err(Error::invalid(format!("{name}: expected a text"))),
        }
    }

    fn word<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<Option<T>> {
        self.text(name)?.map(|word| of(name, word, words)).transpose()
    }

    fn seconds(&self, name: &str) -> Result<u32> {
        match self.get(name) {
            None => Ok(0),
            Some(Json::Number(digits)) if let Ok(seconds) = digits.parse() => Ok(seconds),
            Some(_) => Err(Error::invalid(format!("{name}: expected a whole number of seconds"))),
        }
    }

    fn flag(&self, name: &str) -> Result<bool> {
        match self.get(name) {
            None => Ok(false),
            Some(Json::Bool(flag)) => Ok(*flag),
            Some(_) => Err(Error::invalid(format!("{name}: expected true or false"))),
        }
    }

    fn items(&self, name: &str) -> Result<&[Json<'a>]> {
        match self.get(name) {
            None => Ok(&[]),
            Some(Json::Array(items)) => Ok(items),
            Some(_) => Err(Error::invalid(format!("{name}: expected an array"))),
        }
    }
}

fn of<T: Copy>(name: &str, word: &str, words: &[(&str, T)]) -> Result<T> {
    let found = words.iter().find(|(known, _)| *known == word).map(|(_, value)| *value);
    found.ok_or_else(|| {
        let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        Error::invalid(format!("{name}: expected one of {}", words.join(", ")))
    })
}

fn scheme(item: &Json<'_>) -> Result<Scheme> {
    let Json::Object(members) = item else { return Err(Error::invalid("schemes: expected objects")) };
    let (mut algorithm, mut form, mut encoding) = (None, SecretForm::Text, None);
    for (name, value) in members {
        let Json::Text(value) = value else {
            return Err(Error::invalid("schemes: expected algorithm, secret and encoding as texts"));
        };
        match name.as_ref() {
            "algorithm" => {
                algorithm = Some(Algorithm::parse(value).ok_or_else(|| {
                    near::unknown("algorithm of a recipe", value, Algorithm::ALL.iter().map(|one| one.as_str()))
                })?);
            }
            "secret" => form = of("secret of a scheme", value, &FORMS)?,
            "encoding" => encoding = Some(of("encoding of a scheme", value, &ENCODINGS)?),
            name => {
                return Err(near::unknown("member of a scheme", name, ["algorithm", "secret", "encoding"].into_iter()));
            }
        }
    }
    match (algorithm, encoding) {
        (Some(algorithm), Some(encoding)) => Ok((algorithm, form, encoding)),
        _ => Err(Error::invalid("schemes: expected an algorithm and an encoding in each")),
    }
}

fn texts<'j, const N: usize>(member: &str, item: &'j Json<'_>, least: usize) -> Result<[&'j str; N]> {
    let wrong = || Error::invalid(format!("{member}: expected arrays of {least} to {N} texts"));
    let Json::Array(items) = item else { return Err(wrong()) };
    if !(least..=N).contains(&items.len()) {
        return Err(wrong());
    }
    let mut texts = [""; N];
    for (text, item) in texts.iter_mut().zip(items) {
        let Json::Text(item) = item else { return Err(wrong()) };
        *text = item;
    }
    Ok(texts)
}

fn part<'j>(item: &'j Json<'_>) -> Result<(&'j str, &'j str, &'j str)> {
    let [name, value, when] = texts("parts", item, 2)?;
    Ok((name, value, when))
}

fn parameter<'j>(member: &str, item: &'j Json<'_>) -> Result<(Place, &'j str, &'j str)> {
    let [place, name, value] = texts(member, item, 3)?;
    Ok((of(member, place, &PLACES)?, name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A recipe with the members beside its name.
    fn with(members: &str) -> Result<Recipe> {
        let comma = if members.is_empty() { "" } else { "," };
        read(&format!(r#"{{"exchange":"e"{comma}{members}}}"#))
    }

    #[test]
    fn every_member_is_read() {
        let recipe = read(
            r#"{"exchange":"A.b-c_d/e1","source":"https://a.b","host":"https://a.c","base":"/v1","secret":"private_key",
                "schemes":[{"algorithm":"hmac-sha1","secret":"hex","encoding":"base64url"},
                    {"algorithm":"ed25519","encoding":"base64"}],
                "time":"iso-s","expires_seconds":60,"nonce":"us","sort_query":true,
                "add":[["query","k-1._~","<entry.api_key>"]],"append":[["params","z","1"]],
                "parts":[["one_b","x"],["two","y","one_b"]],"body":"<given>","message":"<path>",
                "headers":{"X-Sign":"<signature>"}}"#,
        )
        .unwrap();
        assert_eq!((recipe.exchange(), recipe.source(), recipe.host()), ("A.b-c_d/e1", "https://a.b", "https://a.c"));
        assert_eq!((recipe.base.as_str(), recipe.secret.as_str()), ("/v1", "private_key"));
        let schemes = [
            (Algorithm::HmacSha1, SecretForm::Hex, Encoding::Base64Url),
            (Algorithm::Ed25519, SecretForm::Text, Encoding::Base64),
        ];
        assert_eq!(recipe.schemes, schemes);
        assert_eq!((recipe.time, recipe.expires_seconds), (Time::IsoSeconds, 60));
        assert_eq!((recipe.nonce, recipe.sort_query), (Some(Nonce::Counter { per_second: 1_000_000 }), true));
        assert_eq!((recipe.add[0].0, recipe.add[0].1.as_str()), (Place::Query, "k-1._~"));
        assert_eq!((recipe.append[0].0, recipe.append[0].1.as_str()), (Place::Params, "z"));
        assert_eq!((recipe.parts[0].when.is_none(), recipe.parts[1].when.is_some()), (true, true));
        assert_eq!((recipe.body.is_some(), recipe.message.is_empty()), (true, false));
        assert_eq!((recipe.headers[0].0.as_str(), recipe.entry.as_slice()), ("X-Sign", &["api_key".to_owned()][..]));
    }

    #[test]
    fn what_is_left_out_is_empty() {
        let recipe = with("").unwrap();
        assert_eq!((recipe.source(), recipe.host(), recipe.base.as_str()), ("", "", ""));
        assert_eq!((recipe.secret.as_str(), recipe.schemes.len()), ("secret", 0));
        assert_eq!((recipe.time, recipe.expires_seconds), (Time::Milliseconds, 0));
        assert_eq!((recipe.nonce, recipe.sort_query), (None, false));
        assert_eq!((recipe.add.len(), recipe.append.len(), recipe.parts.len(), recipe.headers.len()), (0, 0, 0, 0));
        assert_eq!((recipe.body.is_none(), recipe.message.is_empty()), (true, true));
        assert!(!with(r#""sort_query":false"#).unwrap().sort_query);
    }

    #[test]
    fn a_member_of_another_kind_is_refused() {
        for (members, why) in [
            (r#""source":1"#, "source: expected a text"),
            (r#""body":null"#, "body: expected a text"),
            (r#""time":"m""#, "time: expected one of ms, s, iso-ms, iso-s"),
            (r#""time":1"#, "time: expected a text"),
            (r#""nonce":"m""#, "nonce: expected one of s, ms, us, ns, uuid, hex"),
            (r#""expires_seconds":"1""#, "expires_seconds: expected a whole number of seconds"),
            (r#""expires_seconds":1.5"#, "expires_seconds: expected a whole number of seconds"),
            (r#""expires_seconds":-1"#, "expires_seconds: expected a whole number of seconds"),
            (r#""expires_seconds":4294967296"#, "expires_seconds: expected a whole number of seconds"),
            (r#""sort_query":"true""#, "sort_query: expected true or false"),
            (r#""parts":{}"#, "parts: expected an array"),
            (r#""parts":["a"]"#, "parts: expected arrays of 2 to 3 texts"),
            (r#""parts":[["a"]]"#, "parts: expected arrays of 2 to 3 texts"),
            (r#""parts":[["a","b","","d"]]"#, "parts: expected arrays of 2 to 3 texts"),
            (r#""parts":[["a",1]]"#, "parts: expected arrays of 2 to 3 texts"),
            (r#""add":[["query","a"]]"#, "add: expected arrays of 3 to 3 texts"),
            (r#""add":[["header","a","b"]]"#, "add: expected one of query, body, params"),
            (r#""append":[["body","a","b","c"]]"#, "append: expected arrays of 3 to 3 texts"),
            (r#""headers":[]"#, "headers: expected an object of texts"),
            (r#""headers":{"a":1}"#, "headers: expected an object of texts"),
            (r#""schemes":["a"]"#, "schemes: expected objects"),
            (r#""schemes":[{"algorithm":1}]"#, "schemes: expected algorithm, secret and encoding as texts"),
            (r#""schemes":[{"algorithm":"ed25519"}]"#, "schemes: expected an algorithm and an encoding in each"),
            (r#""schemes":[{"encoding":"hex"}]"#, "schemes: expected an algorithm and an encoding in each"),
            (r#""schemes":[{"secret":"x"}]"#, "secret of a scheme: expected one of text, base64, hex"),
            (r#""schemes":[{"encodin":"hex"}]"#, "unknown member of a scheme: encodin; did you mean encoding?"),
            (r#""schemes":[{"algorithm":"md5"}]"#, "unknown algorithm of a recipe: md5"),
        ] {
            assert_eq!(with(members).unwrap_err().to_string(), why, "{members}");
        }
    }

    #[test]
    fn names_hold_what_names_may() {
        let long = "a".repeat(65);
        for (member, names, wrong) in [
            (r#""secret":"NAME""#, ["a", "A_0.b-c/d", &long[1..]], ["", "a b", "\u{e4}", &long]),
            (r#""parts":[["NAME","x"]]"#, ["a", "a_b", "zz"], ["A", "a-b", "a1", "a "]),
            (r#""add":[["query","NAME","x"]]"#, ["a", "A-0._~", "z"], ["", "a b", "a=b", "a&"]),
            (r#""append":[["query","NAME","x"]]"#, ["a", "A-0._~", "z"], ["", "a b", "a=b", "a&"]),
            (r#""headers":{"NAME":"x"}"#, ["a", "X-A_1", &long[1..]], ["", "a b", "a:", &long]),
        ] {
            let with_name = |name: &str| with(&member.replace("NAME", name));
            for name in names {
                assert!(with_name(name).is_ok(), "{member} {name}");
            }
            for name in wrong {
                let refused = with_name(name).unwrap_err().to_string();
                assert!(refused.contains(": expected "), "{member} {name}: {refused}");
            }
        }
        for name in ["", "a b", "\u{e4}", &long] {
            let refused = read(&format!(r#"{{"exchange":"{name}"}}"#)).unwrap_err().to_string();
            assert!(refused.starts_with("exchange: expected a name of at most 64"), "{name}: {refused}");
        }
    }

    #[test]
    fn ceilings_are_what_is_still_taken() {
        let most = r#"{"exchange":"e"}"#;
        let most = format!("{most}{}", " ".repeat(65_536 - most.len()));
        assert!(read(&most).is_ok());
        assert_eq!(read(&format!("{most} ")).unwrap_err().code(), "limit");
        for (name, item) in
            [("parts", r#"["a","x"]"#), ("add", r#"["query","a","x"]"#), ("append", r#"["query","a","x"]"#)]
        {
            let items = |count| with(&format!(r#""{name}":[{}]"#, vec![item; count].join(",")));
            assert!(items(MAX_ITEMS).is_ok());
            assert_eq!(items(MAX_ITEMS + 1).unwrap_err().code(), "limit", "{name}");
        }
        let headers = |count: usize| {
            let headers: Vec<_> = (0..count).map(|at| format!(r#""x{at}":"x""#)).collect();
            with(&format!(r#""headers":{{{}}}"#, headers.join(",")))
        };
        assert!(headers(MAX_ITEMS).is_ok());
        assert_eq!(headers(MAX_ITEMS + 1).unwrap_err().code(), "limit");
        let schemes = |count| {
            let scheme = r#"{"algorithm":"hmac-sha1","encoding":"hex"}"#;
            let schemes = vec![scheme; count].join(",");
            with(&format!(r#""schemes":[{schemes}],"message":"<body>","headers":{{"x":"<signature>"}}"#))
        };
        assert!(schemes(MAX_ITEMS).is_ok());
        assert_eq!(schemes(MAX_ITEMS + 1).unwrap_err().code(), "limit");
    }
}
