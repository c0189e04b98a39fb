//! The vault in memory.

use strongroom::otp::Fresh;
use strongroom::vault::{
    Access, CompartmentInfo, Damage, Factors, Find, Hash, OnDamage, Scope, SealedEntry, SealedTotp, SlotInfo, Unlock,
};
use strongroom::{Error, Key};
use wasm_bindgen::prelude::*;

use crate::arguments::{
    ENTRY, FACTORS, Options, array, entry, factors, kdf, now, passphrase, small, some_factors, text, text_or_bytes,
    texts, time, vault_bytes, whole, word,
};
use crate::shapes::{self, Result, hex, invalid};
use crate::signing::{Signer, recipe_of};

#[wasm_bindgen]
pub struct Vault(strongroom::vault::Vault);

fn unlock_of(value: &JsValue) -> Result<Unlock> {
    let known = [FACTORS.as_slice(), &["pin", "allowWeakKdf", "maxMemoryKib"]].concat();
    let options = Options::of(value, &known)?;
    let mut unlock = some_factors(&options, false)?;
    if let Some(pin) = options.text("pin")? {
        unlock = unlock.with_pin(&pin);
    }
    if options.flag("allowWeakKdf")? {
        unlock = unlock.with_weak_kdf_allowed();
    }
    if let Some(memory_kib) = options.small("maxMemoryKib", u32::MAX)? {
        unlock = unlock.with_max_memory_kib(memory_kib);
    }
    Ok(unlock)
}

#[wasm_bindgen(js_name = "vaultOpen")]
pub fn open(bytes: &JsValue, unlock: &JsValue) -> Result<Vault> {
    let unlock = unlock_of(unlock)?;
    Ok(Vault(strongroom::vault::Vault::open(vault_bytes(bytes)?, &unlock)?))
}

#[wasm_bindgen(js_name = "vaultCreate")]
pub fn create(factors: &JsValue) -> Result<Vault> {
    let options = Options::of(factors, &["passphrase", "key", "kdf"])?;
    let unlock = some_factors(&options, true)?;
    Ok(Vault(strongroom::vault::Vault::create_at(&unlock, kdf(options.get("kdf"))?, now())?))
}

#[wasm_bindgen(js_name = "vaultPasskeys")]
pub fn passkeys(bytes: &JsValue) -> Result<Vec<JsValue>> {
    let slots = strongroom::vault::passkeys(&vault_bytes(bytes)?)?;
    let shape = |slot: strongroom::vault::PasskeySlot| {
        shapes::passkey_slot(slot.credential_id, slot.prf_input, slot.needs_passphrase)
    };
    Ok(slots.into_iter().map(shape).collect())
}

#[wasm_bindgen(js_name = "generateKey")]
pub fn generate_key() -> Result<JsValue> {
    Ok(shapes::key(&Key::generate()?))
}

impl Vault {
    /// The vault, with the time of this call.
    fn vault(&mut self) -> &mut strongroom::vault::Vault {
        self.0.set_unix_seconds(now());
        &mut self.0
    }

    /// A version that was seen in a [`snapshot`], by its number and its record.
    fn version_of(&self, name: &JsValue, seen: &JsValue) -> Result<SealedEntry> {
        let seen = array(seen, "a version")?;
        let [number, record] = seen.as_slice() else { return invalid("expected the number and record of a version") };
        let Ok(record) = u128::from_str_radix(&text(record, "a record")?, 16) else {
            return invalid("expected a record as 32 hex digits");
        };
        let name = text(name, "the name of an entry")?;
        Ok(self.0.version(&name, whole(number, "a version")?, &record.to_be_bytes())?)
    }

    fn totp_of(&self, name: &JsValue, version: &JsValue, field: &JsValue) -> Result<SealedTotp> {
        Ok(self.version_of(name, version)?.totp(&text(field, "the name of a field")?)?)
    }
}

fn name_of(value: &JsValue) -> Result<String> {
    Ok(core::mem::take(&mut *text(value, "the name of an entry")?))
}

#[wasm_bindgen]
impl Vault {
    /// What a client shows without asking for a secret: everything, or of the entries these alone.
    pub fn view(&self, names: &JsValue) -> Result<JsValue> {
        let vault = &self.0;
        let names = if names.is_undefined() { vault.names()? } else { texts(names, "names")? };
        let opened_by = vault.opened_by()?;
        let slots = match opened_by.scope {
            Scope::Owner => vault.slots()?,
            _ => Vec::new(),
        };
        Ok(shapes::view(
            hex(&opened_by.slot_id),
            opened_by.label,
            scope(opened_by.scope),
            vault.is_changed(),
            vault.compartments()?.into_iter().map(compartment).collect(),
            slots.into_iter().map(slot).collect(),
            vault.damage()?.into_iter().map(damage).collect(),
            names.iter().filter_map(|name| vault.entry(name).ok()).map(|entry| snapshot(&entry)).collect(),
        ))
    }

