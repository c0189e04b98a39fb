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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signing::Signer;
    use crate::vault::{Entry, Unlock, Vault};
    use crate::{Kdf, Key};

    const AT: i64 = 1_700_000_000_000;
    const URL: &str = "https://a.example:81/v1/x?b=2&a=1";

    fn signer(recipe: &str) -> Result<(Vault, Signer)> {
        let mut vault = Vault::create(&Unlock::key(Key::generate()?), Kdf::default())?;
        vault.put("e/main", Entry::new().with("secret", "hush").with_info("api_key", "key"))?;
        let recipe = Recipe::from_json(recipe)?;
        let signer = vault.entry("e/main")?.signer_with(recipe)?;
        Ok((vault, signer))
    }

    fn sign(recipe: &str, request: &Request<'_>) -> Result<SignedRequest> {
        let (_vault, signer) = signer(recipe)?;
        signer.sign(request)
    }

    /// What a template makes of a request.
    fn filled(template: &str, request: &Request<'_>) -> Result<Option<String>> {
        let recipe = format!(
            r#"{{"exchange":"e","host":"https://a.example","base":"/v1","time":"s","expires_seconds":5,
                "parts":[["one","<method>"],["two","<query>!","query"]],"headers":{{"X":{}}}}}"#,
            quoted(template)
        );
        let signed = sign(&recipe, request)?;
        Ok(signed.headers.into_iter().find(|(name, _)| name == "X").map(|(_, value)| value))
    }

    #[test]
    fn every_part_stands_for_its_part_of_the_request() {
        let body = r#"{"n":1.50,"t":"x\u0041"}"#;
        let full = Request::new("POST", URL, AT).with_body(body.as_bytes());
        let valued = full.clone().with_value("v", "w");
        let form = Request::new("GET", "/v2/x", AT).with_body(b"c=3".as_slice());
        let bare = Request::new("GET", "/v1", AT);
        for (template, request, value) in [
            ("<alg>", &full, "none"),
            ("<body>", &full, body),
            ("<content_type>", &full, "application/json"),
            ("<content_type>", &form, "application/x-www-form-urlencoded"),
            ("<content_type>", &bare, ""),
            ("<content_type>", &full.clone().with_header("content-TYPE", "a/b"), "a/b"),
            ("<content_type>", &bare.clone().with_header("Content-Type", "a/b"), ""),
            ("<entry.api_key>", &full, "key"),
            ("<expires>", &full, "1700000005"),
            ("<given>", &form, "c=3"),
            ("<given.n>", &full, "1.50"),
            ("<given.t>", &full, "xA"),
            ("<host>", &full, "a.example:81"),
            ("<method>", &full, "POST"),
            ("<one>", &full, "POST"),
            ("<params>", &full, "b=2&a=1"),
            ("<params>", &form, "c=3"),
            ("<path>", &full, "/v1/x"),
            ("<path_query>", &full, "/v1/x?b=2&a=1"),
            ("<path_query>", &form, "/v2/x"),
            ("<query>", &full, "b=2&a=1"),
            ("<route>", &full, "/x"),
            ("<route>", &form, "/v2/x"),
            ("<route>", &bare, ""),
            ("<timestamp>", &full, "1700000000"),
            ("<two>", &full, "b=2&a=1!"),
            ("<two>", &form, ""),
            ("<value.v>", &valued, "w"),
            ("<value.v?>", &valued, "w"),
            ("<value.v?>", &form, ""),
            ("a<method+path:lower>b<query>c", &full, "apost/v1/xbb=2&a=1c"),
        ] {
            let known = (!value.is_empty()).then(|| value.to_owned());
            assert_eq!(filled(template, request).unwrap(), known, "{template}");
        }
        for (template, request, why) in [
            ("<given.x>", &full, "expected x in the body, as a text or a number"),
            ("<given.n>", &form, "is not JSON"),
            ("<value.v>", &form, "needs the value v"),
            ("<given:sha256>", &form, "X would hold bytes that are no text"),
            (
                "<given.t>",
                &form.clone().with_body(br#"{"t":"\n"}"#.as_slice()),
                "X would hold what is no visible ASCII",
            ),
            ("<given.t>", &form.clone().with_body(br#"{"t":null}"#.as_slice()), "expected t in the body"),
        ] {
            let refused = filled(template, request).unwrap_err().to_string();
            assert!(refused.contains(why), "{template}: {refused}");
        }
    }

    #[test]
    fn a_nonce_among_the_parameters_is_the_nonce() {
        for (account, (place, url, body, known)) in [
            ("query", "/x?a=1&nonce=5", "", "5"),
            ("body", "/x?nonce=4", "a=1&nonce=5", "5"),
            ("body", "/x", r#"{"a":{},"nonce":5}"#, "5"),
            ("body", "/x", r#"{"nonce":"5"}"#, "5"),
            ("params", "/x?nonce=5", "nonce=6", "5"),
            ("params", "/x?a=1", "nonce=6", "6"),
        ]
        .into_iter()
        .enumerate()
        {
            let recipe = format!(
                r#"{{"exchange":"e{account}","host":"https://a.example","nonce":"ms","headers":{{"X":"<nonce>"}},
                    "add":[["query","a","2"],["{place}","nonce","<nonce>"]]}}"#
            );
            let (_vault, signer) = signer(&recipe).unwrap();
            let signed = signer.sign(&Request::new("POST", url, AT).with_body(body.as_bytes())).unwrap();
            let header = signed.headers.iter().find(|(name, _)| name == "X").unwrap();
            assert_eq!(header.1, known, "{place} {url} {body}");
            assert_eq!(signed.body, body);
            assert_eq!(signed.url.matches("nonce").count(), url.matches("nonce").count());
            assert_eq!(signed.url.matches("a=").count(), 1);
            // It is the account's next number all the same.
            let drawn = signer.sign(&Request::new("POST", "/x", AT)).unwrap();
            assert_eq!(drawn.headers.last().unwrap().1, AT.to_string());
        }
        let recipe = r#"{"exchange":"e","host":"https://a.example","nonce":"ms","add":[["query","nonce","<nonce>"]]}"#;
        for url in ["/x?nonce=x", "/x?nonce", "/x?nonce="] {
            let refused = sign(recipe, &Request::new("GET", url, AT)).unwrap_err().to_string();
            assert_eq!(refused, "expected the nonce as a whole number", "{url}");
        }
    }

    #[test]
    fn parameters_go_where_the_recipe_has_them() {
        for (place, body, url, sent) in [
            ("query", "b=1", "?k=a%20%26&q=1&z=%22", "b=1"),
            ("body", "b=1", "?q=1", "k=a%20%26&b=1&z=%22"),
            ("body", "", "?q=1", "k=a%20%26&z=%22"),
            ("body", r#" { "b" : 1 } "#, "?q=1", r#"{"k":"a &","b" : 1,"z":"\""}"#),
            ("body", "{}", "?q=1", r#"{"k":"a &","z":"\""}"#),
            ("params", "b=1", "?q=1", "k=a%20%26&b=1&z=%22"),
            ("params", "", "?k=a%20%26&q=1&z=%22", ""),
        ] {
            let recipe = format!(
                r#"{{"exchange":"e","host":"https://a.example","add":[["{place}","k","a &"]],
                    "append":[["{place}","z","\""]]}}"#
            );
            let signed = sign(&recipe, &Request::new("POST", "/x?q=1", AT).with_body(body.as_bytes())).unwrap();
            assert_eq!((signed.url, signed.body), (format!("https://a.example/x{url}"), sent.to_owned()), "{place}");
        }
        let recipe = r#"{"exchange":"e","host":"https://a.example","append":[["body","z","1"]]}"#;
        for body in ["[1]", "{", r#"{"a":1,"a":2}"#] {
            let refused = sign(recipe, &Request::new("POST", "/x", AT).with_body(body.as_bytes())).unwrap_err();
            assert_eq!(refused.code(), "invalid_input", "{body}");
        }
        let sorted = r#"{"exchange":"e","host":"https://a.example","sort_query":true,"add":[["query","b","1"]]}"#;
        assert_eq!(
            sign(sorted, &Request::new("GET", "/x?c=3&a=2", AT)).unwrap().url,
            "https://a.example/x?a=2&b=1&c=3"
        );
    }

    #[test]
    fn a_header_is_the_signers_or_the_callers() {
        let recipe = r#"{"exchange":"e","host":"https://a.example","headers":{"X-Key":"<entry.api_key>"}}"#;
        let request = Request::new("POST", "/x", AT).with_body(b"a=1".as_slice()).with_header("Y", "1");
        let named = |request| sign(recipe, &request).map(|signed| signed.headers);
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let form = header("Content-Type", FORM);
        assert_eq!(named(request.clone()).unwrap(), [header("Y", "1"), form, header("X-Key", "key")]);
        let own = request.clone().with_header("content-type", "a/b");
        assert_eq!(named(own).unwrap(), [header("Y", "1"), header("content-type", "a/b"), header("X-Key", "key")]);
        let none = request.clone().with_body(b"".as_slice());
        assert_eq!(named(none).unwrap(), [header("Y", "1"), header("X-Key", "key")]);
        for name in ["X-Key", "x-key"] {
            let refused = named(request.clone().with_header(name, "other")).unwrap_err().to_string();
            assert_eq!(refused, "the signer sets the header X-Key; leave it out");
        }
        let login = r#"{"exchange":"e","host":"wss://a.example","body":"{}"}"#;
        assert_eq!(sign(login, &Request::login(AT)).unwrap().headers, []);
    }

    #[test]
    fn the_work_for_a_request_has_a_ceiling() {
        let body = vec![b'a'; MAX_BODY];
        let request = Request::new("POST", "/x", AT).with_body(&*body);
        let recipe = |filters: &str| {
            format!(r#"{{"exchange":"e","host":"https://a.example","parts":[["p","<given{filters}>"]]}}"#)
        };
        // What is read once, and what is twice as long, and twice that.
        assert!(sign(&recipe(":hex:hex"), &request).is_ok());
        let Err(Error::Limit { asked, allowed, .. }) = sign(&recipe(":hex:hex:lower"), &request) else { panic!() };
        assert_eq!((asked, allowed), (11 * MAX_BODY as u64, 7 * MAX_BODY as u64));
        let Err(Error::Limit { asked, .. }) = sign(&recipe(":hex:lower:hex"), &request) else { panic!() };
        assert_eq!(asked, 9 * MAX_BODY as u64);
        let Err(Error::Limit { asked, .. }) = sign(&recipe(":hex:hex><method"), &request) else { panic!() };
        assert_eq!(asked, 7 * MAX_BODY as u64 + 4);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_grows_leaves_nothing_behind() {
        use crate::residue::Trace;

        let mut secret = Zeroizing::new(vec![0; 32]);
        getrandom::fill(&mut secret).unwrap();
        let trace = Trace::of(secret.iter().copied());
        for _ in 0..8 {
            let mut out = Zeroizing::new(Vec::with_capacity(64));
            // An allocator writes over the front of what is freed. What lies behind keeps it from growing in its place.
            append(&mut out, &[0; 32]);
            append(&mut out, &secret);
            let behind: Vec<_> = (0..32).map(|_| vec![0_u8; 64]).collect();
            (0..8).for_each(|_| append(&mut out, &[0; 512]));
            assert_eq!((out.len(), &out[32..64]), (64 + 8 * 512, &secret[..]));
            drop(behind);
        }
        assert!(trace.copies() > 0, "the search finds nothing, not even what is there");
        drop(secret);
        assert_eq!(trace.copies(), 0);
    }

    #[test]
    fn signatures_are_written_as_the_recipe_says() {
        let signature: Vec<u8> = (0..65).collect();
        let (r, s) = (HEXLOWER.encode(&signature[..32]), HEXLOWER.encode(&signature[32..64]));
        let text = |encoding, signature: &[u8]| String::from_utf8(encode(encoding, signature)).unwrap();
        assert_eq!(text(Encoding::Rsv, &signature), format!(r#"{{"r":"0x{r}","s":"0x{s}","v":64}}"#));
        assert_eq!(text(Encoding::Hex, &[0x1f, 0x3f, 0x3e, 0x7e]), "1f3f3e7e");
        assert_eq!(text(Encoding::Base64, &[0x1f, 0x3f, 0x3e, 0x7e]), "Hz8+fg==");
        assert_eq!(text(Encoding::Base64Url, &[0x1f, 0x3f, 0x3e, 0x7e]), "Hz8-fg");
    }
}
