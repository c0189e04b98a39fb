//! Templates: text in which `<part:filter:filter>` stands for a part of the request, the time, or the entry.
//!
//! Names in front of the filters may be joined by `+`: `<nonce+body:sha256:hex>`. The rows of the exchange table and a
//! recipe of a user's own are written in this one language, and checked by this one code.

use super::filter::Filter;
use super::near;
use crate::{Error, Result};

/// The longest template, in bytes.
const MAX_TEMPLATE: usize = 4096;

/// What a `<...>` may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// What JSON Web Algorithms (RFC 7518, section 3.1) calls the algorithm.
    Alg,
    /// The body as it is sent.
    Body,
    /// The content type of the body, and nothing if there is no body.
    ContentType,
    /// The timestamp, and the recipe's `expires_seconds` more.
    Expires,
    /// The body as the caller gave it.
    Given,
    /// A member of the body as the caller gave it, which is a JSON object then.
    Member(String),
    Host,
    Message,
    Method,
    Nonce,
    /// The query if there is one, else the body.
    Params,
    Path,
    /// The path, and `?` with the query if there is one.
    PathQuery,
    /// What follows the `?`, and nothing if there is none.
    Query,
    /// The path without the front that the recipe calls its base.
    Route,
    Signature,
    Timestamp,
    /// Info or a secret field of the entry, by its place among those that the recipe needs.
    Entry(usize),
    /// What the caller passes beside the request, and whether it may be missing.
    Value(String, Need),
    /// What the recipe defines itself, by its place.
    Part(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    Required,
    Optional,
}

const NAMES: [(&str, Source); 16] = [
    ("alg", Source::Alg),
    ("body", Source::Body),
    ("content_type", Source::ContentType),
    ("expires", Source::Expires),
    ("given", Source::Given),
    ("host", Source::Host),
    ("message", Source::Message),
    ("method", Source::Method),
    ("nonce", Source::Nonce),
    ("params", Source::Params),
    ("path", Source::Path),
    ("path_query", Source::PathQuery),
    ("query", Source::Query),
    ("route", Source::Route),
    ("signature", Source::Signature),
    ("timestamp", Source::Timestamp),
];

/// What names mean beside those of [`NAMES`]: filled while a recipe is read.
#[derive(Default)]
pub(super) struct Scope {
    /// Names of the entry's info and fields that the recipe uses.
    pub(super) entry: Vec<String>,
    /// Names of the parts that were defined so far.
    pub(super) parts: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) enum Piece {
    Literal(String),
    Part { sources: Vec<Source>, filters: Vec<Filter>, name: String },
}

#[derive(Clone, Debug)]
pub(super) struct Template(Vec<Piece>);

impl Template {
    pub(super) fn parse(text: &str, scope: &mut Scope) -> Result<Self> {
        if text.len() > MAX_TEMPLATE {
            return Err(Error::Limit {
                what: "bytes of a template of a recipe",
                asked: text.len() as u64,
                allowed: MAX_TEMPLATE as u64,
            });
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((literal, behind)) = rest.split_once('<') {
            let (inside, behind) = behind.split_once('>').ok_or_else(|| Error::invalid("expected a > for each <"))?;
            if !literal.is_empty() {
                pieces.push(Piece::Literal(literal.to_owned()));
            }
            pieces.push(part(inside, scope)?);
            rest = behind;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest.to_owned()));
        }
        Ok(Self(pieces))
    }

    pub(super) fn pieces(&self) -> &[Piece] {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn sources(&self) -> impl Iterator<Item = &Source> {
        self.0.iter().flat_map(|piece| match piece {
            Piece::Literal(_) => &[][..],
            Piece::Part { sources, .. } => sources,
        })
    }

    pub(super) fn uses(&self, source: &Source) -> bool {
        self.sources().any(|used| used == source)
    }
}

fn part(inside: &str, scope: &mut Scope) -> Result<Piece> {
    let (names, filters) = inside.split_once(':').unwrap_or((inside, ""));
    let sources = names.split('+').map(|name| source(name, scope)).collect::<Result<_>>()?;
    let filters = filters
        .split(':')
        .filter(|name| !name.is_empty())
        .map(|name| Filter::parse(name).ok_or_else(|| near::unknown("filter of a recipe", name, Filter::names())))
        .collect::<Result<_>>()?;
    // A caller has not seen the recipe, and is told what is wrong with what they gave.
    let name = match names.split_once('.') {
        Some(("value", name)) => format!("the value {}", name.trim_end_matches('?')),
        None if names == "given" => "the body".to_owned(),
        _ => names.to_owned(),
    };
    Ok(Piece::Part { sources, filters, name })
}

