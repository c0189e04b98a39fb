//! Signing requests: `Signer`, which keeps a parsed key here.

use core::cell::RefCell;

use strongroom::signing::{Recipe, Request, SignedRequest};
use strongroom::state::State;
use strongroom::{Error, Result as CoreResult};
use wasm_bindgen::prelude::*;
use zeroize::{Zeroize, Zeroizing};

use crate::arguments::{Options, integer, number, pairs, text, text_or_bytes, whole};
use crate::shapes::{self, Result};

/// An exchange's name, or a recipe of the user's own as JSON.
pub(crate) fn recipe_of(value: &JsValue) -> Result<Recipe> {
    let text = text(value, "the name of an exchange, or a recipe,")?;
    Ok(match text.trim_start().starts_with(['{', '[']) {
        true => Recipe::from_json(&text)?,
        false => Recipe::of(&text)?,
    })
}

#[wasm_bindgen]
pub fn exchanges() -> Vec<String> {
    Recipe::exchanges().map(str::to_owned).collect()
}

#[wasm_bindgen(js_name = "readRecipe")]
pub fn read_recipe(recipe: &JsValue) -> Result<JsValue> {
    let recipe = recipe_of(recipe)?;
    let fields = recipe.fields().into_iter().map(str::to_owned).collect();
    Ok(shapes::recipe(recipe.exchange(), recipe.host(), recipe.source(), fields, recipe.is_login()))
}

#[wasm_bindgen]
pub struct Signer(pub(crate) strongroom::signing::Signer);

#[wasm_bindgen]
impl Signer {
    /// A login has an empty method and an empty URL.
    pub fn sign(&self, method: &JsValue, url: &JsValue, options: &JsValue) -> Result<JsValue> {
        let given = Given::of(method, url, options)?;
        Ok(signed(self.0.sign(&given.request(self.at(given.timestamp_ms)))?))
    }

    /// As `sign`, in two steps where a number has to be drawn from a state that answers later: without `drawn` it says what to
    /// draw and at what time; with the number and that time, it signs.
    #[wasm_bindgen(js_name = "signDrawing")]
    pub fn sign_drawing(
        &self,
        method: &JsValue,
        url: &JsValue,
        options: &JsValue,
        drawn: &JsValue,
        at: &JsValue,
    ) -> Result<JsValue> {
        let given = Given::of(method, url, options)?;
        let at = if at.is_undefined() { self.at(given.timestamp_ms) } else { integer(at, "a time")? };
        let drawn = if drawn.is_undefined() { None } else { Some(number(drawn, "a number that was drawn")?) };
        let drawing = Drawing { drawn, asked: RefCell::new(None) };
        let done = self.0.sign_with(&drawing, &given.request(at));
        match drawing.asked.into_inner() {
            Some((key, at_least)) => Ok(shapes::drawing(&key, at_least, at as f64)),
            None => Ok(signed(done?)),
        }
    }

    #[wasm_bindgen(js_name = "clockOffsetMs")]
    pub fn clock_offset_ms(&self) -> f64 {
        self.0.clock_offset_ms() as f64
    }

    #[wasm_bindgen(js_name = "setClockOffsetMs")]
    pub fn set_clock_offset_ms(&self, offset_ms: &JsValue) -> Result<()> {
        Ok(self.0.set_clock_offset_ms(integer(offset_ms, "an offset in milliseconds")?)?)
    }

    #[wasm_bindgen(js_name = "learnClock")]
    pub fn learn_clock(&self, server_ms: &JsValue, sent_ms: &JsValue, received_ms: &JsValue) -> Result<f64> {
        let [server, sent, received] = [(server_ms, "serverMs"), (sent_ms, "sentMs"), (received_ms, "receivedMs")]
            .map(|(value, what)| integer(value, what));
        self.0.learn_clock(server?, sent?, received?)?;
        Ok(self.clock_offset_ms())
    }
}

impl Signer {
    fn at(&self, given: Option<i64>) -> i64 {
        given.unwrap_or_else(|| self.0.server_time_ms(js_sys::Date::now() as i64))
    }
}

/// In place of a state that answers later: gives the number that was drawn, or notes what to draw and ends the signing.
struct Drawing {
    drawn: Option<u64>,
    asked: RefCell<Option<(String, u64)>>,
}

impl State for Drawing {
    fn load(&self, _: &str, _: i64) -> CoreResult<Option<Vec<u8>>> {
        Ok(None)
    }

    fn compare_and_set(&self, _: &str, _: Option<&[u8]>, _: &[u8], _: i64, _: i64) -> CoreResult<bool> {
        Ok(false)
    }

    fn raise(&self, key: &str, at_least: u64, _: i64) -> CoreResult<u64> {
        if let Some(number) = self.drawn {
            return Ok(number);
        }
        self.asked.replace(Some((key.to_owned(), at_least)));
        Err(Error::Conflict(String::new())) // nobody is told
    }
}

/// What is to be signed, as it was passed.
struct Given {
    method: Zeroizing<String>,
    url: Zeroizing<String>,
    body: Zeroizing<Vec<u8>>,
    headers: Vec<(String, Zeroizing<String>)>,
    timestamp_ms: Option<i64>,
    nonce: Option<Zeroizing<String>>,
    values: Vec<(String, Zeroizing<String>)>,
}

impl Given {
    fn of(method: &JsValue, url: &JsValue, options: &JsValue) -> Result<Self> {
        let options = Options::of(options, &["body", "headers", "timestampMs", "nonce", "values"])?;
        let named = |name: &str| -> Result<Vec<_>> {
            let Some(value) = options.get(name) else { return Ok(Vec::new()) };
            pairs(&value, name)?.into_iter().map(|(name, value)| Ok((name, text(&value, "a value")?))).collect()
        };
        Ok(Self {
            method: text(method, "a method")?,
            url: text(url, "a URL")?,
            body: options
                .get("body")
                .map_or_else(|| Ok(Zeroizing::default()), |body| text_or_bytes(&body, "a body"))?,
            headers: named("headers")?,
            timestamp_ms: options.get("timestampMs").map(|at| integer(&at, "timestampMs")).transpose()?,
            nonce: options.get("nonce").map(|nonce| nonce_of(&nonce)).transpose()?,
            values: named("values")?,
        })
    }

    fn request(&self, timestamp_ms: i64) -> Request<'_> {
        let mut request = Request::new(&self.method, &self.url, timestamp_ms).with_body(self.body.as_slice());
        for (name, value) in &self.headers {
            request = request.with_header(name, value);
        }
        for (name, value) in &self.values {
            request = request.with_value(name, value);
        }
        match &self.nonce {
            Some(nonce) => request.with_nonce(nonce),
            None => request,
        }
    }
}

fn nonce_of(value: &JsValue) -> Result<Zeroizing<String>> {
    match value.is_string() {
        true => text(value, "a nonce"),
        false => Ok(Zeroizing::new(whole(value, "a nonce as a string, or")?.to_string())),
    }
}

/// The request as JavaScript gets it. Some exchanges want a secret in a header or in the body: our copy is wiped.
fn signed(mut signed: SignedRequest) -> JsValue {
    let headers = signed.headers.iter().flat_map(|(name, value)| [JsValue::from_str(name), JsValue::from_str(value)]);
    let shape = shapes::signed(&signed.method, &signed.url, headers.collect(), &signed.body);
    signed.url.zeroize();
    signed.body.zeroize();
    signed.headers.iter_mut().for_each(|(_, value)| value.zeroize());
    shape
}
