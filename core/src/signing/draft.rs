//! A request while it is being signed: the templates of a recipe, filled in.

use core::cell::Cell;
use std::borrow::Cow;

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use zeroize::{Zeroize, Zeroizing};

use super::credentials::Credentials;
use super::filter::{is_json, percent, sorted};
use super::json::{Json, quoted};
use super::near;
use super::recipe::{Encoding, Place, Recipe};
use super::request::{Address, MAX_BODY, Request, SignedRequest};
use super::template::{Need, Piece, Source, Template};
use crate::{Error, Result};

/// A recipe of the table reads the longest body some four times. It is less than the 8 MiB that data-encoding encodes at once
/// where a pointer has 32 bits.
const BUDGET: usize = 7 * MAX_BODY;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

pub(super) struct Draft<'a> {
    recipe: &'a Recipe,
    credentials: &'a Credentials,
    request: &'a Request<'a>,
    address: Address<'a>,
    query: Cow<'a, str>,
    given: &'a str,
    body: Cow<'a, str>,
    timestamp: String,
    expires: String,
    nonce: String,
    parts: Vec<Zeroizing<Vec<u8>>>,
    message: Vec<u8>,
    signature: Vec<u8>,
    /// How many bytes more templates may read and make.
    budget: Cell<usize>,
}

impl<'a> Draft<'a> {
    /// All that can be checked without the nonce, so that none is drawn for a request that is refused.
    pub(super) fn new(recipe: &'a Recipe, credentials: &'a Credentials, request: &'a Request<'a>) -> Result<Self> {
        let address = request.address(recipe)?;
        let given = request.text()?;
        let timestamp = super::time::write(recipe.time, request.timestamp_ms, 0)?;
        let expires = super::time::write(recipe.time, request.timestamp_ms, recipe.expires_seconds)?;
        let draft = Self {
            recipe,
            credentials,
            request,
            query: address.query.into(),
            address,
            given,
            body: given.into(),
            timestamp,
            expires,
            nonce: String::new(),
            parts: Vec::new(),
            message: Vec::new(),
            signature: Vec::new(),
            budget: Cell::new(BUDGET),
        };
        draft.check_values()?;
        draft.check_names()?;
        draft.check_headers()?;
        Ok(draft)
    }

    /// The value that the caller's own parameter of the name has, which is then the nonce.
    pub(super) fn nonce_given(&self) -> Option<String> {
        let (place, name, _) = self.recipe.add.iter().find(|(_, _, value)| value.uses(&Source::Nonce))?;
        self.parameter(*place, name)
    }

    pub(super) fn sign(mut self, nonce: String) -> Result<SignedRequest> {
        self.nonce = nonce;
        let recipe = self.recipe;
        for (place, name, value) in &recipe.add {
            if self.parameter(*place, name).is_none() {
                let value = self.text(value, name)?;
                self.put(*place, name, &value, Side::Front)?;
            }
        }
        if recipe.sort_query {
            self.query = sorted(&self.query).into();
        }
        for part in &recipe.parts {
            let is_there = match &part.when {
                None => true,
                Some(source) => !self.value(source)?.is_empty(),
            };
            let value = if is_there { self.render(&part.value)? } else { Zeroizing::default() };
            self.parts.push(value);
        }
        if let Some(body) = recipe.body.as_ref().filter(|_| !recipe.is_body_late()) {
            self.body = self.text(body, "the body")?.into();
        }
        self.message = core::mem::take(&mut *self.render(&recipe.message)?);
        if !recipe.schemes.is_empty() {
            self.signature = self.credentials.sign(&self.message)?;
        }
        for (place, name, value) in &recipe.append {
            let value = self.text(value, name)?;
            self.put(*place, name, &value, Side::Back)?;
        }
        if let Some(body) = recipe.body.as_ref().filter(|_| recipe.is_body_late()) {
            self.body = self.text(body, "the body")?.into();
        }
        let given = self.request.headers.iter();
        let mut headers: Vec<(String, String)> = given.map(|(name, value)| ((*name).into(), (*value).into())).collect();
        if let Err(why) = self.add_headers(&mut headers) {
            // Some exchanges want a secret there, and nobody gets this request.
            headers.iter_mut().for_each(|(_, value)| value.zeroize());
            return Err(why);
        }
        let url = match self.query.as_ref() {
            "" => format!("{}{}", self.address.origin, self.address.path),
            query => format!("{}{}?{query}", self.address.origin, self.address.path),
        };
        Ok(SignedRequest { method: self.request.method.to_owned(), url, headers, body: self.body.into_owned() })
    }

