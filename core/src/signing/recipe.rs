//! A recipe: what an exchange wants signed, with what, and where the signature goes.

use std::collections::BTreeSet;

use super::key::{Algorithm, SecretForm};
use super::near;
use super::recipe_json;
use super::recipes::ROWS;
use super::request::Address;
use super::template::{Scope, Source, Template, source};
use crate::env_file::exchanges;
use crate::{Error, Result};

/// How a signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Hex,
    Base64,
    /// Without padding (RFC 7515, section 2).
    Base64Url,
    /// A JSON object with `r`, `s` as `0x` and 64 hex digits, and `v` (Ethereum).
    Rsv,
}

/// An algorithm, how its secret is written in the entry, and how its signature is written in the request.
pub(super) type Scheme = (Algorithm, SecretForm, Encoding);

/// How a point in time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    Milliseconds,
    Seconds,
    /// `2023-11-14T22:13:20.000Z`
    IsoMilliseconds,
    /// `2023-11-14T22:13:20`, in UTC
    IsoSeconds,
}

/// What makes two requests differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nonce {
    /// A number that grows with each request under a key, and is at least the time in this many parts of a second.
    Counter { per_second: u64 },
    /// A random UUID (RFC 9562, version 4).
    Uuid,
    /// 32 random hex digits.
    Hex,
}

/// Where a parameter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Query,
    Body,
    /// The body if there is one, else the query.
    Params,
}

/// A recipe as it is written down, in the exchange table or by a user. Empty is what an exchange does not have.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) exchange: &'a str,
    /// Where the exchange documents it.
    pub(super) source: &'a str,
    /// Where a request with a bare path goes; a WebSocket login has its address here.
    pub(super) host: &'a str,
    /// What is taken off the front of the path for `<route>`.
    pub(super) base: &'a str,
    /// The entry's field with the key.
    pub(super) secret: &'a str,
    /// The key decides which one it is.
    pub(super) schemes: &'a [Scheme],
    pub(super) time: Time,
    pub(super) expires_seconds: u32,
    pub(super) nonce: Option<Nonce>,
    /// Parameters in front of the caller's: place, name, value.
    pub(super) add: &'a [(Place, &'a str, &'a str)],
    pub(super) sort_query: bool,
    /// Names of the recipe's own: name, template, and what must not be empty for it (or `""`).
    pub(super) parts: &'a [(&'a str, &'a str, &'a str)],
    /// What is sent in the place of the caller's body, which is `<given>`.
    pub(super) body: Option<&'a str>,
    pub(super) message: &'a str,
    /// Parameters behind all others, once the signature is known.
    pub(super) append: &'a [(Place, &'a str, &'a str)],
    pub(super) headers: &'a [(&'a str, &'a str)],
}

impl Row<'_> {
    pub(super) const NEW: Self = Self {
        exchange: "",
        source: "",
        host: "",
        base: "",
        secret: "secret",
        schemes: &[],
        time: Time::Milliseconds,
        expires_seconds: 0,
        nonce: None,
        add: &[],
        sort_query: false,
        parts: &[],
        body: None,
        message: "",
        append: &[],
        headers: &[],
    };
}

