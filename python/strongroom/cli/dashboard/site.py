"""What is served, and what each request is answered.

- `POST /session`, `{"token": "..."}`: the token of the link, once, for `{"session": "...", "name": "bots.vault"}`.
- `GET /vault`, `Authorization: Bearer SESSION`: the sealed bytes, and in `ETag` which state of the vault they are.
- `PUT /vault`, the same and `If-Match: ETAG`: new bytes for that state. 204 and the new `ETag`; 412 and the present one
  if somebody else has saved.
- `GET` of a file of the page.

Every refusal is `{"code": "...", "message": "..."}`: the core's code where it is the core that refuses, and a message
for people.
"""

import contextlib
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from strongroom._strongroom import read_sealed, replace_sealed
from strongroom.cli.dashboard.link import Link
from strongroom.cli.dashboard.page import File
from strongroom.errors import ConflictError, StrongroomError

MAX_VAULT = 64 << 20
"""In bytes; the core's own limit, known here so that nothing larger is even read."""

_MAX_SESSION = 1 << 10

_STATUS = {"conflict": 412, "format": 422, "io": 500, "limit": 422, "not_found": 404, "unsupported_version": 422}
"""What an error of the core is as an answer."""

HEADERS = {
    # The page's own files and nothing else; no inline script and no eval, but WebAssembly.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; "
        "style-src 'self'; img-src 'self' data: blob:; manifest-src 'self'; form-action 'none'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    # No other page shares a process, a window or a frame with this one, or loads anything from it.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(
        # Passkeys, copying, and reading the QR code of a one-time code's seed.
        [f"{feature}=(self)" for feature in ("publickey-credentials-get", "publickey-credentials-create")]
        + ["clipboard-write=(self)", "camera=(self)"]
        + [
            f"{feature}=()"
            for feature in (
                *("accelerometer", "autoplay", "clipboard-read", "display-capture"),
                *("encrypted-media", "fullscreen", "gamepad", "geolocation", "gyroscope", "hid", "idle-detection"),
                *("local-fonts", "magnetometer", "microphone", "midi", "payment", "picture-in-picture"),
                *("screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
            )
        ]
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # The next server on this port is another one, and the vault is on disk already.
    "Cache-Control": "no-store",
}
"""On every answer: a browser takes a worker's policy from the answer that brought its script."""


@dataclass(frozen=True)
class Answer:
    """A status, a body, and headers besides `HEADERS`."""

    status: int
    body: bytes = b""
    kind: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class RefusedError(Exception):
    """A request that is not answered as it would like. The code is for the page, the message for people."""

    def __init__(self, status: int, code: str, message: str, headers: "Mapping[str, str] | None" = None) -> None:
        super().__init__(message)
        body = json.dumps({"code": code, "message": message}).encode()
        self.answer = Answer(status, body, "application/json", headers or {})


@dataclass(frozen=True)
class Request:
    """What an answer depends on; `body` reads at most so many bytes."""

    method: str
    path: str
    header: Callable[[str], list[str]]
    body: Callable[[int], bytes]
    may_use_link: Callable[[], bool]


@dataclass(frozen=True)
class Site:
    """The page and the vault."""

    vault: str
    page: Mapping[str, File]
    link: Link

    def answer(self, request: Request) -> Answer:
        """Answer a request, or raise `RefusedError`."""
        try:
            if request.path == "/session":
                _allow(request, "POST")
                return self._session(request)
            if request.path == "/vault":
                _allow(request, "GET", "HEAD", "PUT")
                self._need_session(request)
                return self._put(request) if request.method == "PUT" else self._get()
        except StrongroomError as error:
            raise self._refused(error, request.method) from None
        if (file := self.page.get(request.path)) is None:
            raise RefusedError(404, "not_found", "there is nothing here; the link that was printed leads to the page")
        _allow(request, "GET", "HEAD")
        return Answer(200, file.data, file.kind)

    def _session(self, request: Request) -> Answer:
        try:
            token: object = json.loads(request.body(_MAX_SESSION))["token"]
        except (ValueError, RecursionError, TypeError, KeyError, IndexError):
            token = None
        if not isinstance(token, str):
            raise RefusedError(400, "invalid_input", 'expected JSON of the form {"token": "..."}')
        if not request.may_use_link():
            raise RefusedError(403, "user", "the link is only for the user who runs `strongroom dashboard`")
        session = self.link.redeem(token)
        if session is None:
            raise _unauthorized("this link was used already, or is not whole: run `strongroom dashboard` again")
        about = {"session": session, "name": os.path.basename(self.vault)}  # noqa: PTH119
        return Answer(200, json.dumps(about).encode(), "application/json")

    def _need_session(self, request: Request) -> None:
        given = request.header("Authorization")
        if len(given) != 1 or not given[0].startswith("Bearer ") or not self.link.knows(given[0][len("Bearer ") :]):
            raise _unauthorized("this page has lost its session: run `strongroom dashboard` again")

    def _get(self) -> Answer:
        data, digest = read_sealed(self.vault)
        return Answer(200, data, "application/octet-stream", {"ETag": _etag(digest)})

    def _put(self, request: Request) -> Answer:
        states = request.header("If-Match")
        if not states:
            raise RefusedError(428, "if_match", "expected If-Match with the ETag of the vault that was changed")
        state = re.fullmatch(r'"([0-9a-f]{64})"', states[0]) if len(states) == 1 else None
        if state is None:
            raise RefusedError(400, "invalid_input", "expected If-Match to be one ETag, as GET /vault has given it")
        digest = replace_sealed(self.vault, bytes.fromhex(state[1]), request.body(MAX_VAULT))
        return Answer(204, headers={"ETag": _etag(digest)})

    def _refused(self, error: StrongroomError, method: str) -> RefusedError:
        status = _STATUS.get(error.code, 500)
        if method != "PUT" and status == 422:
            status = 500  # it is the file here that is wrong, and not what was sent
        headers: dict[str, str] = {}
        if isinstance(error, ConflictError):
            with contextlib.suppress(StrongroomError):  # whoever has saved may have put no vault there
                headers["ETag"] = _etag(read_sealed(self.vault)[1])
        return RefusedError(status, error.code, str(error), headers)


def _allow(request: Request, *methods: str) -> None:
    if request.method not in methods:
        raise RefusedError(405, "method", f"expected {' or '.join(methods)}", {"Allow": ", ".join(methods)})


def _unauthorized(message: str) -> RefusedError:
    return RefusedError(401, "session", message, {"WWW-Authenticate": "Bearer"})


def _etag(digest: bytes) -> str:
    return f'"{digest.hex()}"'
