"""A small web login with a second factor: password, then a one-time code or a recovery code. Flask, one file.

    pip install strongroom flask
    python login.py add alice          # asks for a password; shows the QR code for the phone, and recovery codes
    python login.py serve              # http://127.0.0.1:8000

The users are entries of a vault, `users.vault`, so that neither their seeds nor the hashes of their passwords lie on
the disk in plain text. Which codes were used, and how many were wrong, is in `codes.db`, so that several processes can
serve. The vault opens as every other: by STRONGROOM_KEY_FILE and so on, see the README.
"""

import argparse
import getpass
import json
import os
import secrets
import sys
from typing import Any

import strongroom
from flask import Flask, Response, redirect, request, session
from strongroom import errors
from strongroom.state import SqliteState
from werkzeug.serving import make_server

PAGE = """<!doctype html><title>Login</title><meta name=viewport content="width=device-width">
<form method=post action=/login>
<p><label>Name <input name=name autocomplete=username required></label>
<p><label>Password <input name=password type=password autocomplete=current-password required></label>
<p><label>Code <input name=code autocomplete=one-time-code inputmode=text required></label>
<p><button>Log in</button> <p role=alert>{message}
</form>"""
REFUSED = "Name, password or code is wrong."


def add(vault: strongroom.Vault, name: str, password: str) -> tuple[strongroom.Secret, list[str]]:
    """Add a user; return the URI for the phone, and the recovery codes to show once."""
    totp = strongroom.Totp.generate()
    uri = totp.uri(name, issuer="Login example")
    codes = strongroom.otp.generate_recovery_codes(10)
    fields: dict[str, str | strongroom.Secret] = {
        "password": strongroom.hash_password(password),
        "totp": uri,
        "recovery": json.dumps([stored for _, stored in codes]),
    }
    if f"users/{name}" in vault:
        raise SystemExit(f"there is a user {name} already")
    vault.put(f"users/{name}", fields)
    return uri, [code.reveal() for code, _ in codes]


def make_app(vault: strongroom.Vault, guard: strongroom.Guard) -> Flask:
    """Make the web application."""
    app = Flask(__name__)
    app.secret_key = secrets.token_bytes(32)
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    app.config["MAX_CONTENT_LENGTH"] = 10_000

    @app.get("/")
    def home() -> Any:  # pyright: ignore[reportUnusedFunction]
        return f"You are logged in as {session['name']}.\n" if "name" in session else redirect("/login")

    @app.get("/login")
    def form() -> str:  # pyright: ignore[reportUnusedFunction]
        return PAGE.format(message="")

    @app.post("/login")
    def login() -> Any:  # pyright: ignore[reportUnusedFunction]
        name, password, code = (request.form.get(part, "") for part in ("name", "password", "code"))
        vault.reload()
        try:
            user = vault[f"users/{name}"]
        except (errors.NotFoundError, errors.InvalidInputError):
            strongroom.verify_dummy(password)  # as slow as for a user that exists
            return refuse(REFUSED)
        ok, new_hash = strongroom.verify_and_update(password, user.fields["password"].reveal())
        if not ok:
            return refuse(REFUSED)
        refusal = check_code(user, code)
        if refusal is not None:
            return refusal
        if new_hash:
            vault.update(f"users/{name}", {"password": new_hash})
        session.clear()
        session["name"] = name
        return redirect("/")

    def check_code(user: strongroom.Entry, code: str) -> Response | None:
        code = code.replace(" ", "")  # authenticators show one in the middle
        if len(code) > 8:
            return use_recovery_code(user, code)
        verdict = guard.verify(user.name, strongroom.Totp.from_uri(user.fields["totp"]), code)
        if verdict:
            return None
        if verdict.outcome == "used":
            return refuse("This code was used. Wait for the next one.")
        if verdict.outcome == "throttled":
            return refuse(f"Too many wrong codes. Wait {verdict.retry_after} seconds.", 429, verdict.retry_after)
        return refuse("This account is locked." if verdict.outcome == "locked" else REFUSED)

    def use_recovery_code(user: strongroom.Entry, code: str) -> Response | None:
        stored = json.loads(user.fields["recovery"].reveal())
        used = strongroom.otp.verify_recovery_code(code, stored)
        if used is None:
            return refuse(REFUSED)
        del stored[used]
        try:  # of two requests with the same code, one finds another version
            vault.update(user.name, {"recovery": json.dumps(stored)}, if_version=user.version)
        except errors.ConflictError:
            return refuse(REFUSED)
        return None

    def refuse(message: str, status: int = 401, retry_after: int | None = None) -> Response:
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        return Response(PAGE.format(message=message), status, headers, mimetype="text/html")

    return app


def main() -> None:
    """Add a user, or serve."""
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("add").add_argument("name")
    commands.add_parser("serve").add_argument("--port", type=int, default=8000)
    arguments = parser.parse_args()
    path = os.environ.get("STRONGROOM_VAULT", "users.vault")
    vault = strongroom.open(path)
    if arguments.command == "add":
        password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        uri, codes = add(vault, arguments.name, password)
        print("Scan this with an authenticator app:")
        print(strongroom.otp.qr_terminal(uri).reveal())
        print("And keep these recovery codes; each works once, without the phone:")
        print("\n".join(codes))
        return
    with SqliteState("codes.db") as state:
        server = make_server("127.0.0.1", arguments.port, make_app(vault, strongroom.Guard(state)), threaded=True)
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