pub(super) fn source(name: &str, scope: &mut Scope) -> Result<Source> {
    if let Some((_, source)) = NAMES.iter().find(|(known, _)| *known == name) {
        return Ok(source.clone());
    }
    if let Some(at) = scope.parts.iter().position(|part| part == name) {
        return Ok(Source::Part(at));
    }
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match name.split_once('.') {
        Some(("entry", field)) if is_name(field) => {
            let at = scope.entry.iter().position(|known| known == field).unwrap_or_else(|| {
                scope.entry.push(field.to_owned());
                scope.entry.len() - 1
            });
            Ok(Source::Entry(at))
        }
        Some(("given", member)) if is_name(member) => Ok(Source::Member(member.to_owned())),
        Some(("value", value)) => {
            let (value, need) = match value.strip_suffix('?') {
                Some(value) => (value, Need::Optional),
                None => (value, Need::Required),
            };
            if is_name(value) { Ok(Source::Value(value.to_owned(), need)) } else { Err(unknown(name, scope)) }
        }
        _ => Err(unknown(name, scope)),
    }
}

fn unknown(name: &str, scope: &Scope) -> Error {
    let known = NAMES.iter().map(|(name, _)| *name).chain(scope.parts.iter().map(String::as_str));
    near::unknown("part of a recipe", name, known.chain(["entry.api_key", "value.name"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> Scope {
        Scope { entry: vec!["api_key".to_owned()], parts: vec!["hash".to_owned(), "body_hash".to_owned()] }
    }

    #[test]
    fn a_template_is_text_and_parts_in_turn() {
        let template = Template::parse("a<nonce+body:sha256:hex>b><path>", &mut scope()).unwrap();
        let [
            Piece::Literal(a),
            Piece::Part { sources, filters, name },
            Piece::Literal(b),
            Piece::Part { filters: none, .. },
        ] = template.pieces()
        else {
            panic!()
        };
        assert_eq!((a.as_str(), name.as_str(), b.as_str()), ("a", "nonce+body", "b>"));
        assert_eq!((sources.as_slice(), none.is_empty()), (&[Source::Nonce, Source::Body][..], true));
        assert_eq!(*filters, [Filter::Sha256, Filter::Hex]);
        assert!(template.sources().eq(&[Source::Nonce, Source::Body, Source::Path]));
        assert_eq!((template.uses(&Source::Body), template.uses(&Source::Query)), (true, false));
        assert_eq!((template.is_empty(), Template::parse("", &mut scope()).unwrap().is_empty()), (false, true));
    }

    #[test]
    fn a_name_stands_for_one_thing() {
        let mut scope = scope();
        for (name, known) in [
            ("hash", Source::Part(0)),
            ("body_hash", Source::Part(1)),
            ("entry.api_key", Source::Entry(0)),
            ("entry.uid", Source::Entry(1)),
            ("entry.api_key", Source::Entry(0)),
            ("entry.uid", Source::Entry(1)),
            ("given.Order_1", Source::Member("Order_1".to_owned())),
            ("value.v", Source::Value("v".to_owned(), Need::Required)),
            ("value.v?", Source::Value("v".to_owned(), Need::Optional)),
        ] {
            assert_eq!(source(name, &mut scope).unwrap(), known);
        }
        assert_eq!(scope.entry, ["api_key", "uid"]);
        for name in [
            "",
            "Body",
            "hash ",
            "entry",
            "entry.",
            "entry.a b",
            "entry.a.b",
            "entry.a?",
            "given.",
            "given.a-b",
            "value.",
            "value.?",
            "value.a??",
            "value.\u{e4}",
            "values.a",
        ] {
            let refused = source(name, &mut scope).unwrap_err().to_string();
            assert!(refused.starts_with("unknown part of a recipe"), "{name}: {refused}");
        }
        assert_eq!(scope.entry, ["api_key", "uid"]);
    }

    #[test]
    fn a_template_that_is_none_is_refused() {
        let most = "x".repeat(MAX_TEMPLATE);
        assert!(Template::parse(&most, &mut scope()).is_ok());
        assert_eq!(Template::parse(&format!("{most}x"), &mut scope()).unwrap_err().code(), "limit");
        for (text, why) in [
            ("<", "expected a > for each <"),
            ("a<path", "expected a > for each <"),
            ("<>", "unknown part of a recipe"),
            ("<path+>", "unknown part of a recipe"),
            ("<path<body>", "unknown part of a recipe: path<body"),
            ("<path:hexx>", "unknown filter of a recipe: hexx; did you mean hex?"),
            ("<pth>", "unknown part of a recipe: pth; did you mean path"),
            ("<hsh>", "unknown part of a recipe: hsh; did you mean hash"),
        ] {
            let refused = Template::parse(text, &mut scope()).unwrap_err().to_string();
            assert!(refused.starts_with(why), "{text}: {refused}");
        }
    }
}
