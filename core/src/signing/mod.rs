//! Signing requests to exchanges with a key that is never handed out.
//!
//! ```
//! use strongroom::signing::Request;
//! use strongroom::vault::{Entry, Unlock, Vault};
//! use strongroom::{Kdf, Key};
//!
//! # fn main() -> strongroom::Result<()> {
//! # let timestamp_ms = 1_700_000_000_000;
//! let mut vault = Vault::create(&Unlock::key(Key::generate()?), Kdf::default())?;
//! vault.put("okx/main", Entry::new().with("secret", "...").with("password", "...").with_info("api_key", "..."))?;
//!
//! let signer = vault.entry("okx/main")?.signer("okx")?;
//! let signed = signer.sign(&Request::new("GET", "/api/v5/account/balance?ccy=BTC", timestamp_ms))?;
//! assert_eq!(signed.url, "https://www.okx.com/api/v5/account/balance?ccy=BTC");
//! // Send signed.method, signed.url, signed.headers and signed.body as they are, with the HTTP client that you have.
//! # Ok(())
//! # }
//! ```
//!
//! [`Recipe::exchanges`] lists the exchanges of the table. Their credentials are an entry's fields under ccxt's names in
//! snake case: `api_key` as info, and `secret` or `private_key`, and where there is one `password`, as secret fields.
//!
//! # A recipe of your own
//! For an exchange that is not in the table, [`Recipe::from_json`] reads a JSON object, and
//! [`SealedEntry::signer_with`](crate::vault::SealedEntry::signer_with) signs with it. Its members, all but the first
//! optional:
//!
//! | member | what it is |
//! |---|---|
//! | `exchange` | its name, for errors |
//! | `source` | where the exchange documents this |
//! | `host` | where a request with a bare path goes: `https://api.example.com`; `wss://...` for a WebSocket login |
//! | `base` | the front of the path that `<route>` leaves off |
//! | `secret` | the entry's field with the key; `secret` if not given |
//! | `schemes` | what it may be signed with, each an object: `algorithm` (`hmac-sha1`, `hmac-sha256`, `hmac-sha384`, `hmac-sha512`, `ed25519`, `es256`, `rsa-sha256`, `rsa-pss-sha256`, `secp256k1`, `eip712`), `secret` (for HMAC: `text`, `base64` or `hex`), `encoding` of the signature (`hex`, `base64`, `base64url`, `rsv`). The entry's key decides which one it is |
//! | `time` | how times are written: `ms`, `s`, `iso-ms`, `iso-s` |
//! | `expires_seconds` | how much later than the time `<expires>` is |
//! | `nonce` | a number that grows (`s`, `ms`, `us`, `ns`: at least the time in that unit), or at random (`uuid`, `hex`) |
//! | `add` | parameters in front of the caller's: `[place, name, value]`, where the place is `query`, `body` or `params` (the body if there is one, else the query) |
//! | `sort_query` | `true` to sort the query's parameters by name |
//! | `parts` | names for use further on: `[name, value]`, or `[name, value, when]` to leave it empty while `when` is |
//! | `body` | what is sent in the place of the caller's body |
//! | `message` | what is signed |
//! | `append` | parameters behind all others, as in `add`; the signature may be one |
//! | `headers` | an object of names and values; one whose value is empty is left out |
//!
//! A value, body or message is text with `<part>`s in it. A part is one of `alg`, `body`, `content_type`, `expires`,
//! `given` (the caller's body), `given.NAME` (a member of it), `host`, `message`, `method`, `nonce`, `params` (the
//! query if there is one, else the body), `path`, `path_query`, `query`, `route`, `signature`, `timestamp`;
//! `entry.FIELD`, a field of the entry; `value.NAME`, what the caller passes beside the request (`value.NAME?` if it
//! may be missing); or the name of one of `parts`. Parts joined with `+` are one behind the other. Filters follow, each
//! behind a colon: `<nonce+body:sha256:hex>`. They are `sha256`, `sha512`, `keccak256`, `hex`, `base64`, `base64url`,
//! `percent`, `decoded` (from percent-encoding), `lower`, `json` (a JSON string), `object` (a JSON object, `{}` for
//! nothing), `members` (its members, each behind a comma), `form` and `raw_form` (a JSON object as a query,
//! percent-encoded or not; what is a query is left so, or decoded), `sorted` (a query by its names), `flat`, `msgpack`,
//! `u64`, `address`, `option_u64`, `option_address` and `sign`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::state::State;
use crate::vault::{Held, SealedEntry};
use crate::{Error, Result};

