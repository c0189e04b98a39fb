//! Pins: what a reader has seen of a vault, so that it is never shown anything older.

use data_encoding::BASE64URL_NOPAD;

use super::cbor::{self, Map, Value};
use super::format::{Mac, VaultId, counter};
use crate::{Error, Result};

const PREFIX: &str = "strongroom-pin-1:";
/// Enough for a pin of every compartment that a vault can hold.
const MAX_TEXT: usize = 256 << 10;

/// A compartment as it was seen.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) id: u16,
    pub(super) epoch: u64,
    pub(super) revision: u64,
    pub(super) mac: Mac,
}

/// A vault as it was seen. `root` is for owners: a holder cannot tell whether the root part is genuine.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Pin {
    pub(super) vault_id: VaultId,
    pub(super) compartments: Vec<Seen>,
    pub(super) root: Option<(u64, Mac)>,
}

impl Pin {
    pub(super) fn to_text(&self) -> Result<String> {
        let compartments = self.compartments.iter().map(|seen| {
            let map = Map::new().uint("id", seen.id.into()).uint("epoch", seen.epoch).uint("revision", seen.revision);
            Value::Map(map.bytes("mac", &seen.mac))
        });
        let mut map = Map::new().bytes("vault_id", &self.vault_id);
        map.set("compartments", Value::Array(compartments.collect()));
        if let Some((revision, mac)) = &self.root {
            map.set("root", Value::Map(Map::new().uint("revision", *revision).bytes("mac", mac)));
        }
        Ok(format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&cbor::raw(&map)?)))
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let bad = || Error::invalid(format!("expected a pin as it was given out, {PREFIX} and base64url"));
        let body = text.strip_prefix(PREFIX).filter(|_| text.len() <= MAX_TEXT).ok_or_else(bad)?;
        let bytes = BASE64URL_NOPAD.decode(body.as_bytes()).map_err(|_| bad())?;
        Self::decode(&bytes).map_err(|_| bad())
    }

    fn decode(bytes: &[u8]) -> Result<Self> {
        let mut map = cbor::decode_exact(bytes)?;
        let vault_id = map.take_bytes("vault_id")?;
        let mut compartments: Vec<Seen> = Vec::new();
        for item in map.take_array("compartments")? {
            let Value::Map(mut item) = item else { return Err(Error::Format("pin")) };
            let seen = Seen {
                id: u16::try_from(item.take_uint("id")?).map_err(|_| Error::Format("pin"))?,
                epoch: counter(item.take_uint("epoch")?)?,
                revision: counter(item.take_uint("revision")?)?,
                mac: item.take_bytes("mac")?,
            };
            if item.len() > 0 || compartments.last().is_some_and(|last| last.id >= seen.id) {
                return Err(Error::Format("pin"));
            }
            compartments.push(seen);
        }
        let root = match map.take("root") {
            None => None,
            Some(Value::Map(mut root)) => {
                let pair = (counter(root.take_uint("revision")?)?, root.take_bytes("mac")?);
                if root.len() > 0 {
                    return Err(Error::Format("pin"));
                }
                Some(pair)
            }
            Some(_) => return Err(Error::Format("pin")),
        };
        match map.len() {
            0 => Ok(Self { vault_id, compartments, root }),
            _ => Err(Error::Format("pin")),
        }
    }

    /// Whether a vault as it is `now` may be what this reader sees next.
    ///
    /// A compartment that is gone or damaged is not judged: that shows elsewhere, and an owner may have removed it.
    pub(super) fn check(&self, now: &Self) -> Result<()> {
        let rollback = |what: &str| {
            Err(Error::Rollback(format!(
                "{what} is older than, or forked from, what this reader has seen; restore the newer file, or drop the pin \
                 if this vault was restored on purpose"
            )))
        };
        if self.vault_id != now.vault_id {
            return rollback("this is another vault, or it was re-keyed; it");
        }
        if let (Some((seen, seen_mac)), Some((revision, mac))) = (&self.root, &now.root)
            && (revision < seen || (revision == seen && mac != seen_mac))
        {
            return rollback("the vault");
        }
        for seen in &self.compartments {
            let Some(at) = now.compartments.iter().find(|at| at.id == seen.id) else { continue };
            let (before, after) = ((seen.epoch, seen.revision), (at.epoch, at.revision));
            if after < before || (after == before && at.mac != seen.mac) {
                return rollback("a compartment");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin() -> Pin {
        let seen = |id| Seen { id, epoch: 3, revision: 5, mac: [9; 32] };
        Pin { vault_id: [7; 16], compartments: vec![seen(0), seen(2)], root: Some((4, [8; 32])) }
    }

    #[test]
    fn text_and_back() {
        let text = pin().to_text().unwrap();
        assert!(Pin::parse(&text).unwrap() == pin());
        for wrong in ["", "strongroom-pin-1:", "strongroom-pin-2:AA", &text[..text.len() - 1], &format!("{text}A")] {
            assert_eq!(Pin::parse(wrong).err().map(|e| e.code()), Some("invalid_input"));
        }
    }

    #[test]
    fn older_or_forked_is_rollback() {
        let alter = |change: fn(&mut Pin)| {
            let mut now = pin();
            change(&mut now);
            pin().check(&now).map_err(|error| error.code())
        };
        assert_eq!(alter(|_| ()), Ok(()));
        assert_eq!(alter(|now| now.compartments[1].revision = 6), Ok(()));
        assert_eq!(alter(|now| (now.compartments[1].epoch, now.compartments[1].revision) = (4, 1)), Ok(()));
        assert_eq!(alter(|now| now.compartments.truncate(1)), Ok(()));
        assert_eq!(alter(|now| now.root = None), Ok(()));
        assert_eq!(alter(|now| now.root = Some((5, [1; 32]))), Ok(()));
        assert_eq!(alter(|now| now.vault_id[0] = 0), Err("rollback"));
        assert_eq!(alter(|now| now.compartments[1].revision = 4), Err("rollback"));
        assert_eq!(alter(|now| (now.compartments[1].epoch, now.compartments[1].revision) = (2, 9)), Err("rollback"));
        assert_eq!(alter(|now| now.compartments[1].mac[0] = 0), Err("rollback"));
        assert_eq!(alter(|now| now.root = Some((3, [8; 32]))), Err("rollback"));
        assert_eq!(alter(|now| now.root = Some((4, [1; 32]))), Err("rollback"));
    }
}
