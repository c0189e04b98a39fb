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
