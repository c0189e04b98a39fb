//! What a recipe needs of an entry, read once: the key, parsed, and the other values.

use sha2::{Digest, Sha256};

use super::draft::encode;
use super::key::{Algorithm, SecretForm, SigningKey};
use super::recipe::{Encoding, Recipe};
use crate::vault::SealedEntry;
use crate::{Error, Result, Secret, stack};

/// The field with the passphrase of a key that is encrypted.
const KEY_PASSWORD: &str = "key_password";
/// What names the account with which nonces are counted, the first that is there.
const ACCOUNT: [&str; 3] = ["api_key", "wallet_address", "uid"];

/// Wiped when dropped, which is when the signer is, or the vault is locked.
pub(super) struct Credentials {
    key: Option<(SigningKey, Algorithm, Encoding)>,
    fields: Vec<Secret>,
    /// Tells whose nonces are counted, without saying who that is.
    pub(super) account: [u8; 32],
}

impl Credentials {
    pub(super) fn read(entry: &SealedEntry, recipe: &Recipe) -> Result<Self> {
        let needs = |field: &str| {
            let (exchange, name) = (recipe.exchange(), entry.name());
            let mut has: Vec<_> = entry.field_names().unwrap_or_default();
            has.extend(entry.info().keys().cloned());
            has.sort_unstable();
            let has = if has.is_empty() { "nothing".to_owned() } else { has.join(", ") };
            Error::invalid(format!(
                "{exchange} needs the field {field}, which {name} does not have; put it there first. It has {has}"
            ))
        };
        let mut fields = Vec::new();
        for field in &recipe.entry {
            let value = value(entry, field)?.ok_or_else(|| needs(field))?;
            check_ends(entry, field, &value)?;
            fields.push(value);
        }
        let key =
            if recipe.schemes.is_empty() {
                None
            } else {
                let text = value(entry, &recipe.secret)?.ok_or_else(|| needs(&recipe.secret))?;
                let password = value(entry, KEY_PASSWORD)?;
                let schemes = schemes(recipe);
                let (at, key) = SigningKey::load(text.reveal(), password.as_ref().map(Secret::reveal), &schemes)
                    .map_err(|why| match why {
                        Error::InvalidInput(why) => {
                            let (field, name) = (&recipe.secret, entry.name());
                            Error::InvalidInput(format!("field {field} of {name}: {why}"))
                        }
                        why => why,
                    })?;
                let (algorithm, form, encoding) =
                    *recipe.schemes.get(at).ok_or(Error::Format("the schemes of a recipe"))?;
                if algorithm.is_hmac() && form == SecretForm::Text {
                    check_ends(entry, &recipe.secret, &text)?;
                }
                Some((key, algorithm, encoding))
            };
        let account = ACCOUNT.iter().find_map(|name| entry.info().get(*name)).map_or(entry.name(), String::as_str);
        let account = Sha256::new().chain_update(recipe.exchange()).chain_update([0]).chain_update(account).finalize();
        Ok(Self { key, fields, account: account.into() })
    }

    pub(super) fn has_private_key(entry: &SealedEntry, recipe: &Recipe) -> Result<bool> {
        let text = if recipe.schemes.is_empty() { None } else { value(entry, &recipe.secret)? };
        Ok(text.is_some_and(|text| stack::wiped(|| SigningKey::is_private(text.reveal(), &schemes(recipe)))))
    }

    pub(super) fn field(&self, at: usize) -> &[u8] {
        self.fields.get(at).map_or(&[], Secret::reveal)
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let (key, _, encoding) =
            self.key.as_ref().ok_or_else(|| Error::invalid("this recipe has no key to sign with"))?;
        Ok(encode(*encoding, &key.sign(message)?))
    }

    pub(super) fn algorithm(&self) -> Option<Algorithm> {
        self.key.as_ref().map(|(_, algorithm, _)| *algorithm)
    }

    /// The algorithm's name in a JSON Web Token (RFC 7518, section 3.1; RFC 8037, section 3.1).
    pub(super) fn alg(&self) -> &'static str {
        self.algorithm().map_or("none", Algorithm::jwt)
    }
}

/// A line break at an end is what a file brings along, and not what the exchange has.
fn check_ends(entry: &SealedEntry, field: &str, value: &Secret) -> Result<()> {
    let value = value.reveal();
    if [value.first(), value.last()].into_iter().flatten().any(|byte| b"\r\n".contains(byte)) {
        let name = entry.name();
        return Err(Error::invalid(format!(
            "field {field} of {name} begins or ends with a line break; put it there again without"
        )));
    }
    Ok(())
}

fn schemes(recipe: &Recipe) -> Vec<(Algorithm, SecretForm)> {
    recipe.schemes.iter().map(|(algorithm, form, _)| (*algorithm, *form)).collect()
}

/// Info or a secret field, `None` if there is neither.
fn value(entry: &SealedEntry, field: &str) -> Result<Option<Secret>> {
    if let Some(text) = entry.info().get(field) {
        return Ok(Some(text.as_str().into()));
    }
    match entry.reveal(field) {
        Ok(value) => Ok(Some(value.secret().clone())),
        Err(Error::NotFound(_)) => Ok(None),
        Err(why) => Err(why),
    }
}
