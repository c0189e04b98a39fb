"""A bot that logs into its broker's website: user, password, and a one-time code from a seed that it never sees.

Where the vault is, and which key opens it, comes from the environment:

    STRONGROOM_VAULT=bots.vault STRONGROOM_KEY_FILE=desk-1.key BROKER_URL=... python broker_login.py

It ends with 0 when it is logged in, 1 when the broker refused it, 2 when the vault did, 3 when nobody answered.
"""

import json
import os
import sys
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import strongroom

BROKER = os.environ.get("BROKER_URL", "http://127.0.0.1:8000")


def log_in(entry: strongroom.Entry) -> str:
    """Log in, and return the session's token."""
    password = entry.fields["password"]
    # A code that is good for five seconds more, and that no login before was given: it waits for one if it has to.
    code = entry.totp.wait_fresh(5)
    login = {"user": entry.info["username"], "password": password.reveal(), "code": code}
    request = Request(f"{BROKER}/login", json.dumps(login).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=10) as answer:
        return str(json.load(answer)["session"])


def main() -> int:
    """Open the vault, log in, and say what went wrong if something did."""
    try:
        with strongroom.open() as vault:
            print(f"opened the vault by {vault.opened_by.link}; I can see: {', '.join(vault)}", flush=True)
            session = log_in(vault["broker/login"])
            print(f"logged in, with a session of {len(session)} characters")
    except HTTPError as error:
        with error:
            print(f"the broker refused: {error.code} {error.read(200).decode('utf-8', 'replace')}", file=sys.stderr)
        return 1
    except strongroom.StrongroomError as error:
        print(f"the vault refused ({error.code}): {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"no answer from {BROKER}: {error}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
