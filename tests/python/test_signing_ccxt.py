"""Random requests are signed as ccxt signs them, byte for byte, for each exchange and each kind of key.

300 requests of each case, ten times as many in `make soak`; a tenth of that with RSA keys, which ccxt is slow with.
"""

from __future__ import annotations

import base64
import json
import os
from typing import TYPE_CHECKING

import pytest
from ccxt_oracle import CASES, ED25519, ES256, Record, header, jwt_part, records, to_ours
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

if TYPE_CHECKING:
    from strongroom import SignedRequest, Signer, Vault

ROUNDS = 3000 if os.environ.get("STRONGROOM_SOAK") else 300
TOKENS = {"coinbase cdp es256", "coinbase cdp ed25519"}
"""With other claims than ccxt's, and one with a signature at random."""


def signer_of(case: str, vault: Vault) -> Signer:
    about = CASES[case]
    fields = {name: value for name, value in about.credentials.items() if name != "api_key"}
    api_key = about.credentials.get("api_key")
    vault.put("exchange/bot", fields, info={"api_key": api_key} if api_key else {})
    return vault["exchange/bot"].signer(about.recipe or about.exchange)


def sign(signer: Signer, record: Record) -> SignedRequest:
    ours = to_ours(record)
    signed = signer.sign(
        ours.method, ours.url, body=ours.body, timestamp_ms=ours.timestamp_ms, nonce=ours.nonce, values=ours.values
    )
    assert signed.method == record.signed.method
    assert signed.url == record.signed.url
    if record.case.startswith("hyperliquid"):  # which hashes what the JSON says, and not how ccxt writes it
        assert json.loads(signed.body) == json.loads(ours.sent)
    else:
        assert signed.body == ours.sent
    return signed


@pytest.mark.parametrize("case", [case for case in CASES if case not in TOKENS])
def test_a_request_is_signed_as_ccxt_signs_it(case: str, vault: Vault) -> None:
    signer, about = signer_of(case, vault), CASES[case]
    for record in records(case, ROUNDS // 10 if case.endswith("rsa") else ROUNDS):
        headers = {name.lower(): value for name, value in sign(signer, record).headers.items()}
        assert {name: headers[name.lower()] for name in about.headers} == {
            name: header(record.signed, name) for name in about.headers
        }


@pytest.mark.parametrize("case", sorted(TOKENS))
def test_a_token_says_what_ccxts_says(case: str, vault: Vault) -> None:
    signer = signer_of(case, vault)
    for record in records(case, ROUNDS):
        ours, theirs = sign(signer, record).headers["Authorization"], header(record.signed, "authorization") or ""
        message, _, signature = ours.removeprefix("Bearer ").rpartition(".")
        verify(case, message.encode(), base64.urlsafe_b64decode(signature + "=="))
        assert jwt_part(ours, 0) == jwt_part(theirs, 0)
        claims, expected = jwt_part(ours, 1), jwt_part(theirs, 1)
        assert [claims[name] for name in ("sub", "nbf", "exp")] == [expected[name] for name in ("sub", "nbf", "exp")]
        assert [claims["uri"]] == expected.get("uris", [expected.get("uri")])


def verify(case: str, message: bytes, signature: bytes) -> None:
    if case == "coinbase cdp ed25519":
        ED25519.public_key().verify(signature, message)
        return
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    ES256.public_key().verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
