//! A request before it is signed, and after.

use core::fmt;

use super::recipe::Recipe;
use crate::{Error, Result};

/// The longest URL, in bytes.
const MAX_URL: usize = 64 * 1024;
/// The longest body, in bytes: more than exchanges take.
pub(super) const MAX_BODY: usize = 1024 * 1024;
/// The most headers and values, and the longest of a value, in bytes.
const MAX_VALUES: usize = 64;
const MAX_VALUE: usize = 4096;

/// A request as it is to be sent, but for what the exchange's recipe adds: the key, the time, the nonce, the signature.
#[derive(Clone)]
pub struct Request<'a> {
    pub(super) method: &'a str,
    url: &'a str,
    body: &'a [u8],
    pub(super) headers: Vec<(&'a str, &'a str)>,
    pub(super) timestamp_ms: i64,
    pub(super) nonce: Option<&'a str>,
    pub(super) values: Vec<(&'a str, &'a str)>,
}

/// A request, ready to be sent as it is: one byte changed, and the signature is another's.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedRequest {
    /// The method, and nothing for a WebSocket login.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The caller's headers, the content type of a body, and those of the recipe.
    pub headers: Vec<(String, String)>,
    /// The body, or the message of a WebSocket login.
    pub body: String,
}

impl fmt::Debug for SignedRequest {
    /// Without headers, query and body, since some exchanges want a secret there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url.split('?').next().unwrap_or_default();
        f.debug_struct("SignedRequest").field("method", &self.method).field("url", &url).finish_non_exhaustive()
    }
}

impl<'a> Request<'a> {
    /// `url` is a whole URL, or a path from the slash on for the recipe's own host; its query and the body are signed and
    /// sent as they are. `timestamp_ms` is the time in milliseconds since 1970.
    #[must_use]
    pub const fn new(method: &'a str, url: &'a str, timestamp_ms: i64) -> Self {
        Self { method, url, body: &[], headers: Vec::new(), timestamp_ms, nonce: None, values: Vec::new() }
    }

    /// The login of a WebSocket, for a recipe such as `okx/websocket`.
    #[must_use]
    pub const fn login(timestamp_ms: i64) -> Self {
        Self::new("", "", timestamp_ms)
    }

    /// The body, as text in UTF-8: JSON, or a form (`a=1&b=2`).
    #[must_use]
    pub fn with_body(mut self, body: impl Into<&'a [u8]>) -> Self {
        self.body = body.into();
        self
    }

    /// A header beside those of the recipe.
    #[must_use]
    pub fn with_header(mut self, name: &'a str, value: &'a str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The nonce, instead of one that the signer draws.
    #[must_use]
    pub const fn with_nonce(mut self, nonce: &'a str) -> Self {
        self.nonce = Some(nonce);
        self
    }

    /// What a recipe needs that no request has, such as Backpack's `instruction`, or the `challenge` of a login.
    #[must_use]
    pub fn with_value(mut self, name: &'a str, value: &'a str) -> Self {
        self.values.push((name, value));
        self
    }

    pub(super) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    pub(super) fn value(&self, name: &str) -> Option<&'a str> {
        self.values.iter().find(|(given, _)| *given == name).map(|(_, value)| *value)
    }

    pub(super) fn text(&self) -> Result<&'a str> {
        limit("bytes of a body", self.body.len(), MAX_BODY)?;
        core::str::from_utf8(self.body).map_err(|_| Error::invalid("expected the body as text in UTF-8"))
    }

    /// The URL in its parts, once all of the request is known to be in order.
    pub(super) fn address(&self, recipe: &'a Recipe) -> Result<Address<'a>> {
        limit("headers of a request", self.headers.len(), MAX_VALUES)?;
        limit("values of a request", self.values.len(), MAX_VALUES)?;
        for (_, value) in &self.values {
            limit("bytes of a value of a request", value.len(), MAX_VALUE)?;
        }
        for (name, value) in &self.headers {
            check_header(name, value)?;
        }
        let exchange = recipe.exchange();
        match (recipe.is_login(), self.method.is_empty() && self.url.is_empty()) {
            (true, true) => return Address::parse(recipe.host()),
            (true, false) => {
                return Err(Error::invalid(format!("{exchange} is the login of a WebSocket, with no method and URL")));
            }
            (false, true) => {
                return Err(Error::invalid(format!("{exchange} signs requests, which have a method and a URL")));
            }
            (false, false) => check_method(self.method)?,
        }
        check_text(self.url)?;
        if !self.url.starts_with('/') {
            return Address::parse(self.url);
        }
        let host = Address::parse(recipe.host()).map_err(|_| {
            Error::invalid(format!("{exchange} has no host of its own: expected a whole URL that begins with https://"))
        })?;
        Ok(host.with_path(self.url))
    }
}

/// A URL in its parts. The query is without its `?`.
pub(super) struct Address<'a> {
    pub(super) origin: &'a str,
    pub(super) host: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
}

impl<'a> Address<'a> {
    pub(super) fn parse(url: &'a str) -> Result<Self> {
        check_text(url)?;
        let wrong = || {
            Error::invalid("expected a path that begins with a slash, or a whole URL that begins with https://host/")
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
        let host = rest.split(['/', '?']).next().unwrap_or_default();
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
        if host.is_empty() || !host.bytes().all(is_host) {
            return Err(wrong());
        }
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        match scheme {
            "https" | "wss" => {}
            "http" | "ws" if ["localhost", "127.0.0.1", "[::1]"].contains(&name) => {}
            "http" | "ws" => {
                return Err(Error::invalid("expected https://, since what is signed must not be read on its way"));
            }
            _ => return Err(wrong()),
        }
        let (origin, path) = url.split_at_checked(scheme.len() + 3 + host.len()).unwrap_or((url, ""));
        if path.starts_with('?') {
            return Err(Error::invalid("expected a slash in front of the ? of the URL"));
        }
        let empty = Self { origin, host, path: "/", query: "" };
        Ok(if path.is_empty() { empty } else { empty.with_path(path) })
    }

    fn with_path(self, path: &'a str) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        Self { path, query, ..self }
    }
}

/// That it is sent as it stands there.
fn check_text(url: &str) -> Result<()> {
    limit("bytes of a URL", url.len(), MAX_URL)?;
    if url.contains('#') {
        return Err(Error::invalid("expected a URL without a #, since what follows one is never sent"));
    }
    match url.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(()),
        false => Err(Error::invalid("expected a URL without spaces and with all beyond ASCII percent-encoded")),
    }
}

fn check_method(method: &str) -> Result<()> {
    match method {
        "GET" | "POST" | "PUT" | "DELETE" | "PATCH" | "HEAD" | "OPTIONS" => Ok(()),
        _ => Err(Error::invalid("expected a method in capitals: GET, POST, PUT, DELETE, PATCH, HEAD or OPTIONS")),
    }
}

/// RFC 9110, section 5.1.
pub(super) fn is_header_name(name: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(is_token)
}

fn check_header(name: &str, value: &str) -> Result<()> {
    if !is_header_name(name) || !value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(Error::invalid("expected headers with a name of letters, digits and dashes, and visible ASCII"));
    }
    Ok(())
}

fn limit(what: &'static str, asked: usize, allowed: usize) -> Result<()> {
    match asked > allowed {
        true => Err(Error::Limit { what, asked: asked as u64, allowed: allowed as u64 }),
        false => Ok(()),
    }
}
