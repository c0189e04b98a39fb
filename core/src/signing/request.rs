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
        let name = match host.rsplit_once(':') {
            // What is behind the last colon of an address of IPv6 is no port.
            Some((name, port)) if !port.ends_with(']') => name,
            _ => host,
        };
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

#[cfg(test)]
mod tests {
    use super::*;

    const AT: i64 = 1_700_000_000_000;

    fn check(exchange: &str, request: &Request<'_>) -> Result<()> {
        request.address(&Recipe::of(exchange)?).map(|_| ())
    }

    #[test]
    fn a_header_is_one_line_of_visible_ascii() {
        let long = "a".repeat(65);
        let request = Request::new("GET", "/x", AT);
        for (name, value) in [("x", ""), ("X-Trace_1", "a b~!"), (&long[1..], "x")] {
            assert!(check("okx", &request.clone().with_header(name, value)).is_ok(), "{name}: {value}");
        }
        for (name, value) in [
            ("", "x"),
            (" x", "x"),
            ("x:", "x"),
            ("x\n", "x"),
            ("\u{e4}", "x"),
            (&long, "x"),
            ("x", "a\nb: c"),
            ("x", "a\r"),
            ("x", "\t"),
            ("x", "\0"),
            ("x", "\x7f"),
            ("x", "\u{e4}"),
        ] {
            let refused = check("okx", &request.clone().with_header(name, value)).unwrap_err();
            assert!(refused.to_string().starts_with("expected headers with a name"), "{name:?}: {value:?}");
        }
    }

    #[test]
    fn the_name_of_a_header_is_found_in_any_case() {
        let request = Request::new("GET", "/x", AT).with_header("Content-TYPE", "a").with_value("Name", "b");
        assert_eq!((request.header("content-type"), request.header("content")), (Some("a"), None));
        assert_eq!((request.value("Name"), request.value("name")), (Some("b"), None));
    }

    #[test]
    fn a_login_has_neither_method_nor_url_and_a_request_has_both() {
        assert!(check("okx/websocket", &Request::login(AT)).is_ok());
        for (method, url) in [("GET", ""), ("", "/x"), ("GET", "/x")] {
            let refused = check("okx/websocket", &Request::new(method, url, AT)).unwrap_err().to_string();
            assert!(refused.contains("is the login of a WebSocket"), "{refused}");
        }
        assert!(check("okx", &Request::new("GET", "/x", AT)).is_ok());
        for (method, url, why) in
            [("", "", "have a method and a URL"), ("", "/x", "a method in capitals"), ("GET", "", "expected a path")]
        {
            let refused = check("okx", &Request::new(method, url, AT)).unwrap_err().to_string();
            assert!(refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn only_this_machine_is_spoken_to_in_the_clear() {
        for url in [
            "http://localhost/x",
            "ws://127.0.0.1:8080/x",
            "http://[::1]:8080/x",
            "http://[::1]/x",
            "https://a.b",
            "wss://a:1/",
        ] {
            assert!(Address::parse(url).is_ok(), "{url}");
        }
        for url in [
            "http://a.b/",
            "ws://a.b",
            "http://localhost.a.b/",
            "http://127.0.0.1.a.b:80/",
            "http://[::2]/",
            "http://:80/",
        ] {
            let refused = Address::parse(url).err().unwrap().to_string();
            assert!(refused.starts_with("expected https://"), "{url}: {refused}");
        }
        for url in
            ["ftp://localhost/x", "https:///x", "https://?x", "https://a@b/", "https://a%2f/", "HTTPS://a/", "a/b"]
        {
            let refused = Address::parse(url).err().unwrap().to_string();
            assert!(refused.starts_with("expected a path that begins with a slash"), "{url}: {refused}");
        }
    }

    #[test]
    fn a_url_is_taken_apart_where_it_should_be() {
        for (url, parts) in [
            ("https://a.b", ["https://a.b", "a.b", "/", ""]),
            ("https://a.b/", ["https://a.b", "a.b", "/", ""]),
            ("https://a.b:81/c/d?e=f?g", ["https://a.b:81", "a.b:81", "/c/d", "e=f?g"]),
            ("wss://[::1]:9/c?", ["wss://[::1]:9", "[::1]:9", "/c", ""]),
        ] {
            let address = Address::parse(url).unwrap();
            assert_eq!([address.origin, address.host, address.path, address.query], parts);
        }
        assert!(Address::parse("https://a.b?c").err().unwrap().to_string().contains("a slash in front of the ?"));
    }

    #[test]
    fn ceilings_are_what_is_still_taken() {
        let request = Request::new("GET", "/x", AT);
        let (url, value) = (format!("/{}", "x".repeat(65_536)), "x".repeat(4097));
        let body = vec![b'x'; 1_048_577];
        let many = |count: usize| (0..count).fold(request.clone(), |request, _| request.with_value("x", "x"));
        let headers = |count: usize| (0..count).fold(request.clone(), |request, _| request.with_header("x", "x"));
        for (most, over) in [
            (Request::new("GET", &url[..65_536], AT), Request::new("GET", &url, AT)),
            (request.clone().with_value("x", &value[1..]), request.clone().with_value("x", &value)),
            (many(64), many(65)),
            (headers(64), headers(65)),
        ] {
            assert!(check("okx", &most).is_ok());
            assert_eq!(check("okx", &over).unwrap_err().code(), "limit");
        }
        assert_eq!(request.clone().with_body(&body[1..]).text().unwrap().len(), 1_048_576);
        assert_eq!(request.clone().with_body(&*body).text().unwrap_err().code(), "limit");
        assert_eq!(request.with_body(b"\xff".as_slice()).text().unwrap_err().code(), "invalid_input");
    }
}