mod credentials;
mod draft;
mod ed25519;
mod eip712;
mod filter;
mod json;
mod key;
mod key_der;
#[cfg(not(target_family = "wasm"))]
mod key_encrypted;
mod key_text;
#[cfg(test)]
mod key_vectors;
mod near;
mod nonce;
mod p256;
mod private_key;
mod recipe;
mod recipe_json;
mod recipes;
mod request;
mod rsa;
mod secp256k1;
mod template;
mod time;
mod uint256;
#[cfg(test)]
mod wycheproof_vectors;

pub use recipe::Recipe;
pub use request::{Request, SignedRequest};

use credentials::Credentials;
use draft::Draft;
use key::Algorithm;

/// How far a server's clock may be off this machine's, in milliseconds: a day.
const MAX_OFFSET_MS: i64 = 86_400_000;

/// Signs requests with an entry's key, which stays here.
///
/// The key is read and parsed once. It is wiped when the signer is dropped, and when the vault is locked or the compartment
/// has a new key; from then on every use is [`Error::Locked`]. Threads may share a signer.
pub struct Signer {
    recipe: Arc<Recipe>,
    credentials: Held<Credentials>,
    algorithm: Option<Algorithm>,
    clock_offset_ms: AtomicI64,
}

impl SealedEntry {
    /// Signs with this entry's key for an exchange of the table, such as `kraken`: see [`Recipe::exchanges`].
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for an exchange that is not in the table, for a field that it needs and the entry does not
    /// have, and for a key that is not of the exchange's kind; as [`SealedEntry::field_names`].
    pub fn signer(&self, exchange: &str) -> Result<Signer> {
        self.signer_with(Recipe::of(exchange)?)
    }

    /// Whether a signer of this entry has a private key, and not the secret of an HMAC or a token. For faces that load
    /// the code for that only when it is needed.
    ///
    /// # Errors
    /// As [`SealedEntry::field_names`].
    #[doc(hidden)]
    pub fn signs_with_private_key(&self, recipe: &Recipe) -> Result<bool> {
        Credentials::has_private_key(self, recipe)
    }

    /// Signs with this entry's key by a recipe of your own.
    ///
    /// # Errors
    /// As [`SealedEntry::signer`].
    pub fn signer_with(&self, recipe: Recipe) -> Result<Signer> {
        let credentials = Credentials::read(self, &recipe)?;
        let algorithm = credentials.algorithm();
        let credentials = self.hold(credentials)?;
        Ok(Signer { recipe: Arc::new(recipe), credentials, algorithm, clock_offset_ms: AtomicI64::new(0) })
    }
}

impl Signer {
    /// The recipe.
    #[must_use]
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Which of the recipe's algorithms the entry's key is for, as [a recipe](crate::signing#a-recipe-of-your-own) names them:
    /// `hmac-sha256`. `None` where nothing is signed, and a token is sent instead.
    #[must_use]
    pub const fn algorithm(&self) -> Option<&'static str> {
        match self.algorithm {
            Some(algorithm) => Some(algorithm.as_str()),
            None => None,
        }
    }

