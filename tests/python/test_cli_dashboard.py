"""`strongroom dashboard`: how it starts, what it listens on, and how it ends."""

from __future__ import annotations

import http.client
import json
import os
import socket
import sys
from typing import TYPE_CHECKING

import pytest
from command import Desk, owners_desk
from dashboard import LONGEST_S, PAGE, command, page_in, serving
from strongroom.cli import exit_codes
from strongroom.cli.dashboard.link import Link
from strongroom.cli.dashboard.page import read_page
from strongroom.cli.dashboard.peer import NOBODY, user_of
from strongroom.cli.dashboard.server import HOSTS, Listener, listening
from strongroom.cli.dashboard.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


ON_LINUX = sys.platform == "linux"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return owners_desk(tmp_path)


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def test_it_needs_no_key_prints_one_link_and_ends_with_ctrl_c(desk: Desk) -> None:
    del desk.environment["STRONGROOM_KEY_FILE"]
    (desk.folder / "owner.key").unlink()
    with serving(desk) as server:
        assert server.ask("GET", "/").body == PAGE["index.html"]
        code, out, err = server.interrupt()
    assert code == exit_codes.INTERRUPTED
    assert out == ""
    assert str(desk.folder / "strongroom.vault") in err
    assert server.token not in err
    assert "Traceback" not in err


def test_it_listens_on_this_machine_alone(desk: Desk) -> None:
    with serving(desk) as server:
        for address in ["127.0.0.1", *(["::1"] if has_ipv6() else [])]:
            socket.create_connection((address, server.port)).close()
        # It answers for no other address, not even for another one of this machine.
        with pytest.raises(OSError, match=r"refused|unreachable|assign"):
            socket.create_connection(("127.0.0.2", server.port), timeout=LONGEST_S)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.2", "10.0.0.1", "example.com", "127.0.0.1.example.com", "127.0.0.2", "", "*"]
)
def test_it_refuses_to_listen_elsewhere(desk: Desk, host: str) -> None:
    ended = desk.run("dashboard", "--no-open", "--host", host)
    assert (ended.code, ended.out) == (exit_codes.USAGE, b"")
    assert "to this machine alone" in ended.err
    assert "ssh -L" in ended.err


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.2"])
def test_nothing_below_the_command_listens_elsewhere_either(address: str) -> None:
    with pytest.raises(ValueError, match="this machine alone"):
        Listener(address, 0, Site("", {}, Link()))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", *(["::1"] if has_ipv6() else [])])
def test_the_addresses_of_a_host(host: str) -> None:
    with listening(host, 0, Site("", {}, Link())) as port:
        for address in HOSTS["localhost"] if has_ipv6() else ["127.0.0.1"]:
            try:
                socket.create_connection((address, port)).close()
                is_open = True
            except ConnectionRefusedError:
                is_open = False
            assert is_open == (address in HOSTS[host])


