"""The unlock chain, in real processes: the first link that is configured decides, and nothing ever hangs."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import strongroom
from strongroom import Kdf, Key, Vault, errors

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CHEAP = Kdf.argon2id(memory_kib=19_456, passes=2, lanes=1)
PASSPHRASE = "correct horse"
OPEN = """
import os, sys, strongroom
try:
    vault = strongroom.open(*sys.argv[1:])
    by = vault.opened_by
    print(by.link, by.scope, vault.path)
except strongroom.StrongroomError as error:
    print(error.code, error)
"""


@pytest.fixture
def bot(vault: Vault) -> Key:
    vault.grant("desk", owner=True, passphrase=PASSPHRASE, kdf=CHEAP)
    return vault.grant("bot", ["binance"])


def run(
    *arguments: str | Path,
    env: dict[str, str] | None = None,
    script: str = OPEN,
    cwd: Path | None = None,
    pass_fds: Sequence[int] = (),
) -> str:
    """Run in a process without a terminal and with nothing but `env` in its environment."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(
        command,
        env=env or {},
        cwd=cwd,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        pass_fds=pass_fds,
    )
    assert done.stderr == ""
    return done.stdout


def descriptor(content: bytes) -> int:
    """A pipe with this in it, which its writer has closed."""
    reader, writer = os.pipe()
    os.write(writer, content)
    os.close(writer)
    return reader


@pytest.mark.usefixtures("bot")
def test_nothing_is_configured(path: Path) -> None:
    said = run(path)
    assert said.startswith("invalid_input ")
    assert str(path) in said
    for link in (
        "passphrase=",
        "key=",
        "key_file=",
        "STRONGROOM_KEY_FD",
        "CREDENTIALS_DIRECTORY",
        "STRONGROOM_KEY_FILE",
        "STRONGROOM_KEY",
        "STRONGROOM_PASSPHRASE",
        "terminal",
    ):
        assert link in said


def test_each_link_opens(bot: Key, path: Path, tmp_path: Path) -> None:
    file = tmp_path / "bot.key"
    bot.write(file)
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    bot.write(credentials / "strongroom.key")
    number = descriptor(bot.reveal().encode())
    for name, value, scope in [
        ("STRONGROOM_KEY_FD", str(number), "holder"),
        ("CREDENTIALS_DIRECTORY", str(credentials), "holder"),
        ("STRONGROOM_KEY_FILE", str(file), "holder"),
        ("STRONGROOM_KEY", bot.reveal(), "holder"),
        ("STRONGROOM_PASSPHRASE", PASSPHRASE, "owner"),
    ]:
        assert run(path, env={name: value}, pass_fds=[number]) == f"{name} {scope} {path}\n"
    os.close(number)


@pytest.mark.usefixtures("bot")
def test_the_first_configured_link_decides(path: Path, tmp_path: Path) -> None:
    """Whatever is behind a link that fails, it is named and not tried."""
    file = tmp_path / "missing.key"
    other = strongroom.generate_key()
    env = {"STRONGROOM_PASSPHRASE": PASSPHRASE}
    assert "STRONGROOM_PASSPHRASE owner" in run(path, env=env)
    for name, value, code in [
        ("STRONGROOM_KEY", other.reveal(), "decrypt"),
        ("STRONGROOM_KEY_FILE", str(file), "not_found"),
        ("STRONGROOM_KEY_FD", "77", "io"),
    ]:
        before = list(env)
        env[name] = value
        said = run(path, env=env)
        assert said.startswith(f"{code} "), said
        assert f"(tried {name}, which decides; not tried: {', '.join(reversed(before))}" in said
        assert str(path) in said
        assert other.reveal() not in said
        assert PASSPHRASE not in said


