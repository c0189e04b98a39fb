"""What Python does while the dashboard is driven: makes vaults, changes them, and says what is in them.

Reads one request as JSON from each line of standard input, and answers it with a line.
"""

from __future__ import annotations

import base64
import json
import sys
from typing import TYPE_CHECKING, Any

import strongroom
from strongroom import Kdf, Key, Totp, Vault
from strongroom.errors import StrongroomError
from strongroom.otp import qr_svg

if TYPE_CHECKING:
    from collections.abc import Callable

QUICK = Kdf.argon2id(19_456, 2, 1)
"""The floor: tests open many vaults."""

PASSPHRASE = "tide lantern orbit walnut"
REPORT_PASSPHRASE = "gravel mimosa kayak ledger"
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def sample(path: str) -> dict[str, str]:
    """Make the vault that most tests open, and return what opens it."""
    with strongroom.create(path, passphrase=PASSPHRASE, kdf=QUICK) as vault:
        vault.put(
            "binance/main",
            {"secret": "s3cret-of-binance-main", "totp": SEED},
            info={"api_key": "public-id-of-main"},
            kind="hmac",
            tags=["spot", "live"],
            note="Trades only from the office.",
            expires_at=4_070_908_800,  # 2099
        )
        vault.put("binance/withdraw", {"secret": "s3cret-of-withdraw"}, tags=["cold"], rotate_after=1_600_000_000)
        vault.put("kraken/main", {"secret": "s3cret-of-kraken"}, info={"api_key": "public-id-of-kraken"})
        vault.put("kraken/old", {"secret": "s3cret-of-old"}, expires_at=1_577_836_800)
        vault.put("mail/alerts", {"password": "s3cret-of-mail"}, info={"username": "alerts@example.com"}, kind="login")
        owner = vault.grant("owner-key", owner=True)
        bot = vault.grant("scalper-1", ["binance"])
        vault.grant("report", ["kraken", "mail"], passphrase=REPORT_PASSPHRASE, kdf=Kdf.pbkdf2())
    return {
        "passphrase": PASSPHRASE,
        "reportPassphrase": REPORT_PASSPHRASE,
        "ownerKey": owner.reveal(),
        "botKey": bot.reveal(),
        "seed": SEED,
    }


def opened(path: str, factors: dict[str, str]) -> Vault:
    """Open a vault with what JavaScript calls its factors."""
    key = Key.parse(factors["key"]) if "key" in factors else None
    return strongroom.open(path, passphrase=factors.get("passphrase"), key=key)


def contents(path: str, factors: dict[str, str]) -> dict[str, Any]:
    """Return all that these factors open."""
    with opened(path, factors) as vault:
        is_owner = vault.opened_by.scope == "owner"
        return {
            "scope": vault.opened_by.scope,
            "label": vault.opened_by.slot_label,
            "compartments": [compartment.name for compartment in vault.compartments],
            "damage": [part.code for part in vault.damage],
            "slots": {slot.label: slot_of(slot) for slot in vault.slots} if is_owner else None,
            "entries": {name: entry_of(vault, name) for name in vault},
        }


def slot_of(slot: strongroom.Slot) -> dict[str, Any]:
    return {
        "scope": slot.scope,
        "factors": slot.factors,
        "passkey": slot.passkey is not None,
        "compartments": slot.compartments and list(slot.compartments),
        "iterations": slot.kdf and slot.kdf.iterations,
    }


def entry_of(vault: Vault, name: str) -> dict[str, Any]:
    entry = vault[name]
    return {
        "fields": {field: text_of(secret) for field, secret in entry.fields.items()},
        "info": dict(entry.info),
        "kind": entry.kind,
        "tags": list(entry.tags),
        "note": entry.note,
        "expires": entry.expires_at,
        "rotate": entry.rotate_after,
        "version": entry.version,
        "versions": [
            [version.version, version.state, {field: text_of(secret) for field, secret in version.fields.items()}]
            for version in vault.versions(name)
        ],
    }


def text_of(secret: strongroom.Secret) -> str:
    value = secret.reveal_bytes()
    try:
        return value.decode()
    except UnicodeDecodeError:
        return "base64:" + base64.b64encode(value).decode()


def change(path: str, factors: dict[str, str], method: str, given: list[Any], options: dict[str, Any]) -> Any:
    """Let somebody else change the vault, and return what there is to say of it."""
    if "kdf" in options:
        options["kdf"] = QUICK
    with opened(path, factors) as vault:
        result = getattr(vault, method)(*given, **options)
        return result.reveal() if isinstance(result, Key) else None


def why(path: str, factors: dict[str, str]) -> str:
    """Return with which code a vault does not open."""
    try:
        opened(path, factors).lock()
    except StrongroomError as error:
        return error.code
    return "ok"


def codes(secret: str, at: int) -> list[str]:
    """Return the code of a time, and the next one."""
    totp = Totp.from_uri(secret) if secret.startswith("otpauth:") else Totp(secret)
    return [totp.at(at), totp.at(at + totp.period)]


def qr(text: str) -> str:
    """Return a QR code as SVG."""
    return qr_svg(text).reveal()


REQUESTS: dict[str, Callable[..., Any]] = {
    "sample": sample,
    "contents": contents,
    "change": change,
    "why": why,
    "codes": codes,
    "qr": qr,
}


def main() -> None:
    for line in sys.stdin:
        request, *given = json.loads(line)
        try:
            answer = {"ok": REQUESTS[request](*given)}
        except StrongroomError as error:
            answer = {"error": f"{error.code}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