@pytest.mark.parametrize("address", ["127.0.0.1", *(["::1"] if has_ipv6() else [])])
def test_a_port_that_is_taken_on_either_address_is_told(desk: Desk, address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as other:
        port = str(other.getsockname()[1])
        ended = desk.run("dashboard", "--port", port, command=command(page_in(desk.folder / "page")))
        assert (ended.code, ended.out) == (exit_codes.FAILED, b"")
        assert f"port {port}" in ended.err
        assert "--port" in ended.err


def test_it_listens_on_the_port_that_is_given(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    with serving(desk, "--no-open", "--port", str(port)) as server:
        assert server.port == port
        # Nobody can have it beside us.
        again = desk.run("dashboard", "--port", str(port), command=command(desk.folder / "page"))
        assert again.code == exit_codes.FAILED
        assert server.ask("GET", "/").status == 200


def test_a_page_that_was_not_built_is_told(desk: Desk) -> None:
    (desk.folder / "empty").mkdir()
    for page in ("absent", "empty"):
        ended = desk.run("dashboard", command=command(desk.folder / page))
        assert (ended.code, ended.out) == (exit_codes.FAILED, b"")
        assert "make dashboard" in ended.err
        assert "Traceback" not in ended.err


def test_what_is_no_vault_is_told_at_the_start(desk: Desk) -> None:
    page = page_in(desk.folder / "page")
    (desk.folder / "notes.txt").write_text("not a vault")
    for path, code in [("absent.vault", 4), ("notes.txt", 7), (".", 1)]:
        ended = desk.run("dashboard", "--vault", path, command=command(page))
        assert (ended.code, ended.out) == (code, b""), ended.err
    assert "not found" in desk.run("dashboard", "--vault", "absent.vault", command=command(page)).err


@pytest.mark.parametrize("words", [["--port", "65536"], ["--port", "x"], ["more"], ["--key-file", "owner.key"]])
def test_a_wrong_command_line(desk: Desk, words: list[str]) -> None:
    ended = desk.run("dashboard", *words)
    assert (ended.code, ended.out) == (exit_codes.USAGE, b"")
    assert "Traceback" not in ended.err


def test_the_vault_of_the_environment(desk: Desk) -> None:
    desk.ok("init", "other.vault", "--new-key", "other.key")
    with serving(desk, env={"STRONGROOM_VAULT": "other.vault"}) as server:
        assert server.redeem(server.token).json["name"] == "other.vault"


def test_the_browser_is_opened_with_the_link(desk: Desk) -> None:
    # A pipe, so that reading it waits for the browser.
    os.mkfifo(desk.folder / "opened")
    browser = desk.folder / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {desk.folder / "opened"}\n')
    browser.chmod(0o700)
    with serving(desk, "--port", "0", env={"BROWSER": f"{browser} %s"}) as server:
        opened = (desk.folder / "opened").read_text()
        assert opened == f"http://localhost:{server.port}/#token={server.token}\n"


def test_without_a_desktop_no_browser_is_opened(desk: Desk) -> None:
    with serving(desk, "--port", "0") as server:
        assert server.ask("GET", "/").status == 200
        code, _, err = server.interrupt()
    assert code == exit_codes.INTERRUPTED
    assert "no desktop" in err


def test_help_says_how_to_come_from_another_machine(desk: Desk) -> None:
    assert "ssh -L" in desk.ok("dashboard", "--help").text


def test_other_commands_do_not_load_a_server(desk: Desk) -> None:
    script = (
        "import sys, strongroom.cli.app; print('http.server' in sys.modules, 'strongroom.cli.dashboard' in sys.modules)"
    )
    ended = desk.ok("-c", script, command=[sys.executable])
    assert ended.text == "False True\n"


# ---- the page's files ----


def test_only_what_is_in_the_folder_is_read(tmp_path: Path) -> None:
    page = page_in(tmp_path / "page")
    secret = tmp_path / "secret.js"
    secret.write_text("secret")
    (page / "link.js").symlink_to(secret)
    (page / "up").symlink_to(tmp_path, target_is_directory=True)
    (page / "a name.js").write_text("")
    found = read_page(page)
    assert set(found) == {"/", *(f"/{name}" for name in PAGE)}
    assert {path: file.kind for path, file in found.items() if path != "/"} == {
        "/index.html": "text/html; charset=utf-8",
        "/assets/app.js": "text/javascript; charset=utf-8",
        "/assets/worker.js": "text/javascript; charset=utf-8",
        "/assets/core.wasm": "application/wasm",
        "/assets/style.css": "text/css; charset=utf-8",
        "/manifest.webmanifest": "application/manifest+json",
        "/assets/icon.svg": "image/svg+xml",
    }


# ---- whose program it is ----


@pytest.fixture(params=["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def ends(request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a connection: the client's comes by IPv4, by IPv6, or by IPv4 through IPv6."""
    address: str = request.param if has_ipv6() else "127.0.0.1"
    listens_on = "::1" if address == "::1" else "127.0.0.1"
    family = socket.AF_INET6 if ":" in listens_on else socket.AF_INET
    with socket.create_server((listens_on, 0), family=family) as server:
        client = socket.create_connection((address, server.getsockname()[1]))
        connection, _ = server.accept()
        with client, connection:
            yield client, connection


def test_the_system_tells_whose_program_it_is(ends: tuple[socket.socket, socket.socket]) -> None:
    client, connection = ends
    there, here = connection.getpeername(), connection.getsockname()
    assert user_of(there, here) == (os.getuid() if ON_LINUX else None)
    assert user_of(here, here) is None, "a connection that does not exist"
    client.close()  # what it has sent may still be read, but its user is not known any more
    assert user_of(there, here) == (NOBODY if ON_LINUX else None)


@pytest.mark.parametrize("is_ours", [True, False])
def test_only_programs_of_this_user_can_use_the_link(desk: Desk, is_ours: bool) -> None:
    users = frozenset((os.getuid() if is_ours else 12_345,))
    link = Link(users)
    with listening("127.0.0.1", 0, Site(str(desk.folder / "strongroom.vault"), {}, link)) as port:
        connection = http.client.HTTPConnection("localhost", port, timeout=LONGEST_S)
        connection.request("POST", "/session", json.dumps({"token": link.token}))
        answered = connection.getresponse()
        given = json.loads(answered.read())
    if is_ours or not ON_LINUX:
        assert link.knows(given["session"])
    else:
        assert (answered.status, given["code"]) == (403, "user")
        assert link.redeem(link.token) is not None, "the attempt used it up"
