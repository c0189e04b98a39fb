"""The web login of the examples, over real HTTP: passwords, codes that work once, recovery codes, and throttling."""

import os
import subprocess
import sys
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

import pytest
import strongroom

EXAMPLE = Path(__file__).parents[2] / "examples/login.py"
PASSWORD = "correct horse battery staple"


class Site:
    """The running example, and what its owner and users know."""

    def __init__(self, folder: Path, url: str, recovery: dict[str, list[str]]) -> None:
        self.url = url
        self.recovery = recovery
        with strongroom.open(folder / "users.vault", key_file=folder / "owner.key") as vault:
            self.totp = {name: strongroom.Totp.from_uri(vault[f"users/{name}"].fields["totp"]) for name in recovery}

    def log_in(self, name: str, code: str, password: str = PASSWORD) -> tuple[int, str, str | None]:
        """Type it all into the form; return the status, the page at the end, and Retry-After."""
        browser = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))
        form = urlencode({"name": name, "password": password, "code": code}).encode()
        try:
            with browser.open(f"{self.url}/login", form, timeout=60) as answer:
                return answer.status, answer.read().decode(), None
        except HTTPError as error:
            with error:
                return error.code, error.read().decode(), error.headers["Retry-After"]

    def wrong(self, name: str) -> str:
        """Return a code that is none of those around now."""
        totp, at = self.totp[name], int(strongroom.Totp(b"1" * 20).step() * 30)
        near = {totp.at(at + 30 * steps) for steps in range(-2, 5)}
        return next(code for code in map(str, range(100_000, 100_010)) if code not in near)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    key = strongroom.generate_key()
    key.write(tmp_path / "owner.key")
    strongroom.create(tmp_path / "users.vault", key=key).lock()
    environment = {
        "STRONGROOM_KEY_FILE": str(tmp_path / "owner.key"),
        "PYTHONUNBUFFERED": "1",
        "PATH": os.environ["PATH"],
    }
    recovery: dict[str, list[str]] = {}
    for name in ("alice", "bob"):
        added = subprocess.run(
            [sys.executable, EXAMPLE, "add", name],
            input=PASSWORD + "\n",
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        recovery[name] = added.stdout.splitlines()[-10:]
    with subprocess.Popen(
        [sys.executable, EXAMPLE, "serve", "--port", "0"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            yield Site(tmp_path, server.stdout.readline().strip(), recovery)
        finally:
            server.kill()


def test_a_code_logs_in_once(site: Site) -> None:
    code = site.totp["alice"].now()
    assert site.log_in("alice", code, password="wrong")[0] == 401
    assert site.log_in("nobody", code)[0] == 401
    assert site.log_in("../alice", code)[0] == 401
    status, page, _ = site.log_in("alice", f"{code[:3]} {code[3:]}")
    assert (status, page) == (200, "You are logged in as alice.\n")
    status, page, _ = site.log_in("alice", code)
    assert status == 401
    assert "was used" in page


def test_a_recovery_code_logs_in_once(site: Site) -> None:
    code = site.recovery["alice"][3]
    assert site.log_in("bob", code)[0] == 401
    assert site.log_in("alice", code.lower())[0] == 200
    assert site.log_in("alice", code)[0] == 401
    assert site.log_in("alice", site.recovery["alice"][4])[0] == 200


def test_wrong_codes_make_the_account_wait(site: Site) -> None:
    wrong = site.wrong("bob")
    answers = [site.log_in("bob", wrong) for _ in range(10)]
    assert [status for status, _, _ in answers] == [401] * 5 + [429] * 5
    assert all(1 <= int(wait or 0) <= 30 for _, _, wait in answers[5:])
    assert site.log_in("bob", site.totp["bob"].now())[0] == 429  # also the right one
    assert site.log_in("alice", site.totp["alice"].now())[0] == 200  # and nobody else
