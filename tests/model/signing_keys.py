"""Makes tests/vectors/signing_keys.json: `PYTHONPATH=tests python -m model.signing_keys`.

Private keys as people have them, and what is no private key at all, with what signing with each gives. The keys and
their signatures are those of `cryptography`, except for secp256k1 with Keccak-256, which is eth-account 0.14.0's, and
PSS, which is random. The same bytes come out at every run.

Each case has a `text` (or `base64`, of its bytes), perhaps a `passphrase`, and the `schemes` that it is loaded for: an
algorithm, and for HMAC how the secret is written. A key that is good has the `place` of its scheme and the `signature`
of MESSAGE in hex, or `pss` with the modulus of the key. One that is not has the `code` of the error and what it `says`.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

FILE = Path(__file__).parent.parent / "vectors" / "signing_keys.json"
MESSAGE = b"strongroom"
PASSPHRASE = "correct horse"
Json = dict[str, Any]

SEED = bytes(range(32))
SCALAR = bytes(range(1, 33))
SECP256K1_SIGNATURE = (
    "4368467c61ee9d9a1903e7698ab05d867f2464d5b62c4d4fbff0ab83d3da5a10"
    "4c96942240cdeb18023c1a16d42dbd4bae9ebbbece73595cd1dd7604f10515ec1b"
)
RSA_PEM = b"""-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCG9y9JlmudWtDg
ABN/rjvXC3zNYap/tmUePuNtCf5SaSb2/z6q0OuCZrNkZQW+UDT1lXRNxssWz1uU
dXtmtMu6XALusWWI73iLbdI1kLlFGNBbi5z6EnhsAccY0kdw7YVEDRSCPUZf9qJW
Eu7GWgWskKwtayR0Br6b/gkgsc6Ia7o2Jl8h43P6x7F4iETrQuQ5PVSWZnbNbsQQ
SKQ7SgxIEW6nIe4IYxLNCJC1JeBynpM/ydWrBpIM1s3lZeD5BA70wfXPE1dxZxX5
pU+BmDRoJ8cZ8p+Ipo7GCQXe8bTziZSwkZOzyywg9WM9Qt64E436dVSIWneeMVjS
lQIk0TDFAgMBAAECggEAFe6EWac+3411acu5X23XEtqEB5/k+TyQxqRzh9wwNADF
sIIeaIWV76p0C6QQQIfUw0pBDFkkgWq6uATgmPpXgiDCPTrIhBhd9Keo7sQQxzYB
Yw7sja/Yr7xuN7ixRpw3pAJNdd3dL2pAS6UR9gYvloYqjyAyW+8IpF1YlbPZxaMi
GX5UPscgTQ2mS0+m9a4a6KK8nDz2U5PblXO22tN+ehEveUq6dvn1z5Zxufb1B89Y
FxTPMV3mT1L3xXup2ByUFoNJdqQRibqlxrI/SfcAPMJC9jIUCqrGYVb457xN9aFO
JjlLU5baLnj34T5is5QGuajnqaruUxxUyiBerP11NQKBgQC8h9NhrDkMLr9rPvMX
0qyqT9jzbaq1Q6XB2jMdkxkGxoPLdScYsniOg8d/AzvQ92BwXMs6sPozPEfvCW3Q
/51aVwbBylpWGnqffUyJRnWqmydgw41Liqs0qXxC5Djh/9SzHkFrnImuXFNvcC+/
sBvi3ZGQG15+5aTD4LuVeVxkHwKBgQC3RAQ2/R7gj6hD1H6xnojlFCYVFBY28cMy
DE5s4gkJ3Aql0ejsMfPbUt8SynkYt7z2/ZNIpCxZXl6TRZ95LeYSXQTlr/V1EJlh
3l3OhOS9Kx2Wx5t29Tx+o5Sh3p/Ij5zZHxIf4Wv258XlrW8Tu+aYCr/rHRc3FVI+
RIFWO70umwKBgC+e92vSfs5u+Hb0fZ7k3ixe4uQKLXZ/0dy3avXrdATcG+pGe0un
uP/2lWulu3Q7KCb5qXP3xBsw/NKKRSznhC2PketdW5goNBUZJz39iDdB3Z55hrUw
H7K7pOGYmC2t22IrIEc4USazt3eMlOMMbt7NLLmD0EipZQb9OyS0dPvtAoGAUjxT
J9mtYVcVSlqv/0QEaccAz7STw1P5IxwilPlY1PPIU2A+BL7ljiVBtEzmyhCo2qwu
ywngXLnb9nnndZkDBHp5GBg9LKqmKSR/M4yul7QhMuee+2JQIwOETp53VKgc2dD3
cRbWO5UFWGrazSAj+VXZiMclA7KtlQNohimIWsECgYEAuh/sXO8RVN6qsP8djNEp
oMuRQzt6iGA1pIJO7s/AMMs1HE+tqPGE3FSEvbS0hkrL8uTTQSryt20YdSqzwbtr
izIBJO74e5VsU/GLWnjDFEsphLbgU8rdEQTN3cuRbsUf5Zb/fGZOE28TKP+FEvLP
/eWaSDyNdfq1a/rwp7vJiAo=
-----END PRIVATE KEY-----
"""
# Written by `cryptography`, which puts random numbers into it.
OPENSSH = """-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtz
c2gtZWQyNTUxOQAAACADoQe/884Qvh1w3RjnS8CZZ+TWMJulDV8d3IZkElUxuAAA
AIhS9p5oUvaeaAAAAAtzc2gtZWQyNTUxOQAAACADoQe/884Qvh1w3RjnS8CZZ+TW
MJulDV8d3IZkElUxuAAAAEAAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e
HwOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4AAAAAAECAwQF
-----END OPENSSH PRIVATE KEY-----
"""
OPENSSH_PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4 me"

ED = ed25519.Ed25519PrivateKey.from_private_bytes(SEED)
P256 = ec.derive_private_key(int.from_bytes(SCALAR, "big"), ec.SECP256R1())
SECP = ec.derive_private_key(int.from_bytes(SCALAR, "big"), ec.SECP256K1())
_rsa = load_pem_private_key(RSA_PEM, None)
assert isinstance(_rsa, rsa.RSAPrivateKey)
RSA = _rsa

OID_EC = "1.2.840.10045.2.1"
OID_P256 = "1.2.840.10045.3.1.7"
OID_SECP256K1 = "1.3.132.0.10"
OID_ED25519 = "1.3.101.112"
OID_RSA = "1.2.840.113549.1.1.1"
OID_RSA_PSS = "1.2.840.113549.1.1.10"


# --- DER, as far as it is needed for what no library writes ---


def der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def sequence(*parts: bytes) -> bytes:
    return der(0x30, *parts)


def integer(number: int) -> bytes:
    return der(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def octets(content: bytes) -> bytes:
    return der(4, content)


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(part) for part in dotted.split("."))
    out = bytearray([40 * first + second])
    for part in rest:
        groups = [part & 0x7F]
        while part := part >> 7:
            groups.append(part & 0x7F | 0x80)
        out += bytes(reversed(groups))
    return der(6, bytes(out))


NULL = der(5)


def pkcs8(algorithm: str, key: bytes, parameters: bytes = b"", after: bytes = b"", version: int = 0) -> bytes:
    return sequence(integer(version), sequence(oid(algorithm), parameters), octets(key), after)


def sec1(scalar: bytes, curve: bytes = b"", public: bytes = b"") -> bytes:
    return sequence(
        integer(1),
        octets(scalar),
        der(0xA0, curve) if curve else b"",
        der(0xA1, der(3, b"\0", public)) if public else b"",
    )


def pkcs1(*numbers: int, more: bytes = b"", version: int = 0) -> bytes:
    return sequence(integer(version), *(integer(number) for number in numbers), more)


def pem(label: str, content: bytes) -> str:
    body = base64.b64encode(content).decode()
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


# --- Encryption by hand, with fixed salts, and read back by `cryptography` ---


def aes_cbc(key: bytes, content: bytes) -> tuple[bytes, bytes]:
    iv = bytes(range(16))
    left = 16 - len(content) % 16
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return iv, encryptor.update(content + bytes([left]) * left) + encryptor.finalize()


SALT = bytes(range(100, 116))
PBES2 = "1.2.840.113549.1.5.13"


def pbes2(kdf: bytes, cipher: str, iv: bytes, ciphertext: bytes) -> bytes:
    return sequence(sequence(oid(PBES2), sequence(kdf, sequence(oid(cipher), octets(iv)))), octets(ciphertext))


def pbkdf2_kdf(iterations: int, prf: str | None) -> bytes:
    parameters = sequence(octets(SALT), integer(iterations), sequence(oid(prf), NULL) if prf else b"")
    return sequence(oid("1.2.840.113549.1.5.12"), parameters)


def scrypt_kdf(n: int, r: int, p: int) -> bytes:
    return sequence(
        oid("1.3.6.1.4.1.11591.4.11"),
        sequence(octets(SALT), integer(n), integer(r), integer(p)),
    )


AES256_CBC = "2.16.840.1.101.3.4.1.42"
AES128_CBC = "2.16.840.1.101.3.4.1.2"
HMAC_SHA256 = "1.2.840.113549.2.9"
HMAC_SHA512 = "1.2.840.113549.2.11"


def encrypted(content: bytes, how: str) -> bytes:
    password = PASSPHRASE.encode()
    match how:
        case "pbkdf2_sha256":
            key, kdf, cipher = (
                hashlib.pbkdf2_hmac("sha256", password, SALT, 2048, 32),
                pbkdf2_kdf(2048, HMAC_SHA256),
                AES256_CBC,
            )
        case "pbkdf2_sha512":
            key, kdf, cipher = (
                hashlib.pbkdf2_hmac("sha512", password, SALT, 1000, 32),
                pbkdf2_kdf(1000, HMAC_SHA512),
                AES256_CBC,
            )
        case "pbkdf2_sha1":
            key, kdf, cipher = hashlib.pbkdf2_hmac("sha1", password, SALT, 1000, 16), pbkdf2_kdf(1000, None), AES128_CBC
        case _:
            key, kdf, cipher = (
                hashlib.scrypt(password, salt=SALT, n=16384, r=8, p=1, dklen=32),
                scrypt_kdf(16384, 8, 1),
                AES256_CBC,
            )
    made = pbes2(kdf, cipher, *aes_cbc(key, content))
    assert load_der_private_key(made, password) is not None
    return made


# --- What every key is mangled into ---

MANGLINGS: dict[str, Callable[[str], str]] = {
    "as_it_is": lambda text: text,
    "no_last_line_end": str.rstrip,
    "crlf": lambda text: text.replace("\n", "\r\n"),
    "cr": lambda text: text.replace("\n", "\r"),
    "no_line_ends": lambda text: text.replace("\n", ""),
    "spaces_for_line_ends": lambda text: text.replace("\n", " "),
    "escaped_line_ends": lambda text: text.replace("\n", "\\n"),
    "escaped_twice": lambda text: text.replace("\n", "\\\\n"),
    "escaped_crlf": lambda text: text.replace("\n", "\\r\\n"),
    "double_quotes": lambda text: '"' + text.rstrip().replace("\n", "\\n") + '"',
    "single_quotes": lambda text: f"'{text}'",
    "curly_quotes": lambda text: f"“{text.strip()}”",
    "byte_order_mark": lambda text: "\ufeff" + text,
    "space_around": lambda text: f" \t\r\n\u00a0{text}\n\n \t",
    "indented": lambda text: "\n".join("    " + line for line in text.split("\n")),
    "long_lines": lambda text: "-----\n".join(part.replace("\n", "") for part in text.split("-----\n")),
    "blank_lines": lambda text: text.replace("\n", "\n\n"),
    "lines_continued": lambda text: text.replace("\n", "\\\n"),
    "json_file": lambda text: json.dumps({"name": "organizations/o/apiKeys/k", "privateKey": text}),
    "json_of_php": lambda text: json.dumps(text).replace("/", "\\/"),
    "text_before": lambda text: "Bag Attributes\n    friendlyName: k\n" + text,
}


def public_of(key: ec.EllipticCurvePrivateKey, form: PublicFormat = PublicFormat.UncompressedPoint) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, form)


def good_pem() -> Iterator[tuple[str, list[str], str]]:
    """Name, algorithm and PEM of every kind of private key."""

    def written(key: Any, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
        text: bytes = key.private_bytes(Encoding.PEM, form, NoEncryption())
        return text.decode()

    p256, secp = oid(OID_P256), oid(OID_SECP256K1)
    yield "ed25519_pkcs8", ["ed25519"], written(ED)
    public = der(0x81, b"\0", ED.public_key().public_bytes_raw())
    # `cryptography` does not read it; RFC 8410, section 10.3, has one like it.
    version_2 = pkcs8(OID_ED25519, octets(SEED), after=public, version=1)
    yield "ed25519_pkcs8_version_2", ["ed25519"], pem("PRIVATE KEY", version_2)
    yield "p256_pkcs8", ["es256"], written(P256)
    yield "p256_pkcs8_without_public_key", ["es256"], pem("PRIVATE KEY", pkcs8(OID_EC, sec1(SCALAR), p256))
    yield "p256_sec1", ["es256"], written(P256, PrivateFormat.TraditionalOpenSSL)
    yield (
        "p256_sec1_compressed",
        ["es256"],
        pem("EC PRIVATE KEY", sec1(SCALAR, p256, public_of(P256, PublicFormat.CompressedPoint))),
    )
    parameters = pem("EC PARAMETERS", p256)
    yield "p256_sec1_and_parameters", ["es256"], parameters + written(P256, PrivateFormat.TraditionalOpenSSL)
    yield "p256_sec1_named_by_parameters", ["es256"], parameters + pem("EC PRIVATE KEY", sec1(SCALAR))
    yield "secp256k1_pkcs8", ["secp256k1"], written(SECP)
    yield "secp256k1_sec1", ["secp256k1"], written(SECP, PrivateFormat.TraditionalOpenSSL)
    yield "secp256k1_sec1_short", ["secp256k1"], pem("EC PRIVATE KEY", sec1(SCALAR, secp))
    yield "rsa_pkcs8", ["rsa-sha256"], written(RSA)
    yield "rsa_pkcs1", ["rsa-sha256"], written(RSA, PrivateFormat.TraditionalOpenSSL)


def signature(algorithm: str) -> str:
    match algorithm:
        case "ed25519":
            return ED.sign(MESSAGE).hex()
        case "es256":
            signed = P256.sign(MESSAGE, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
            return b"".join(part.to_bytes(32, "big") for part in decode_dss_signature(signed)).hex()
        case "rsa-sha256":
            return RSA.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256()).hex()
        case _:
            return SECP256K1_SIGNATURE


def content(text: str) -> bytes:
    """What the last block of PEM has in it."""
    return base64.b64decode(text.split("-----BEGIN")[-1].split("-----")[1])


def good(name: str, text: str | bytes, algorithms: list[str], **more: Any) -> Json:
    made: Json = {"name": name}
    made |= {"text": text} if isinstance(text, str) else {"base64": base64.b64encode(text).decode()}
    made |= {"schemes": [[algorithm] for algorithm in algorithms], "place": 0}
    return made | {"signature": signature(algorithms[0]), **more}


def loads() -> Iterator[Json]:
    for name, signs_as, text in good_pem():
        # RSA's keys are long, and differ from the others in nothing that mangling touches.
        manglings = list(MANGLINGS) if name != "rsa_pkcs1" else ["as_it_is", "no_line_ends", "escaped_line_ends"]
        for mangling in manglings:
            yield good(f"{name}_{mangling}", MANGLINGS[mangling](text), signs_as)
        if "named_by" in name:
            continue
        inside = content(text)
        yield good(f"{name}_der", inside, signs_as)
        yield good(f"{name}_base64", base64.b64encode(inside).decode(), signs_as)
        yield good(f"{name}_base64url", base64.urlsafe_b64encode(inside).decode().rstrip("="), signs_as)
        yield good(f"{name}_hex", inside.hex(), signs_as)
    pair = SEED + ED.public_key().public_bytes_raw()
    for name, raw in (("seed", SEED), ("seed_and_public_key", pair)):
        plain = base64.b64encode(raw).decode()
        for form, text in {
            "base64": plain,
            "base64_no_padding": plain.rstrip("="),
            "base64url": base64.urlsafe_b64encode(raw).decode(),
            "base64_in_quotes": f' "{plain}"\n',
            "base64_in_lines": f"{plain[:20]}\n{plain[20:]}\n",
            "hex": raw.hex(),
            "hex_upper_case": raw.hex().upper(),
            "hex_0x": "0x" + raw.hex(),
        }.items():
            yield good(f"ed25519_{name}_{form}", text, ["ed25519"])
        yield good(f"ed25519_{name}_bytes", raw, ["ed25519"])
    for form, text in {
        "hex": SCALAR.hex(),
        "hex_0x": "0x" + SCALAR.hex(),
        "hex_0x_upper_case": "0x" + SCALAR.hex().upper(),
        "hex_0x_in_quotes": f"'0x{SCALAR.hex()}'\n",
    }.items():
        yield good(f"secp256k1_{form}", text, ["secp256k1"])
    for how in ("pbkdf2_sha256", "pbkdf2_sha512", "pbkdf2_sha1", "scrypt"):
        locked = pem("ENCRYPTED PRIVATE KEY", encrypted(content(next(good_pem())[2]), how))
        yield good(f"encrypted_{how}", locked, ["ed25519"], passphrase=PASSPHRASE)
        yield good(f"encrypted_{how}_no_line_ends", locked.replace("\n", ""), ["ed25519"], passphrase=PASSPHRASE)
    kinds = {name: (algorithms, text) for name, algorithms, text in good_pem()}
    for name in ("p256_pkcs8", "secp256k1_pkcs8", "rsa_pkcs8"):
        algorithms_of, text = kinds[name]
        locked = pem("ENCRYPTED PRIVATE KEY", encrypted(content(text), "pbkdf2_sha256"))
        yield good(f"encrypted_{name}", locked, algorithms_of, passphrase=PASSPHRASE)
    plain_pem = kinds["ed25519_pkcs8"][1]
    yield good("passphrase_that_is_not_needed", plain_pem, ["ed25519"], passphrase=PASSPHRASE)
    certificate = certificate_pem()
    yield good("certificate_and_key", certificate + plain_pem, ["ed25519"])
    yield good("key_and_public_key", plain_pem + spki(ED), ["ed25519"])
    # OpenSSL once left zeros out in front of the number.
    numbers = RSA.private_numbers().public_numbers
    for label, text in (("rsa_pkcs8", kinds["rsa_pkcs8"][1]), ("rsa_pss", rsa_pss_pem())):
        case = good(f"{label}_for_pss", text, ["rsa-pss-sha256"])
        del case["signature"]
        yield {**case, "pss": f"{numbers.n:x}"}


def rsa_pss_pem() -> str:
    return pem(
        "PRIVATE KEY",
        pkcs8(
            OID_RSA_PSS,
            content(RSA.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()),
        ),
    )


def chooses() -> Iterator[Json]:
    """Where an exchange takes an HMAC secret or a private key, and the field decides."""
    kinds = {name: text for name, _, text in good_pem()}
    schemes = [["hmac-sha256", "text"], ["ed25519"], ["rsa-sha256"]]

    def tag(secret: bytes) -> str:
        return hmac.new(secret, MESSAGE, hashlib.sha256).hexdigest()

    def case(name: str, text: str, place: int, signed: str) -> Json:
        return {"name": f"choice_{name}", "text": text, "schemes": schemes, "place": place, "signature": signed}

    secret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
    for name, text in {
        "secret": secret,
        "secret_of_one_byte": "x",
        "secret_in_hex": SEED.hex(),
        "secret_in_base64": base64.b64encode(SEED).decode(),
        "secret_with_spaces": " with spaces around ",
        "secret_that_begins_as_base64_of_der": "MCowsecretsecretsecret",
    }.items():
        yield case(name, text, 0, tag(text.encode()))
    ed, rsa_text = kinds["ed25519_pkcs8"], kinds["rsa_pkcs8"]
    for mangling in MANGLINGS:
        yield case(f"ed25519_{mangling}", MANGLINGS[mangling](ed), 1, signature("ed25519"))
    yield case("ed25519_base64", base64.b64encode(content(ed)).decode(), 1, signature("ed25519"))
    yield case("rsa", rsa_text, 2, signature("rsa-sha256"))
    yield case("rsa_base64", base64.b64encode(content(rsa_text)).decode(), 2, signature("rsa-sha256"))
    yield case("rsa_pkcs1", kinds["rsa_pkcs1"], 2, signature("rsa-sha256"))
    for name, text, says in (
        ("public_key", spki(ED), "an Ed25519 public key"),
        ("public_key_base64", base64.b64encode(content(spki(ED))).decode(), "an Ed25519 public key"),
        ("p256", kinds["p256_pkcs8"], "a P-256 private key"),
        ("cut_short", ed[:60], "PEM without its END line"),
        ("openssh", OPENSSH, "OpenSSH's own format"),
        ("openssh_public_key", OPENSSH_PUBLIC, "an OpenSSH public key"),
        ("cut_short_base64", base64.b64encode(content(rsa_text)[:900]).decode(), "cut short"),
    ):
        yield {"name": f"choice_{name}", "text": text, "schemes": schemes, "code": "invalid_input", "says": says}
    yield {
        "name": "choice_utf_16",
        "base64": base64.b64encode(b"\xff\xfe" + ed.encode("utf-16-le")).decode(),
        "schemes": schemes,
        "code": "invalid_input",
        "says": "text in UTF-16",
    }
    first = [["es256"], ["ed25519"]]
    for place, name, text in (
        (0, "p256_sec1", kinds["p256_sec1"]),
        (1, "ed25519_pair", base64.b64encode(SEED + ED.public_key().public_bytes_raw()).decode()),
    ):
        signed = signature(["es256", "ed25519"][place])
        yield {"name": f"choice_{name}_or", "text": text, "schemes": first, "place": place, "signature": signed}
    for form, text, raw in (
        ("base64", base64.b64encode(bytes(range(64))).decode(), bytes(range(64))),
        (
            "base64",
            base64.urlsafe_b64encode(bytes(range(200, 255))).decode().rstrip("=") + "\n",
            bytes(range(200, 255)),
        ),
        ("hex", bytes(range(40)).hex(), bytes(range(40))),
        ("hex", f' "0x{bytes(range(40)).hex().upper()}" ', bytes(range(40))),
    ):
        yield {
            "name": f"hmac_{form}_{len(raw)}_{len(text)}",
            "text": text,
            "schemes": [["hmac-sha512", form]],
            "place": 0,
            "signature": hmac.new(raw, MESSAGE, hashlib.sha512).hexdigest(),
        }


def spki(key: Any) -> str:
    text: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return text.decode()


def certificate_pem() -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "strongroom")])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
    builder = x509.CertificateBuilder(name, name, ED.public_key(), 1, start, start + dt.timedelta(days=1))
    return builder.sign(ED, None).public_bytes(Encoding.PEM).decode()


def refusals() -> Iterator[Json]:
    kinds = {name: text for name, _, text in good_pem()}
    ed, p256, rsa_text = kinds["ed25519_pkcs8"], kinds["p256_sec1"], kinds["rsa_pkcs8"]
    any_key = [["ed25519"], ["es256"], ["rsa-sha256"]]

    def case(
        name: str, text: str | bytes, says: str, schemes: Any = any_key, code: str = "invalid_input", **more: Any
    ) -> Json:
        made: Json = {"name": f"refused_{name}"}
        made |= {"text": text} if isinstance(text, str) else {"base64": base64.b64encode(text).decode()}
        return {**made, "schemes": schemes, "code": code, "says": says, **more}

    yield case("empty", "", "an empty field")
    yield case("spaces", " \n", "an empty field")
    yield case("words", "hello, world!", "neither PEM nor base64 nor hex")
    yield case("too_long", "A" * 32_769, "32769 is over the limit of 32768", code="limit")
    yield case("utf_16", b"\xff\xfe" + ed.encode("utf-16-le"), "text in UTF-16")
    yield case("binary", bytes(range(1, 40)), "bytes that are not DER")
    for name, key, says in (
        ("ed25519", ED, "an Ed25519 public key"),
        ("p256", P256, "an EC public key"),
        ("rsa", RSA, "an RSA public key"),
    ):
        yield case(f"{name}_public_key", spki(key), says)
        yield case(f"{name}_public_key_der", content(spki(key)), says)
    numbers = RSA.private_numbers().public_numbers
    yield case(
        "rsa_public_key_pkcs1",
        pem("RSA PUBLIC KEY", sequence(integer(numbers.n), integer(numbers.e))),
        "an RSA public key",
    )
    yield case(
        "openssh_public_key",
        OPENSSH_PUBLIC,
        "an OpenSSH public key",
    )
    yield case("openssh", OPENSSH, "OpenSSH's own format")
    yield case("openssh_no_line_ends", OPENSSH.replace("\n", " "), "OpenSSH's own format")
    yield case("certificate", certificate_pem(), "a certificate")
    yield case("pkcs12", sequence(integer(3), sequence(oid(OID_RSA)), sequence(oid(OID_RSA))), "a PKCS#12 file")
    yield case(
        "old_encryption",
        pem("EC PRIVATE KEY", bytes(30)).replace(
            "KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n", 1
        ),
        "OpenSSL's old encryption",
    )
    yield case("two_keys", ed + p256, "more than one private key")
    yield case("parameters_only", pem("EC PARAMETERS", oid(OID_P256)), "PEM without a private key")
    yield case("no_end_line", ed.split("-----END")[0], "PEM without its END line")
    yield case("end_line_cut", ed.rstrip()[:-3], "PEM with a damaged END line")
    yield case("begin_line_only", "-----BEGIN PRIVATE KEY", "PEM with a damaged BEGIN line")
    yield case("lines_differ", ed.replace("END PRIVATE", "END RSA PRIVATE"), "BEGIN and END lines differ")
    yield case("body_missing", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", "PEM that is damaged")
    yield case("body_not_base64", ed.replace("MC4C", "MC*C"), "PEM that is damaged")
    yield case("body_cut", pem("PRIVATE KEY", content(rsa_text)[:600]), "damaged or cut short")
    yield case("bytes_after", content(ed) + b"\0", "more bytes after its end")
    yield case("der_inside", content(ed)[:14] + b"\xff" + content(ed)[15:], "damaged")
    for size in (31, 33, 63, 65):
        yield case(
            f"seed_of_{size}_bytes",
            bytes(range(size)).hex() if size > 31 else base64.b64encode(bytes(range(size))).decode(),
            f"{size} bytes in base64 or hex",
            [["ed25519"]],
        )
    yield case("seed_with_another_public_key", (SEED + SEED).hex(), "not a seed and its own public key", [["ed25519"]])
    yield case("hex_of_odd_length", "0x" + SCALAR.hex()[1:], "not hex of whole bytes", [["secp256k1"]])
    yield case("address", "0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826", "20 bytes in base64 or hex", [["eip712"]])
    yield case("secp256k1_zero", "00" * 32, "a number that no secp256k1 private key is", [["secp256k1"]])
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    yield case("secp256k1_order", f"0x{order:x}", "a number that no secp256k1 private key is", [["secp256k1"]])
    yield case("raw_for_p256", SCALAR.hex(), "32 bytes in base64 or hex", [["es256"]])
    # The wrong kind of key.
    for name, text, wanted, says in (
        (
            "p256",
            p256,
            "ed25519",
            "an Ed25519 private key (PEM, DER, or its seed of 32 bytes in base64 or hex), got a P-256 private key",
        ),
        ("rsa", rsa_text, "es256", "expected a P-256 private key (PEM or DER), got an RSA private key"),
        (
            "ed25519",
            ed,
            "rsa-sha256",
            "expected an RSA private key of 2048 to 8192 bits (PEM or DER), got an Ed25519 private key",
        ),
        ("secp256k1", kinds["secp256k1_pkcs8"], "es256", "got a secp256k1 private key"),
        (
            "p256_sec1",
            p256,
            "eip712",
            "expected a secp256k1 private key (32 bytes in hex, PEM or DER), got a P-256 private key",
        ),
        ("rsa_pss", rsa_pss_pem(), "rsa-sha256", "an RSA private key that is for PSS only"),
    ):
        yield case(f"{name}_for_{wanted}", text, says, [[wanted]])
    scalar = int.from_bytes(SCALAR, "big")
    others: list[tuple[str, Any, str]] = [
        ("p384", ec.derive_private_key(scalar, ec.SECP384R1()), "an EC private key for P-384"),
        ("p521", ec.derive_private_key(scalar, ec.SECP521R1()), "an EC private key for P-521"),
        ("brainpool", ec.derive_private_key(scalar, ec.BrainpoolP256R1()), "an EC private key for another curve"),
        ("x25519", x25519.X25519PrivateKey.from_private_bytes(SEED), "an X25519 private key"),
        ("ed448", ed448.Ed448PrivateKey.from_private_bytes(bytes(57)), "an Ed448 private key"),
    ]
    for name, key, says in others:
        yield case(name, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), says)
    # Numbers that are no good key.
    n, e = numbers.n, numbers.e
    own = RSA.private_numbers()
    p, q, d, dp, dq, inverse = own.p, own.q, own.d, own.dmp1, own.dmq1, own.iqmp
    yield case(
        "rsa_1024",
        pem("RSA PRIVATE KEY", pkcs1(2**1023 + 1, e, d, p, q, dp, dq, inverse)),
        "an RSA private key of 1024 bits",
    )
    yield case(
        "rsa_2047",
        pem("RSA PRIVATE KEY", pkcs1(2**2046 + 1, e, d, p, q, dp, dq, inverse)),
        "an RSA private key of 2047 bits",
    )
    yield case(
        "rsa_8193",
        pem("RSA PRIVATE KEY", pkcs1(2**8192 + 1, e, d, p, q, dp, dq, inverse)),
        "an RSA private key of 8193 bits",
    )
    together = "an RSA private key whose numbers do not belong together"
    for name, changed in {
        "modulus": (n + 2, e, d, p, q),
        "even_modulus": (n + 1, e, d, p, q),
        "exponent": (n, e + 2, d, p, q),
        "exponent_0": (n, 0, d, p, q),
        "exponent_1": (n, 1, 1, p, q),
        "exponent_even": (n, 65536, d, p, q),
        "private_exponent": (n, e, d + 2, p, q),
        "private_exponent_0": (n, e, 0, p, q),
        "private_exponent_long": (n, e, 2**4000 + d, p, q),
        "primes_0": (n, e, d, 0, 0),
        "primes_1_and_n": (n, e, d, 1, n),
        "primes_n_and_1": (n, e, d, n, 1),
        "primes_even": (n, e, d, p + 1, q + 1),
        "prime_alone": (n, e, d, p, 1),
        "primes_same": (p * p, e, d, p, p),
    }.items():
        yield case(f"rsa_{name}", pem("RSA PRIVATE KEY", pkcs1(*changed, dp, dq, inverse)), together)
    third = sequence(sequence(integer(3), integer(1), integer(1)))
    yield case(
        "rsa_of_three_primes",
        pem("RSA PRIVATE KEY", pkcs1(n, e, d, p, q, dp, dq, inverse, more=third, version=1)),
        "an RSA key of more than two primes",
    )
    yield case("dsa", pem("DSA PRIVATE KEY", pkcs1(7, 3, 2, 4, 2)), "a DSA private key")
    curve = oid(OID_P256)
    wrong = public_of(ec.derive_private_key(5, ec.SECP256R1()))
    yield case(
        "p256_with_another_public_key",
        pem("EC PRIVATE KEY", sec1(SCALAR, curve, wrong)),
        "a public key that is not its own",
    )
    yield case(
        "p256_with_no_point",
        pem("EC PRIVATE KEY", sec1(SCALAR, curve, b"\x04" + bytes(64))),
        "a public key that is not its own",
    )
    yield case("p256_zero", pem("EC PRIVATE KEY", sec1(bytes(32), curve)), "a number that no P-256 private key is")
    yield case("p256_long", pem("EC PRIVATE KEY", sec1(bytes(1) + SCALAR, curve)), "damaged")
    yield case("p256_without_curve", pem("EC PRIVATE KEY", sec1(SCALAR)), "does not name its curve")
    yield case("ec_pkcs8_without_curve", pem("PRIVATE KEY", pkcs8(OID_EC, sec1(SCALAR))), "does not name its curve")
    yield case(
        "two_curves", pem("PRIVATE KEY", pkcs8(OID_EC, sec1(SCALAR, oid(OID_SECP256K1)), curve)), "names two curves"
    )
    yield case(
        "explicit_curve",
        pem("PRIVATE KEY", pkcs8(OID_EC, sec1(SCALAR), sequence(integer(1)))),
        "the parameters of its curve instead of its name",
    )
    public = der(0x81, b"\0", bytes(32))
    yield case(
        "ed25519_with_another_public_key",
        pem("PRIVATE KEY", pkcs8(OID_ED25519, octets(SEED), after=public, version=1)),
        "a public key that is not its own",
    )
    yield case("ed25519_short", pem("PRIVATE KEY", pkcs8(OID_ED25519, octets(SEED[:31]))), "damaged")
    yield case("ed25519_long", pem("PRIVATE KEY", pkcs8(OID_ED25519, octets(SEED + b"\0"))), "damaged")
    # Encryption.
    inside = content(ed)
    locked = pem("ENCRYPTED PRIVATE KEY", encrypted(inside, "pbkdf2_sha256"))
    yield case("no_passphrase", locked, "an encrypted private key, and no passphrase for it")
    yield case(
        "wrong_passphrase",
        locked,
        "an encrypted private key that this passphrase does not open",
        passphrase="correct hors",
    )
    yield case("empty_passphrase", locked, "an encrypted private key that this passphrase does not open", passphrase="")
    yield case("encrypted_for_rsa", locked, "got an Ed25519 private key", [["rsa-sha256"]], passphrase=PASSPHRASE)
    derived = hashlib.pbkdf2_hmac("sha256", PASSPHRASE.encode(), SALT, 1, 32)
    twice = pbes2(pbkdf2_kdf(1, HMAC_SHA256), AES256_CBC, *aes_cbc(derived, content(locked)))
    yield case("encrypted_twice", twice, "this passphrase does not open", passphrase=PASSPHRASE)
    costly: dict[str, tuple[bytes, str]] = {
        "iterations": (pbkdf2_kdf(10_000_001, HMAC_SHA256), "10000001 is over the limit of 10000000"),
        "scrypt_n": (scrypt_kdf(2**19, 8, 1), "524288 is over the limit of 262144"),
        "scrypt_n_r": (scrypt_kdf(2**14, 65535, 1), "over the limit of 262144"),
        "scrypt_p": (scrypt_kdf(2**10, 8, 17), "17 is over the limit of 16"),
    }
    for name, (kdf, says) in costly.items():
        yield case(
            f"costly_{name}", pbes2(kdf, AES256_CBC, bytes(16), bytes(48)), says, code="limit", passphrase=PASSPHRASE
        )
    for name, kdf in {
        "scrypt_n_1": scrypt_kdf(1, 8, 1),
        "scrypt_n_3": scrypt_kdf(3, 8, 1),
        "scrypt_zeros": scrypt_kdf(0, 0, 0),
        "iterations_0": pbkdf2_kdf(0, HMAC_SHA256),
    }.items():
        yield case(
            f"odd_{name}",
            pbes2(kdf, AES256_CBC, bytes(16), bytes(48)),
            "an encrypted private key",
            passphrase=PASSPHRASE,
        )
    yield case(
        "encrypted_odd_length",
        pbes2(pbkdf2_kdf(1, HMAC_SHA256), AES256_CBC, bytes(16), bytes(47)),
        "this passphrase does not open",
        passphrase=PASSPHRASE,
    )
    yield case(
        "encrypted_nothing",
        pbes2(pbkdf2_kdf(1, HMAC_SHA256), AES256_CBC, bytes(16), b""),
        "this passphrase does not open",
        passphrase=PASSPHRASE,
    )
    convert = "whose encryption is not PBES2 with AES"
    yield case(
        "triple_des",
        pbes2(pbkdf2_kdf(2048, HMAC_SHA256), "1.2.840.113549.3.7", bytes(8), bytes(48)),
        convert,
        passphrase=PASSPHRASE,
    )
    pbes1 = sequence(
        sequence(oid("1.2.840.113549.1.12.1.3"), sequence(octets(bytes(8)), integer(2048))), octets(bytes(48))
    )
    yield case("pbes1", pbes1, convert, passphrase=PASSPHRASE)
    yield case("hmac_empty", "", "an empty field", [["hmac-sha256", "text"]])
    yield case("hmac_not_base64", "not base64!", "got text that is not base64", [["hmac-sha256", "base64"]])
    yield case("hmac_not_hex", "xyz", "got text that is not hex", [["hmac-sha256", "hex"]])
    yield case("hmac_nothing_in_quotes", '""', "got text that is not base64", [["hmac-sha256", "base64"]])


def made() -> str:
    cases = [*loads(), *chooses(), *refusals()]
    names = [case["name"] for case in cases]
    assert len(set(names)) == len(names), "names are unique"
    about = "Private keys, made by tests/model/signing_keys.py, which says what the parts of a case are."
    lines = ",\n".join("  " + json.dumps(case, ensure_ascii=False) for case in cases)
    return f'{{\n "about": {json.dumps(about)},\n "message": "{MESSAGE.decode()}",\n "cases": [\n{lines}\n ]\n}}\n'


if __name__ == "__main__":
    FILE.write_text(made(), encoding="utf-8")