    pub fn versions(&self, name: &JsValue) -> Result<Vec<JsValue>> {
        Ok(self.0.versions(&name_of(name)?)?.iter().map(snapshot).collect())
    }

    pub fn find(&mut self, conditions: &JsValue) -> Result<Vec<String>> {
        let options = Options::of(conditions, &["tag", "kind", "compartment", "due"])?;
        let (tag, kind, compartment) = (options.text("tag")?, options.text("kind")?, options.text("compartment")?);
        let find = Find {
            tag: tag.as_ref().map(|text| text.as_str()),
            kind: kind.as_ref().map(|text| text.as_str()),
            compartment: compartment.as_ref().map(|text| text.as_str()),
            due: options.flag("due")?,
        };
        Ok(self.vault().find(&find)?)
    }

    #[wasm_bindgen(js_name = "fieldNames")]
    pub fn field_names(&self, name: &JsValue, version: &JsValue) -> Result<Vec<String>> {
        Ok(self.version_of(name, version)?.field_names()?)
    }

    pub fn reveal(&self, name: &JsValue, version: &JsValue, field: &JsValue) -> Result<JsValue> {
        let field = text(field, "the name of a field")?;
        shapes::value(&self.version_of(name, version)?.reveal(&field)?)
    }

    pub fn hmac(
        &self,
        name: &JsValue,
        version: &JsValue,
        field: &JsValue,
        message: &JsValue,
        algorithm: &JsValue,
    ) -> Result<Vec<u8>> {
        let hash = match word(algorithm).as_deref() {
            None if algorithm.is_undefined() => Hash::Sha256,
            Some("sha256") => Hash::Sha256,
            Some("sha384") => Hash::Sha384,
            Some("sha512") => Hash::Sha512,
            _ => return invalid("expected the algorithm sha256, sha384 or sha512"),
        };
        let (field, message) = (text(field, "the name of a field")?, text_or_bytes(message, "a message")?);
        Ok(self.version_of(name, version)?.hmac(&field, hash, &message)?)
    }

    #[wasm_bindgen(js_name = "totpCode")]
    pub fn totp_code(&self, name: &JsValue, version: &JsValue, field: &JsValue, at: &JsValue) -> Result<JsValue> {
        shapes::secret(&self.totp_of(name, version, field)?.code(time(at)?)?)
    }

    #[wasm_bindgen(js_name = "totpStep")]
    pub fn totp_step(&self, name: &JsValue, version: &JsValue, field: &JsValue, at: &JsValue) -> Result<f64> {
        Ok(self.totp_of(name, version, field)?.step(time(at)?)? as f64)
    }

    #[wasm_bindgen(js_name = "totpSecondsRemaining")]
    pub fn totp_seconds_remaining(
        &self,
        name: &JsValue,
        version: &JsValue,
        field: &JsValue,
        at: &JsValue,
    ) -> Result<u32> {
        Ok(self.totp_of(name, version, field)?.seconds_remaining(time(at)?)?)
    }

    #[wasm_bindgen(js_name = "totpPeriod")]
    pub fn totp_period(&self, name: &JsValue, version: &JsValue, field: &JsValue) -> Result<u32> {
        Ok(self.totp_of(name, version, field)?.period()?)
    }

    #[wasm_bindgen(js_name = "totpFresh")]
    pub fn totp_fresh(
        &self,
        name: &JsValue,
        version: &JsValue,
        field: &JsValue,
        min_seconds: &JsValue,
        at: &JsValue,
    ) -> Result<JsValue> {
        fresh(&self.totp_of(name, version, field)?.fresh(time(at)?, small(min_seconds, "minSeconds", u32::MAX)?)?)
    }

    pub fn signer(&self, name: &JsValue, version: &JsValue, recipe: &JsValue) -> Result<Signer> {
        let (entry, recipe) = (self.version_of(name, version)?, recipe_of(recipe)?);
        if entry.signs_with_private_key(&recipe)? {
            shapes::need_keys()?;
        }
        Ok(Signer(entry.signer_with(recipe)?))
    }

    pub fn put(&mut self, name: &JsValue, fields: &JsValue, options: &JsValue) -> Result<f64> {
        let entry = entry(fields, &Options::of(options, &ENTRY)?)?;
        Ok(self.vault().put(&name_of(name)?, entry)? as f64)
    }