    /// The request with everything that the exchange wants to see, signed.
    ///
    /// Where the exchange wants a number that grows with each request, this process remembers the last one of the account,
    /// for all of its threads and open vaults. Several processes need [`Signer::sign_with`]. A nonce of the request's own is
    /// taken as it is, and not remembered: give each of them, or none.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for what is missing or cannot be signed, which the text names; [`Error::Limit`] for a URL, a
    /// body or a value that is too long; [`Error::Locked`]. Nothing is signed then.
    pub fn sign(&self, request: &Request<'_>) -> Result<SignedRequest> {
        self.sign_drawing(request, |credentials, at_least| nonce::draw(credentials.account, at_least))
    }

    /// As [`Signer::sign`], with the last number of the account kept in a state that several processes share.
    ///
    /// # Errors
    /// As [`Signer::sign`], and those of the state.
    pub fn sign_with(&self, state: &dyn State, request: &Request<'_>) -> Result<SignedRequest> {
        self.sign_drawing(request, |credentials, at_least| {
            let key = nonce::state_key(self.recipe.exchange(), &credentials.account);
            state.raise(&key, at_least, request.timestamp_ms.div_euclid(1000))
        })
    }

    fn sign_drawing(
        &self,
        request: &Request<'_>,
        draw: impl FnOnce(&Credentials, u64) -> Result<u64>,
    ) -> Result<SignedRequest> {
        let credentials = self.credentials.get()?;
        let draft = Draft::new(&self.recipe, &credentials, request)?;
        let nonce = match (self.recipe.nonce, request.nonce) {
            (Some(kind), Some(given)) => nonce::check(kind, given)?,
            (Some(kind), None) => match draft.nonce_given() {
                Some(given) => nonce::check(kind, &given)?,
                None => nonce::make(kind, request.timestamp_ms, |at_least| draw(&credentials, at_least))?,
            },
            (None, Some(_)) => {
                let exchange = self.recipe.exchange();
                return Err(Error::invalid(format!("{exchange} has no nonce; leave it out")));
            }
            (None, None) => String::new(),
        };
        draft.sign(nonce)
    }

    /// The server's clock minus this machine's, in milliseconds; 0 until it is learnt or set.
    #[must_use]
    pub fn clock_offset_ms(&self) -> i64 {
        self.clock_offset_ms.load(Ordering::Relaxed)
    }

    /// Sets how far the server's clock is ahead of this machine's, in milliseconds.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for more than a day.
    pub fn set_clock_offset_ms(&self, offset_ms: i64) -> Result<()> {
        if !(-MAX_OFFSET_MS..=MAX_OFFSET_MS).contains(&offset_ms) {
            return Err(Error::invalid(
                "the two clocks are over a day apart; expected milliseconds, and a machine whose clock is set",
            ));
        }
        self.clock_offset_ms.store(offset_ms, Ordering::Relaxed);
        Ok(())
    }

    /// Learns how far the server's clock is ahead: `server_ms` is what its time request answered, `sent_ms` and
    /// `received_ms` what this machine's clock said before and after; all in milliseconds since 1970. As in NTP (RFC 5905,
    /// section 8), the server is taken to have read its clock half way in between.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for times that cannot be, and for clocks more than a day apart.
    pub fn learn_clock(&self, server_ms: i64, sent_ms: i64, received_ms: i64) -> Result<()> {
        for at in [server_ms, sent_ms, received_ms] {
            time::check(at)?;
        }
        if received_ms < sent_ms {
            return Err(Error::invalid("expected the time received not to be before the time sent"));
        }
        self.set_clock_offset_ms(server_ms - (sent_ms + (received_ms - sent_ms) / 2))
    }

    /// This machine's time as the server would have it, for [`Request::new`].
    #[must_use]
    pub fn server_time_ms(&self, local_ms: i64) -> i64 {
        local_ms.saturating_add(self.clock_offset_ms())
    }
}

impl core::fmt::Debug for Signer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Signer").field("exchange", &self.recipe.exchange()).finish_non_exhaustive()
    }
}