/// What an exchange wants signed, with what, and where the signature goes: a row of the table of exchanges, or a recipe
/// of your own.
///
/// ```
/// use strongroom::signing::Recipe;
///
/// # fn main() -> strongroom::Result<()> {
/// let kraken = Recipe::of("kraken")?;
/// assert_eq!(kraken.host(), "https://api.kraken.com");
///
/// let other = Recipe::from_json(
///     r#"{
///         "exchange": "example",
///         "host": "https://api.example.com",
///         "schemes": [{"algorithm": "hmac-sha256", "encoding": "hex"}],
///         "message": "<timestamp><method><path_query><body>",
///         "headers": {"X-KEY": "<entry.api_key>", "X-TIME": "<timestamp>", "X-SIGN": "<signature>"}
///     }"#,
/// )?;
/// assert_eq!(other.exchange(), "example");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Recipe {
    exchange: String,
    source: String,
    host: String,
    pub(super) base: String,
    pub(super) secret: String,
    pub(super) schemes: Vec<Scheme>,
    pub(super) time: Time,
    pub(super) expires_seconds: u32,
    pub(super) nonce: Option<Nonce>,
    pub(super) add: Vec<(Place, String, Template)>,
    pub(super) sort_query: bool,
    pub(super) parts: Vec<Part>,
    pub(super) body: Option<Template>,
    pub(super) message: Template,
    pub(super) append: Vec<(Place, String, Template)>,
    pub(super) headers: Vec<(String, Template)>,
    /// The names of info and fields of the entry that the templates use.
    pub(super) entry: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) value: Template,
    pub(super) when: Option<Source>,
}