    pub fn update(&mut self, name: &JsValue, fields: &JsValue, options: &JsValue) -> Result<f64> {
        let options = Options::of(options, &[ENTRY.as_slice(), &["ifVersion"]].concat())?;
        let if_version = options.get("ifVersion").map(|version| whole(&version, "ifVersion")).transpose()?;
        let change = entry(fields, &options)?;
        Ok(self.vault().update(&name_of(name)?, change, if_version)? as f64)
    }

    pub fn remove(&mut self, name: &JsValue) -> Result<()> {
        Ok(self.vault().remove(&name_of(name)?)?)
    }

    #[wasm_bindgen(js_name = "removeField")]
    pub fn remove_field(&mut self, name: &JsValue, field: &JsValue) -> Result<f64> {
        let field = text(field, "the name of a field")?;
        Ok(self.vault().remove_field(&name_of(name)?, &field)? as f64)
    }

    pub fn rename(&mut self, old: &JsValue, new: &JsValue) -> Result<()> {
        Ok(self.vault().rename(&name_of(old)?, &name_of(new)?)?)
    }

    pub fn copy(&mut self, old: &JsValue, new: &JsValue) -> Result<()> {
        Ok(self.vault().copy(&name_of(old)?, &name_of(new)?)?)
    }

    pub fn stage(&mut self, name: &JsValue, fields: &JsValue, options: &JsValue) -> Result<f64> {
        let entry = entry(fields, &Options::of(options, &ENTRY)?)?;
        Ok(self.vault().stage(&name_of(name)?, entry)? as f64)
    }

    pub fn promote(&mut self, name: &JsValue) -> Result<f64> {
        Ok(self.vault().promote(&name_of(name)?)? as f64)
    }

    pub fn retire(&mut self, name: &JsValue) -> Result<()> {
        Ok(self.vault().retire(&name_of(name)?)?)
    }

    #[wasm_bindgen(js_name = "removeCompartment")]
    pub fn remove_compartment(&mut self, name: &JsValue) -> Result<()> {
        Ok(self.vault().remove_compartment(&text(name, "the name of a compartment")?)?)
    }

    /// The text of the key, if one was made.
    pub fn grant(&mut self, label: &JsValue, access: &JsValue, given: &JsValue) -> Result<JsValue> {
        let label = text(label, "a label")?;
        let names = match word(access).as_deref() {
            Some("owner") => None,
            Some(_) => return invalid("expected the access owner, or { compartments: [..] }"),
            None => {
                let compartments = Options::of(access, &["compartments"])?.get("compartments");
                Some(texts(&compartments.unwrap_or(JsValue::UNDEFINED), "compartments")?)
            }
        };
        let options = Options::of(given, &[FACTORS.as_slice(), &["kdf"]].concat())?;
        let (unlock, key) = match factors(&options, true)? {
            Some(unlock) => (unlock, None),
            None => {
                let key = Key::generate()?;
                (Unlock::key(key.clone()), Some(key))
            }
        };
        let names: Option<Vec<&str>> = names.as_ref().map(|names| names.iter().map(String::as_str).collect());
        let access = names.as_deref().map_or(Access::Owner, Access::Compartments);
        self.vault().grant(&label, access, &unlock, kdf(options.get("kdf"))?)?;
        Ok(key.as_ref().map_or(JsValue::NULL, shapes::key))
    }

    #[wasm_bindgen(js_name = "generatePrfInput")]
    pub fn generate_prf_input(&self) -> Result<Vec<u8>> {
        Ok(self.0.generate_prf_input()?)
    }

    pub fn revoke(&mut self, label: &JsValue, options: &JsValue) -> Result<JsValue> {
        let label = text(label, "a label")?;
        let options = Options::of(options, &["compartments", "dropDamaged"])?;
        let on_damage = on_damage(&options)?;
        let revoked = match options.get("compartments") {
            None => self.vault().revoke(&label, on_damage)?,
            Some(names) => {
                let names = texts(&names, "compartments")?;
                let names: Vec<_> = names.iter().map(String::as_str).collect();
                self.vault().revoke_from(&label, &names, on_damage)?
            }
        };
        Ok(shapes::revoked(revoked.rotate, revoked.dropped.into_iter().map(damage).collect()))
    }

    #[wasm_bindgen(js_name = "changePassphrase")]
    pub fn change_passphrase(&mut self, label: &JsValue, new: &JsValue, options: &JsValue) -> Result<()> {
        let (label, new) = (text(label, "a label")?, passphrase(new, true)?);
        let options = Options::of(options, &["key", "passkey", "kdf"])?;
        let unlock = match factors(&options, true)? {
            Some(unlock) => unlock.with_passphrase(&new),
            None => Unlock::passphrase(&new),
        };
        Ok(self.vault().change_passphrase(&label, &unlock, kdf(options.get("kdf"))?)?)
    }