    fn add_headers(&self, headers: &mut Vec<(String, String)>) -> Result<()> {
        let content_type = self.content_type();
        if !content_type.is_empty() && self.request.header("content-type").is_none() && !self.recipe.is_login() {
            headers.push(("Content-Type".to_owned(), content_type.to_owned()));
        }
        for (name, value) in &self.recipe.headers {
            let mut value = self.text(value, name)?;
            if value.is_empty() {
                continue;
            }
            // RFC 9110, section 5.5, without the characters beyond ASCII, on which clients and servers disagree.
            if !value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
                value.zeroize();
                return Err(Error::invalid(format!("the header {name} would hold what is no visible ASCII character")));
            }
            headers.push((name.clone(), value));
        }
        Ok(())
    }

    fn check_values(&self) -> Result<()> {
        for template in self.recipe.templates() {
            for source in template.sources() {
                if let Source::Value(name, Need::Required) = source
                    && self.request.value(name).is_none()
                {
                    let exchange = self.recipe.exchange();
                    return Err(Error::invalid(format!("{exchange} needs the value {name}; pass it in values")));
                }
            }
        }
        Ok(())
    }

    /// A name that nobody reads is one that is misspelt: a value that is then missing could be whose money it is.
    fn check_names(&self) -> Result<()> {
        if self.request.values.is_empty() {
            return Ok(());
        }
        let sources = self.recipe.templates().flat_map(Template::sources);
        let known = sources.filter_map(|source| match source {
            Source::Value(name, _) => Some(name.as_str()),
            _ => None,
        });
        let known: Vec<_> = known.collect();
        match self.request.values.iter().find(|(name, _)| !known.contains(name)) {
            Some((name, _)) => {
                Err(near::unknown(&format!("value for {}", self.recipe.exchange()), name, known.into_iter()))
            }
            None => Ok(()),
        }
    }

    fn check_headers(&self) -> Result<()> {
        match self.recipe.headers.iter().find(|(name, _)| self.request.header(name).is_some()) {
            Some((name, _)) => Err(Error::invalid(format!("the signer sets the header {name}; leave it out"))),
            None => Ok(()),
        }
    }

    fn content_type(&self) -> &str {
        match self.request.header("content-type") {
            _ if self.body.is_empty() => "",
            Some(given) => given,
            None if is_json(&self.body) => JSON,
            None => FORM,
        }
    }

    fn parameter(&self, place: Place, name: &str) -> Option<String> {
        match place {
            Place::Query => find(&self.query, name),
            Place::Body => find(&self.body, name),
            Place::Params => find(&self.query, name).or_else(|| find(&self.body, name)),
        }
    }

    fn is_in_query(&self, place: Place) -> bool {
        match place {
            Place::Query => true,
            Place::Body => false,
            Place::Params => self.given.is_empty(),
        }
    }

    fn put(&mut self, place: Place, name: &str, value: &str, side: Side) -> Result<()> {
        let target = if self.is_in_query(place) { &mut self.query } else { &mut self.body };
        *target = insert(target, name, value, side)?.into();
        Ok(())
    }

    fn text(&self, template: &Template, what: &str) -> Result<String> {
        let bytes = core::mem::take(&mut *self.render(template)?);
        String::from_utf8(bytes).map_err(|wrong| {
            wrong.into_bytes().zeroize();
            Error::invalid(format!("{what} would hold bytes that are no text"))
        })
    }

    /// Wiped when dropped, since it may be made of a secret field.
    fn render(&self, template: &Template) -> Result<Zeroizing<Vec<u8>>> {
        let mut out = Zeroizing::new(Vec::with_capacity(512));
        for piece in template.pieces() {
            match piece {
                Piece::Literal(text) => append(&mut out, text.as_bytes()),
                Piece::Part { sources, filters, .. } if filters.is_empty() => {
                    self.append(sources, &mut out)?;
                }
                Piece::Part { sources, filters, name } => {
                    let mut bytes = Zeroizing::new(Vec::new());
                    self.append(sources, &mut bytes)?;
                    for filter in filters {
                        let sign = |message: &[u8]| self.credentials.sign(message);
                        bytes = Zeroizing::new(filter.apply(&bytes, name, &sign)?);
                        self.spend(bytes.len())?;
                    }
                    append(&mut out, &bytes);
                }
            }
        }
        Ok(out)
    }

    fn append(&self, sources: &[Source], out: &mut Zeroizing<Vec<u8>>) -> Result<()> {
        for source in sources {
            let value = self.value(source)?;
            self.spend(value.len())?;
            append(out, &value);
        }
        Ok(())
    }

    /// Parts can be made of parts, and filters make text longer, so that a few lines could ask for any amount of work.
    fn spend(&self, bytes: usize) -> Result<()> {
        let left = self.budget.get().checked_sub(bytes);
        self.budget.set(left.ok_or(Error::Limit {
            what: "bytes that a recipe reads and makes for one request",
            asked: (BUDGET - self.budget.get()).saturating_add(bytes) as u64,
            allowed: BUDGET as u64,
        })?);
        Ok(())
    }

    fn value(&self, source: &Source) -> Result<Cow<'_, [u8]>> {
        let text: &str = match source {
            Source::Alg => self.credentials.alg(),
            Source::Body => &self.body,
            Source::ContentType => self.content_type(),
            Source::Expires => &self.expires,
            Source::Given => self.given,
            Source::Member(name) => return Ok(member(self.given, name)?.into_bytes().into()),
            Source::Host => self.address.host,
            Source::Message => return Ok(self.message.as_slice().into()),
            Source::Method => self.request.method,
            Source::Nonce => &self.nonce,
            Source::Params if self.query.is_empty() => &self.body,
            Source::Params => &self.query,
            Source::Path => self.address.path,
            Source::PathQuery if self.query.is_empty() => self.address.path,
            Source::PathQuery => return Ok(format!("{}?{}", self.address.path, self.query).into_bytes().into()),
            Source::Query => &self.query,
            Source::Route => self.address.path.strip_prefix(&*self.recipe.base).unwrap_or(self.address.path),
            Source::Signature => return Ok(self.signature.as_slice().into()),
            Source::Timestamp => &self.timestamp,
            Source::Entry(at) => return Ok(self.credentials.field(*at).into()),
            Source::Value(name, _) => self.request.value(name).unwrap_or_default(),
            Source::Part(at) => return Ok(self.parts.get(*at).map_or(&[][..], |part| part.as_slice()).into()),
        };
        Ok(text.as_bytes().into())
    }
}