def test_an_argument_comes_before_everything(
    bot: Key, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRONGROOM_PASSPHRASE", PASSPHRASE)
    file = tmp_path / "bot.key"
    bot.write(file)
    for vault in (
        strongroom.open(path, key=bot),
        strongroom.open(path, key=bot.reveal()),
        strongroom.open(path, key=strongroom.Secret(bot.reveal())),
        strongroom.open(path, key_file=file),
    ):
        assert (vault.opened_by.link, vault.opened_by.scope) == ("argument", "holder")
    with pytest.raises(errors.DecryptError, match=r"\(tried the argument, which decides; not tried: STRONGROOM_P"):
        strongroom.open(path, passphrase="wrong")
    with pytest.raises(errors.InvalidInputError, match="got both"):
        strongroom.open(path, key=bot, key_file=file)
    for unset in (None, None):
        assert strongroom.open(path, passphrase=unset, key=unset).opened_by.link == "STRONGROOM_PASSPHRASE"


@pytest.mark.parametrize(
    "name", ["STRONGROOM_KEY_FD", "STRONGROOM_KEY_FILE", "STRONGROOM_KEY", "STRONGROOM_PASSPHRASE"]
)
@pytest.mark.usefixtures("bot")
def test_a_variable_that_is_empty_is_a_mistake_and_not_absent(path: Path, name: str) -> None:
    said = run(path, env={name: "", "STRONGROOM_PASSPHRASE": PASSPHRASE} | {name: ""})
    assert said.startswith("invalid_input ")
    assert f"{name} is set but empty" in said


@pytest.mark.usefixtures("bot")
def test_credentials_of_other_names_are_no_link(path: Path, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("something else of the service")
    env = {"CREDENTIALS_DIRECTORY": str(tmp_path), "STRONGROOM_PASSPHRASE": PASSPHRASE}
    assert run(path, env=env).startswith("STRONGROOM_PASSPHRASE owner")


def test_a_key_file_that_others_can_read_is_refused(bot: Key, path: Path, tmp_path: Path) -> None:
    file = tmp_path / "bot.key"
    bot.write(file)
    file.chmod(0o640)
    said = run(path, env={"STRONGROOM_KEY_FILE": str(file)})
    assert said.startswith("invalid_input ")
    assert str(file) in said
    assert bot.reveal() not in said


def test_a_typo_in_a_key_is_told(bot: Key, path: Path) -> None:
    said = run(path, env={"STRONGROOM_KEY": bot.reveal()[:-1]})
    assert said.startswith("invalid_input ")
    assert "STRONGROOM_KEY" in said
    assert bot.reveal()[20:60] not in said


@pytest.mark.usefixtures("bot")
def test_an_undecodable_passphrase_is_told(path: Path) -> None:
    command = [sys.executable, "-c", OPEN, str(path)]
    done = subprocess.run(
        command, env={b"STRONGROOM_PASSPHRASE": b"\xff"}, timeout=120, check=True, capture_output=True
    )
    assert done.stdout.startswith(b"invalid_input ")


def test_a_descriptor_is_read_once(bot: Key, path: Path) -> None:
    number = descriptor(bot.reveal().encode() + b"\n")
    script = f"""
import os, strongroom
strongroom.open({str(path)!r})
try:
    os.fstat({number})
except OSError as error:
    print("closed")
try:
    strongroom.open({str(path)!r})
except strongroom.StrongroomError as error:
    print(error.code, error)
"""
    first, second = run(env={"STRONGROOM_KEY_FD": str(number)}, script=script, pass_fds=[number]).splitlines()
    os.close(number)
    assert first == "closed"
    assert second.startswith("invalid_input ")
    assert "was read and closed by an earlier open" in second


def test_a_descriptor_is_read_up_to_the_line_end(bot: Key, path: Path) -> None:
    """A writer that keeps its end open, as a supervisor may, keeps nobody waiting."""
    reader, writer = os.pipe()
    os.write(writer, bot.reveal().encode() + b"\n")
    said = run(path, env={"STRONGROOM_KEY_FD": str(reader)}, pass_fds=[reader])
    os.close(reader)
    os.close(writer)
    assert said.startswith("STRONGROOM_KEY_FD holder")


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/urandom"])
@pytest.mark.usefixtures("bot")
def test_a_descriptor_on_anything_else_is_refused(path: Path, device: str) -> None:
    number = os.open(device, os.O_RDONLY)
    said = run(path, env={"STRONGROOM_KEY_FD": str(number)}, pass_fds=[number])
    os.close(number)
    assert said.startswith(("limit ", "invalid_input "))


@pytest.mark.parametrize("text", ["x", "-1", "0", "2", "3.5", "99999999999999999999", "³"])
@pytest.mark.usefixtures("bot")
def test_what_is_no_descriptor_is_refused(path: Path, text: str) -> None:
    said = run(path, env={"STRONGROOM_KEY_FD": text})
    assert said.startswith("invalid_input ")
    assert "expected STRONGROOM_KEY_FD to be the number" in said


def test_the_path_is_the_argument_or_the_variable_or_the_usual_name(bot: Key, path: Path, tmp_path: Path) -> None:
    key = {"STRONGROOM_KEY": bot.reveal()}
    assert run(env={**key, "STRONGROOM_VAULT": "bots.vault"}, cwd=tmp_path).endswith(f" {path}\n")
    assert run(path, env={**key, "STRONGROOM_VAULT": "other.vault"}, cwd=tmp_path).endswith(f" {path}\n")
    assert f"not_found vault {tmp_path}/strongroom.vault " in run(env=key, cwd=tmp_path)
    path.rename(tmp_path / "strongroom.vault")
    assert run(env=key, cwd=tmp_path).endswith(f" {tmp_path}/strongroom.vault\n")
    assert run(env={**key, "STRONGROOM_VAULT": ""}, cwd=tmp_path).startswith("invalid_input ")


def test_a_vault_that_is_not_there_costs_no_key(bot: Key, tmp_path: Path) -> None:
    number = descriptor(bot.reveal().encode())
    script = f"""
import os, strongroom
try:
    strongroom.open("missing.vault")
except strongroom.errors.NotFoundError as error:
    print(error.code, len(os.read({number}, 4096)))
"""
    said = run(env={"STRONGROOM_KEY_FD": str(number)}, script=script, pass_fds=[number], cwd=tmp_path)
    os.close(number)
    assert said == f"not_found {len(bot.reveal())}\n"


def test_making_a_vault_takes_nothing_from_the_environment(tmp_path: Path) -> None:
    script = OPEN.replace("strongroom.open", "strongroom.create")
    said = run("new.vault", env={"STRONGROOM_PASSPHRASE": PASSPHRASE}, script=script, cwd=tmp_path)
    assert said.startswith("invalid_input ")
    assert str(tmp_path / "new.vault") in said
    assert not list(tmp_path.iterdir())


# ---- prompts ----


class Terminal:
    """A process whose standard input and error are a terminal of its own."""

    def __init__(self, script: str, *arguments: Path, stderr: bool = True) -> None:
        import fcntl
        import pty
        import termios

        self.master, slave = pty.openpty()

        def take_terminal() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [sys.executable, "-c", script, *map(str, arguments)],
            env={},
            stdin=slave,
            stdout=subprocess.PIPE,
            stderr=slave if stderr else subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=take_terminal,
        )
        os.close(slave)
        self.shown = ""

    def read_until(self, text: str) -> None:
        while text not in self.shown:
            self.shown += os.read(self.master, 1024).decode()

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def finish(self) -> str:
        out, _ = self.process.communicate(timeout=120)
        os.close(self.master)
        return out.decode()


@pytest.mark.usefixtures("bot")
def test_a_prompt_opens_and_shows_nothing(path: Path) -> None:
    terminal = Terminal(OPEN, path)
    terminal.read_until(f"passphrase for {path}: ")
    terminal.type(f"{PASSPHRASE}\n")
    assert terminal.finish() == f"prompt owner {path}\n"
    assert PASSPHRASE not in terminal.shown


@pytest.mark.usefixtures("bot")
def test_a_prompt_that_is_left_is_an_error(path: Path) -> None:
    terminal = Terminal(OPEN, path)
    terminal.read_until(": ")
    terminal.type("\x04")  # Ctrl-D
    assert "nothing was typed" in terminal.finish()


@pytest.mark.usefixtures("bot")
def test_there_is_no_prompt_without_two_terminals(path: Path) -> None:
    assert Terminal(OPEN, path, stderr=False).finish().startswith("invalid_input ")


@pytest.mark.parametrize(("again", "expected"), [(PASSPHRASE, "prompt owner"), ("another", "invalid_input ")])
def test_a_new_passphrase_is_asked_for_twice(tmp_path: Path, again: str, expected: str) -> None:
    new = tmp_path / "new.vault"
    terminal = Terminal(OPEN.replace("strongroom.open", "strongroom.create"), new)
    terminal.read_until(f"new passphrase for {new}: ")
    terminal.type(f"{PASSPHRASE}\n")
    terminal.read_until("the same again: ")
    terminal.type(f"{again}\n")
    assert terminal.finish().startswith(expected)
    assert PASSPHRASE not in terminal.shown
    assert new.exists() == (again == PASSPHRASE)