    pub fn strengthen(&mut self, label: &JsValue, factors: &JsValue, cost: &JsValue) -> Result<()> {
        let current = some_factors(&Options::of(factors, &FACTORS)?, false)?;
        let cost = kdf(Some(cost.clone()).filter(|cost| !cost.is_undefined()))?;
        Ok(self.vault().strengthen(&text(label, "a label")?, &current, cost)?)
    }

    pub fn rekey(&mut self, keep: &JsValue, options: &JsValue) -> Result<JsValue> {
        let keep = array(keep, "what to keep")?;
        let keep: Vec<_> =
            keep.iter().map(|item| some_factors(&Options::of(item, &FACTORS)?, false)).collect::<Result<_>>()?;
        let on_damage = on_damage(&Options::of(options, &["dropDamaged"])?)?;
        let rekeyed = self.vault().rekey(&keep, on_damage)?;
        let keys = rekeyed.keys.iter().flat_map(|(label, key)| [label.into(), shapes::key(key)]);
        let dropped = rekeyed.dropped.into_iter().map(damage).collect();
        Ok(shapes::rekeyed(keys.collect(), rekeyed.removed, rekeyed.rotate, dropped))
    }

    pub fn pin(&self) -> Result<String> {
        Ok(self.0.pin()?)
    }

    #[wasm_bindgen(js_name = "pinFor")]
    pub fn pin_for(&self, label: &JsValue) -> Result<String> {
        Ok(self.0.pin_for(&text(label, "a label")?)?)
    }

    pub fn seal(&mut self) -> Result<Vec<u8>> {
        Ok(self.vault().seal()?)
    }

    pub fn splice(&mut self, stored_now: &JsValue) -> Result<Vec<u8>> {
        let stored_now = vault_bytes(stored_now)?;
        Ok(self.vault().splice(&stored_now)?)
    }

    pub fn saved(&mut self, stored: &JsValue) -> Result<()> {
        Ok(self.0.saved(vault_bytes(stored)?)?)
    }

    pub fn discard(&mut self) -> Result<()> {
        Ok(self.0.discard()?)
    }

    pub fn reload(&mut self, stored_now: &JsValue) -> Result<bool> {
        Ok(self.0.reload(vault_bytes(stored_now)?)?)
    }

    pub fn lock(&mut self) {
        self.0.lock();
    }
}

const fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Owner => "owner",
        _ => "holder",
    }
}

fn on_damage(options: &Options) -> Result<OnDamage> {
    Ok(match options.flag("dropDamaged")? {
        true => OnDamage::Drop,
        false => OnDamage::Refuse,
    })
}

fn snapshot(entry: &SealedEntry) -> JsValue {
    shapes::entry(
        entry.name(),
        hex(&entry.record_id()),
        entry.version() as f64,
        entry.state().as_str(),
        entry.kind(),
        entry.tags().to_vec(),
        entry.note().map(str::to_owned),
        entry.info().iter().flat_map(|(name, text)| [name.clone(), text.clone()]).collect(),
        entry.created() as f64,
        entry.updated() as f64,
        entry.expires_at().map(|at| at as f64),
        entry.rotate_after().map(|at| at as f64),
    )
}

fn compartment(info: CompartmentInfo) -> JsValue {
    shapes::compartment(&info.name, info.entries, info.damaged.map(str::to_owned))
}

fn slot(info: SlotInfo) -> JsValue {
    let factors = match info.factors {
        Factors::Passphrase => "passphrase",
        Factors::Key => "key",
        _ => "passphrase+key",
    };
    shapes::slot(
        hex(&info.id),
        &info.label,
        scope(info.scope),
        factors,
        info.passkey,
        info.kdf.map_or(JsValue::NULL, shapes::kdf),
        info.created as f64,
        info.compartments,
    )
}

fn damage(damage: Damage) -> JsValue {
    shapes::damage(&damage.compartment, damage.record.map(|id| hex(&id)), damage.name, damage.code)
}

pub(crate) fn fresh(fresh: &Fresh) -> Result<JsValue> {
    Ok(match fresh {
        Fresh::Code { code, seconds_remaining, .. } => shapes::fresh(Some(code.reveal_str()?), *seconds_remaining),
        Fresh::Wait { seconds } => shapes::fresh(None, *seconds),
    })
}

/// Every code that an error can have, for a test that proves the list in TypeScript total.
#[wasm_bindgen(js_name = "errorCodes")]
pub fn error_codes() -> Vec<String> {
    Error::CODES.map(str::to_owned).to_vec()
}
