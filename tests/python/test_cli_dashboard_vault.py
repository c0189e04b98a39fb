"""`strongroom dashboard`: the vault's sealed file, handed out and taken back."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import select
import signal
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest
import strongroom
from command import Desk, owners_desk
from dashboard import LONGEST_S, Server, Session, read, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_VAULT = 64 << 20


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = owners_desk(tmp_path)
    with desk.open() as vault:
        vault.put("binance/main", {"secret": "one"})
    return desk


@pytest.fixture
def server(desk: Desk) -> Iterator[Server]:
    with serving(desk) as server:
        yield server


@pytest.fixture
def session(server: Server) -> Session:
    return server.session()


def stored(desk: Desk) -> bytes:
    return (desk.folder / "strongroom.vault").read_bytes()


def state_of(data: bytes) -> str:
    return f'"{hashlib.sha256(data).hexdigest()}"'


def changed(desk: Desk, data: bytes, secret: str, name: str = "binance/main") -> bytes:
    """Return what a page makes of the vault: the same vault with one entry put."""
    copy = desk.folder / f"{hashlib.sha256(secret.encode()).hexdigest()}.copy"
    copy.write_bytes(data)
    with strongroom.open(copy, key_file=desk.folder / "owner.key") as vault:
        vault.put(name, {"secret": secret})
    new = copy.read_bytes()
    copy.unlink()
    return new


def secret_in(desk: Desk, name: str = "binance/main") -> str:
    with desk.open() as vault:
        secret = vault[name]["secret"]
        assert isinstance(secret, strongroom.Secret)
        return secret.reveal()


def leftovers(desk: Desk) -> list[str]:
    return [path.name for path in desk.folder.iterdir() if path.suffix == ".tmp"]


def test_handed_out_as_it_is(desk: Desk, server: Server, session: Session) -> None:
    answered = server.ask("GET", "/vault", [session.bearer, ("Origin", f"http://{server.host}")])
    assert (answered.status, answered.body) == (200, stored(desk))
    assert answered.headers["etag"] == state_of(stored(desk))
    assert answered.headers["content-type"] == "application/octet-stream"
    assert answered.headers["cache-control"] == "no-store"
    head = server.ask("HEAD", "/vault", [session.bearer])
    assert (head.status, head.body) == (200, b"")
    assert head.headers["etag"] == answered.headers["etag"]
    assert b"one" not in answered.body


def test_taken_back(desk: Desk, session: Session) -> None:
    (desk.folder / "strongroom.vault").chmod(0o640)
    data, state = session.get()
    for secret in ("two", "three"):
        data = changed(desk, data, secret)
        answered = session.put(data, state)
        assert (answered.status, answered.body) == (204, b"")
        state = answered.headers["etag"]
        assert state == state_of(data)
        assert stored(desk) == data
        assert secret_in(desk) == secret
    assert session.get() == (data, state)
    assert (desk.folder / "strongroom.vault").stat().st_mode & 0o7777 == 0o640
    assert leftovers(desk) == []


def test_who_saved_in_between_is_not_overwritten(desk: Desk, session: Session) -> None:
    data, state = session.get()
    with desk.open() as vault:
        vault.put("kraken/main", {"secret": "the bot's"})
    saved = stored(desk)
    answered = session.put(changed(desk, data, "two"), state)
    assert answered.refused == (412, "conflict")
    assert answered.headers["etag"] == state_of(saved)
    assert stored(desk) == saved

    # What the page does then: it gets the vault again, and makes its change in that one.
    data, state = session.get()
    assert state == state_of(saved)
    assert session.put(changed(desk, data, "two"), state).status == 204
    assert (secret_in(desk), secret_in(desk, "kraken/main")) == ("two", "the bot's")


def test_a_program_that_has_the_vault_open_sees_what_the_page_saved(desk: Desk, session: Session) -> None:
    with desk.open() as vault:
        data, state = session.get()
        assert session.put(changed(desk, data, "two"), state).status == 204
        with pytest.raises(strongroom.errors.ConflictError):
            vault.put("binance/main", {"secret": "the bot's"})
        vault.put("kraken/main", {"secret": "the bot's"})
    assert (secret_in(desk), secret_in(desk, "kraken/main")) == ("two", "the bot's")


def test_of_two_pages_that_save_at_once_one_wins(desk: Desk) -> None:
    with contextlib.ExitStack() as stack:
        sessions = [stack.enter_context(serving(desk)).session() for _ in range(2)]
        for round_ in range(10):
            [(data, state), (_, other)] = [session.get() for session in sessions]
            assert state == other
            secrets = [f"{round_} of {page}" for page in range(2)]
            sealed = [changed(desk, data, secret) for secret in secrets]
            start = threading.Barrier(2)
            statuses = [0, 0]

            def save(
                page: int,
                start: threading.Barrier = start,
                state: str = state,
                sealed: list[bytes] = sealed,
                statuses: list[int] = statuses,
            ) -> None:
                start.wait(LONGEST_S)
                statuses[page] = sessions[page].put(sealed[page], state).status

            threads = [threading.Thread(target=save, args=(page,)) for page in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sorted(statuses) == [204, 412]
            assert secret_in(desk) == secrets[statuses.index(204)]


def test_a_save_whose_answer_was_lost_can_be_sent_again(desk: Desk, session: Session) -> None:
    data, state = session.get()
    new = changed(desk, data, "two")
    assert session.put(new, state).status == 204
    again = session.put(new, state)
    assert (again.status, again.headers["etag"]) == (204, state_of(new))


@pytest.mark.parametrize(
    ("etags", "refused"),
    [
        ([], (428, "if_match")),
        ([""], (428, "if_match")),
        (["*"], (400, "invalid_input")),
        (["STATE-WITHOUT-QUOTES"], (400, "invalid_input")),
        (["W/STATE"], (400, "invalid_input")),
        (["STATE, STATE"], (400, "invalid_input")),
        (["STATE", "STATE"], (400, "invalid_input")),
        (['""'], (400, "invalid_input")),
        (['"' + "0" * 64 + '"'], (412, "conflict")),
    ],
)
def test_the_state_that_was_changed_must_be_named(
    desk: Desk, server: Server, session: Session, etags: list[str], refused: tuple[int, str]
) -> None:
    data, state = session.get()
    new = changed(desk, data, "two")
    etags = [etag.replace("STATE-WITHOUT-QUOTES", state.strip('"')).replace("STATE", state) for etag in etags]
    answered = server.ask("PUT", "/vault", [session.bearer, *(("If-Match", etag) for etag in etags)], new)
    assert answered.refused == refused
    assert stored(desk) == data


@pytest.mark.parametrize("what", ["html", "empty", "cut off", "too long", "of a later version"])
def test_what_is_no_vault_never_takes_its_place(desk: Desk, session: Session, what: str) -> None:
    data, state = session.get()
    new = {
        "html": b"<!doctype html><title>502 Bad Gateway</title>",
        "empty": b"",
        "cut off": data[:-1],
        "too long": data + b"\n",
        "of a later version": data[:15] + b"\2" + data[16:],
    }[what]
    code = "unsupported_version" if what == "of a later version" else "format"
    assert session.put(new, state).refused == (422, code)
    assert stored(desk) == data
    assert session.get() == (data, state)


@pytest.mark.parametrize("length", [str(MAX_VAULT + 1), "9" * 18, "9" * 60_000, "000" + str(MAX_VAULT + 1)])
def test_too_large_is_told_before_it_is_sent(desk: Desk, server: Server, session: Session, length: str) -> None:
    data, state = session.get()
    headers = [session.bearer, ("If-Match", state), ("Content-Length", length)]
    assert server.ask("PUT", "/vault", headers).refused == (413, "limit")
    assert stored(desk) == data


def test_too_large_can_be_sent_and_is_told_all_the_same(desk: Desk, session: Session) -> None:
    data, state = session.get()
    assert session.put(bytes(MAX_VAULT + 1), state).refused == (413, "limit")
    assert session.put(bytes(MAX_VAULT), state).refused == (422, "format")
    assert stored(desk) == data


def test_a_refusal_is_read_by_who_is_still_sending(desk: Desk, server: Server) -> None:
    headers = [("If-Match", state_of(stored(desk)))]
    assert server.ask("PUT", "/vault", headers, bytes(16 << 20)).refused == (401, "session")


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ([("Content-Length", "")], (411, "length")),
        ([("Transfer-Encoding", "chunked")], (411, "length")),
        ([("Content-Length", ""), ("Transfer-Encoding", "chunked")], (411, "length")),
        ([("Content-Length", "-1")], (400, "invalid_input")),
        ([("Content-Length", "+1")], (400, "invalid_input")),
        ([("Content-Length", "1_0")], (400, "invalid_input")),
        ([("Content-Length", "0x10")], (400, "invalid_input")),
        ([("Content-Length", "\u00b2")], (400, "invalid_input")),
        ([("Content-Length", "5"), ("Content-Length", "5")], (400, "invalid_input")),
    ],
)
def test_the_length_must_be_told(
    desk: Desk, server: Server, session: Session, headers: list[tuple[str, str]], refused: tuple[int, str]
) -> None:
    data, state = session.get()
    body = b"5\r\nhello\r\n0\r\n\r\n"
    assert server.ask("PUT", "/vault", [session.bearer, ("If-Match", state), *headers], body).refused == refused
    assert stored(desk) == data


def upload(session: Session, new: bytes, state: str, *more: str) -> bytes:
    lines = [f"Host: {session.server.host}", ": ".join(session.bearer), f"If-Match: {state}", *more]
    head = "\r\n".join(["PUT /vault HTTP/1.1", *lines, f"Content-Length: {len(new)}", "", ""])
    return head.encode()


def asked_for_the_body(connection: socket.socket) -> None:
    asked = b""
    while not asked.endswith(b"\r\n\r\n"):
        asked += connection.recv(1)
    assert asked == b"HTTP/1.1 100 Continue\r\n\r\n"


def test_half_an_upload_is_nothing(desk: Desk, server: Server, session: Session) -> None:
    data, state = session.get()
    new = changed(desk, data, "two")
    half = upload(session, new, state) + new[: len(new) // 2]
    answered = server.say(half, lambda connection: connection.shutdown(socket.SHUT_WR))
    assert answered.refused == (400, "invalid_input")
    assert stored(desk) == data
    assert leftovers(desk) == []


def test_who_waits_to_be_asked_for_the_body_is_asked_once_the_rest_is_good(
    desk: Desk, server: Server, session: Session
) -> None:
    data, state = session.get()
    new = changed(desk, data, "two")
    with server.connected() as connection:
        connection.sendall(upload(session, new, state, "Expect: 100-continue"))
        asked_for_the_body(connection)
        connection.sendall(new)
        assert read(connection).status == 204
    # Without a session nothing is asked for.
    head = upload(Session(server, "x"), new, state, "Expect: 100-continue")
    assert server.say(head).refused == (401, "session")


def test_a_full_disk(desk: Desk) -> None:
    # Files of at most 16 KiB (32 blocks, which are half as many KiB): a write stops half-way, as on a full disk.
    with serving(desk, limit="-f 32") as server:
        session = server.session()
        data, state = session.get()
        answered = session.put(changed(desk, data, "two " * 10_000), state)
        assert answered.refused == (500, "io")
        assert "cannot write" in answered.json["message"]
        assert stored(desk) == data
        assert leftovers(desk) == []
        assert session.put(changed(desk, data, "three"), state).status == 204
    assert secret_in(desk) == "three"


def test_killed_in_the_middle_of_an_upload(desk: Desk) -> None:
    with serving(desk) as server:
        session = server.session()
        data, state = session.get()
        new = changed(desk, data, "two")
        with server.connected() as connection:
            connection.sendall(upload(session, new, state) + new[:-1])
            server.process.kill()
            server.process.wait()
    assert stored(desk) == data
    with serving(desk) as server:
        assert server.session().put(new, state).status == 204
    assert secret_in(desk) == "two"


def test_ctrl_c_in_the_middle_of_an_upload(desk: Desk) -> None:
    with serving(desk) as server:
        session = server.session()
        data, state = session.get()
        new = changed(desk, data, "two")
        with server.connected() as connection:
            connection.sendall(upload(session, new, state, "Expect: 100-continue"))
            asked_for_the_body(connection)
            connection.sendall(new[:-1])
            code, _, err = server.interrupt()
            assert read(connection).refused == (400, "invalid_input"), "it is told before the end"
        assert code == 130
        assert "Traceback" not in err
    assert stored(desk) == data
    assert leftovers(desk) == []


def test_ctrl_c_in_the_middle_of_a_save(desk: Desk) -> None:
    """It waits for its turn, as another program holds the lock; and whoever has sent everything gets an answer."""
    with serving(desk) as server, (desk.folder / "strongroom.vault.lock").open("rb") as lock:
        session = server.session()
        data, state = session.get()
        new = changed(desk, data, "two")
        fcntl.flock(lock, fcntl.LOCK_EX)
        with server.connected() as connection:
            connection.sendall(upload(session, new, state, "Expect: 100-continue"))
            asked_for_the_body(connection)
            connection.sendall(new)
            server.process.send_signal(signal.SIGINT)
            until = time.monotonic() + LONGEST_S
            with contextlib.suppress(ConnectionError):  # it does not listen any more
                while time.monotonic() < until:
                    server.connected().close()
            # A server that did not wait would have gone, and the connection with it.
            assert select.select([connection], [], [], 1.0)[0] == [], "it did not wait"
            assert stored(desk) == data
            fcntl.flock(lock, fcntl.LOCK_UN)
            assert read(connection).status == 204
        server.process.communicate(timeout=LONGEST_S)
        assert server.process.returncode == 130
    assert secret_in(desk) == "two"


def test_what_became_of_the_file_meanwhile(desk: Desk, session: Session) -> None:
    file = desk.folder / "strongroom.vault"
    data, state = session.get()
    new = changed(desk, data, "two")
    server = session.server
    file.rename(desk.folder / "away")
    assert server.ask("GET", "/vault", [session.bearer]).refused == (404, "not_found")
    assert session.put(new, state).refused == (404, "not_found")
    assert not file.exists()

    # Nothing but a vault is handed out, whatever the name leads to now.
    file.write_text("export BINANCE_SECRET=one")
    answered = server.ask("GET", "/vault", [session.bearer])
    assert answered.refused == (500, "format")
    assert b"BINANCE" not in answered.body
    answered = session.put(new, state)
    assert answered.refused == (412, "conflict")
    assert "etag" not in answered.headers
    with file.open("wb") as large:
        large.truncate(MAX_VAULT + 1)
    assert server.ask("GET", "/vault", [session.bearer]).refused == (500, "limit")
    file.unlink()
    file.mkdir()
    assert server.ask("GET", "/vault", [session.bearer]).refused == (500, "io")
    assert session.put(new, state).refused == (500, "io")
    file.rmdir()
    (desk.folder / "away").rename(file)
    assert session.put(new, state).status == 204
    assert secret_in(desk) == "two"