impl Recipe {
    /// The names of all exchanges of the table, sorted. A name with `/websocket` behind is the exchange's login there.
    pub fn exchanges() -> impl Iterator<Item = &'static str> {
        ROWS.iter().map(|row| row.exchange)
    }

    /// The recipe of an exchange of the table.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for a name that is not in the table, with the nearest ones that are.
    pub fn of(exchange: &str) -> Result<Self> {
        match ROWS.iter().find(|row| row.exchange == exchange) {
            Some(row) => Self::read(row),
            None => match exchanges::current_name(exchange) {
                Some(name) => Err(Error::invalid(format!("unknown exchange: {exchange}; it is called {name} here"))),
                None => Err(near::unknown("exchange", exchange, Self::exchanges())),
            },
        }
    }

    /// A recipe of your own, as the JSON object that [`crate::signing`] describes.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] that says which member is wrong and what it may be; [`Error::Limit`] over 64 KiB.
    pub fn from_json(text: &str) -> Result<Self> {
        recipe_json::read(text)
    }

    /// What an entry must have for it, in secret fields or in its info, sorted. A private key that is encrypted has its
    /// passphrase in the field `key_password`.
    #[must_use]
    pub fn fields(&self) -> Vec<&str> {
        let secret = Some(&self.secret).filter(|_| !self.schemes.is_empty());
        let fields: BTreeSet<_> = self.entry.iter().chain(secret).map(String::as_str).collect();
        fields.into_iter().collect()
    }

    /// The exchange's name.
    #[must_use]
    pub fn exchange(&self) -> &str {
        &self.exchange
    }

    /// The address of the exchange's own description of this, if there is one.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Where a request with a bare path goes, such as `https://api.kraken.com`.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it makes the message of a WebSocket login, and no HTTP request.
    #[must_use]
    pub fn is_login(&self) -> bool {
        self.host.starts_with("wss://")
    }

    pub(super) fn read(row: &Row<'_>) -> Result<Self> {
        let mut scope = Scope::default();
        let mut parts = Vec::new();
        let place = |where_: &str, why: Error| match why {
            Error::InvalidInput(why) => Error::InvalidInput(format!("{where_}: {why}")),
            why => why,
        };
        for (name, value, when) in row.parts {
            let value = Template::parse(value, &mut scope).map_err(|why| place(name, why))?;
            let when = match *when {
                "" => None,
                when => Some(source(when, &mut scope).map_err(|why| place(name, why))?),
            };
            parts.push(Part { value, when });
            scope.parts.push((*name).to_owned());
        }
        let mut parameters = |list: &[(Place, &str, &str)]| {
            list.iter()
                .map(|(at, name, value)| {
                    let value = Template::parse(value, &mut scope).map_err(|why| place(name, why))?;
                    Ok((*at, (*name).to_owned(), value))
                })
                .collect::<Result<Vec<_>>>()
        };
        let (add, append) = (parameters(row.add)?, parameters(row.append)?);
        let body =
            row.body.map(|body| Template::parse(body, &mut scope).map_err(|why| place("body", why))).transpose()?;
        let message = Template::parse(row.message, &mut scope).map_err(|why| place("message", why))?;
        let headers = row
            .headers
            .iter()
            .map(|(name, value)| {
                let value = Template::parse(value, &mut scope).map_err(|why| place(name, why))?;
                Ok(((*name).to_owned(), value))
            })
            .collect::<Result<_>>()?;
        let recipe = Self {
            exchange: row.exchange.to_owned(),
            source: row.source.to_owned(),
            host: row.host.to_owned(),
            base: row.base.to_owned(),
            secret: row.secret.to_owned(),
            schemes: row.schemes.to_vec(),
            time: row.time,
            expires_seconds: row.expires_seconds,
            nonce: row.nonce,
            add,
            sort_query: row.sort_query,
            parts,
            body,
            message,
            append,
            headers,
            entry: scope.entry,
        };
        recipe.check()?;
        Ok(recipe)
    }

    /// That nothing stands on what comes after it.
    fn check(&self) -> Result<()> {
        let is_late = |source: &Source| matches!(source, Source::Signature | Source::Message);
        let early = self.parts.iter().map(|part| &part.value).chain([&self.message]);
        if early.chain(self.add.iter().map(|(_, _, value)| value)).any(|template| template.sources().any(is_late)) {
            return Err(Error::invalid("<signature> and <message> can only stand in headers, append and body"));
        }
        let before_body = |source: &Source| {
            matches!(source, Source::Body | Source::Query | Source::PathQuery | Source::Params | Source::Part(_))
        };
        if self.add.iter().any(|(_, _, value)| value.sources().any(before_body)) {
            return Err(Error::invalid("what is added to a request cannot be made of its query, body or parts"));
        }
        if self.is_body_late() {
            let uses = |template: &Template| template.uses(&Source::Body) || template.uses(&Source::Params);
            if uses(&self.message) || self.parts.iter().any(|part| uses(&part.value)) {
                return Err(Error::invalid("a body with the <signature> in it cannot be signed; sign what is <given>"));
            }
        }
        if self.body.as_ref().is_some_and(|body| body.uses(&Source::Body) || body.uses(&Source::Params)) {
            return Err(Error::invalid("body cannot be made of <body>; what the caller passes is <given>"));
        }
        let all = self.headers.iter().map(|(_, value)| value).chain(self.append.iter().map(|(_, _, value)| value));
        let uses_signature = all.chain(&self.body).any(|template| template.uses(&Source::Signature));
        if uses_signature && self.schemes.is_empty() {
            return Err(Error::invalid("<signature> needs a scheme: expected at least one in schemes"));
        }
        if !self.schemes.is_empty() && !self.message.is_empty() && self.message.sources().next().is_none() {
            return Err(Error::invalid(
                "message has no part in it, and would have one signature for all requests; parts are written like <timestamp>",
            ));
        }
        if !self.schemes.is_empty() && (self.message.is_empty() || !uses_signature) {
            return Err(Error::invalid("a scheme needs a message, and a place where the <signature> goes"));
        }
        Ok(())
    }

    /// That a request with a bare path can go there.
    pub(super) fn check_host(host: &str) -> Result<()> {
        Address::parse(host).map(|_| ())
    }

    pub(super) fn templates(&self) -> impl Iterator<Item = &Template> {
        let parameters = self.add.iter().chain(&self.append).map(|(_, _, value)| value);
        let headers = self.headers.iter().map(|(_, value)| value);
        let parts = self.parts.iter().map(|part| &part.value);
        parameters.chain(headers).chain(parts).chain(&self.body).chain([&self.message])
    }

    /// Whether the body holds the signature, so that it is made last.
    pub(super) fn is_body_late(&self) -> bool {
        self.body.as_ref().is_some_and(|body| body.uses(&Source::Signature))
    }
}