/// Appends to what may hold a secret. A vector that grows by itself leaves its old bytes behind.
fn append(out: &mut Zeroizing<Vec<u8>>, more: &[u8]) {
    let length = out.len() + more.len();
    if length > out.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(length.max(2 * out.capacity())));
        larger.extend_from_slice(out);
        *out = larger;
    }
    out.extend_from_slice(more);
}

/// A signature as the recipe writes it.
pub(super) fn encode(encoding: Encoding, signature: &[u8]) -> Vec<u8> {
    match encoding {
        Encoding::Hex => HEXLOWER.encode(signature),
        Encoding::Base64 => BASE64.encode(signature),
        Encoding::Base64Url => BASE64URL_NOPAD.encode(signature),
        Encoding::Rsv => {
            let (r, rest) = signature.split_at_checked(32).unwrap_or_default();
            let (s, v) = rest.split_at_checked(32).unwrap_or_default();
            let v = v.first().copied().unwrap_or_default();
            format!(r#"{{"r":"0x{}","s":"0x{}","v":{v}}}"#, HEXLOWER.encode(r), HEXLOWER.encode(s))
        }
    }
    .into_bytes()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Front,
    Back,
}

/// A text or number of a JSON object.
fn member(given: &str, name: &str) -> Result<String> {
    let value = Json::object(given, "the body")?.into_iter().find(|(known, _)| known == name).map(|(_, value)| value);
    match value {
        Some(Json::Text(text)) => Ok(text.into_owned()),
        Some(Json::Number(digits)) => Ok(digits.to_owned()),
        _ => Err(Error::invalid(format!("expected {name} in the body, as a text or a number"))),
    }
}

/// The value of a parameter that a query, form or JSON object has already.
fn find(text: &str, name: &str) -> Option<String> {
    if !is_json(text) {
        let mut pairs = text.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        return pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned());
    }
    // What is no object is refused where it is used.
    let members = Json::object(text, "the body").ok()?;
    members.into_iter().find(|(key, _)| key == name).map(|(_, value)| match value {
        Json::Number(digits) => digits.to_owned(),
        Json::Text(text) => text.into_owned(),
        _ => String::new(),
    })
}

/// A query, form or JSON object with one parameter more.
fn insert(text: &str, name: &str, value: &str, side: Side) -> Result<String> {
    let (open, pair, comma, close);
    let inside = if is_json(text) {
        Json::object(text, "the body")?;
        (open, pair, comma, close) = ("{", format!("{}:{}", quoted(name), quoted(value)), ",", "}");
        text.trim_ascii().strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default().trim_ascii()
    } else {
        (open, pair, comma, close) = ("", format!("{name}={}", percent(value)), "&", "");
        text
    };
    let comma = if inside.is_empty() { "" } else { comma };
    Ok(match side {
        Side::Front => format!("{open}{pair}{comma}{inside}{close}"),
        Side::Back => format!("{open}{inside}{comma}{pair}{close}"),
    })
}
