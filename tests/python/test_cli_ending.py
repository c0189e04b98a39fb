"""What holds for every command: exit codes, messages, help, terminals, and what works without the extra."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import strongroom
from command import Desk, owners_desk, program
from strongroom.cli import exit_codes
from strongroom.cli.shown import shown, when

COMMANDS = [
    *(["init"], ["put"], ["ls"], ["rm"], ["mv"], ["import", "env"], ["export"], ["grant"], ["revoke"], ["slots"]),
    *(["passwd"], ["rekey"], ["get"], ["run"], ["totp"], ["qr"], ["import", "otpauth"]),
]
SERVES = ["dashboard"]  # until it is interrupted
PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = owners_desk(tmp_path, "NhqPtmdSJYdKjVHjA7PZj4")
    with desk.open() as vault:
        vault.put("binance/main", {"secret": "NhqPtmdSJYdKjVHjA7PZj4"}, info={"api_key": "vmPU"})
    return desk


def test_every_error_has_an_exit_code_and_every_exit_code_a_meaning() -> None:
    from strongroom._strongroom import ERROR_CODES

    assert set(exit_codes.OF_ERROR) == set(ERROR_CODES)
    assert set(exit_codes.OF_ERROR.values()) <= set(exit_codes.MEANINGS)


def test_help_names_every_exit_code_and_every_link(desk: Desk) -> None:
    text = desk.ok("--help").text
    for code, meaning in exit_codes.MEANINGS.items():
        assert f"{code:>3}  {meaning}" in text
    for name in ("KEY_FD", "KEY_FILE", "KEY ", "PASSPHRASE"):
        assert f"$STRONGROOM_{name}" in text
    assert desk.ok().text == text
    for command in [*COMMANDS, SERVES]:
        assert f"\n  {command[0]} " in text


@pytest.mark.parametrize("command", [*COMMANDS, SERVES], ids=" ".join)
def test_help_teaches_by_example(desk: Desk, command: list[str]) -> None:
    text = desk.ok(*command, "--help").text
    assert f"\n  strongroom {' '.join(command)}" in text.replace("    strongroom", "  strongroom")
    assert max(len(line) for line in text.splitlines()) <= 90


@pytest.mark.parametrize("words", [["nothing"], ["--nothing"], ["-x"], ["ls", "--nothing"], ["import"], ["Ls"]])
def test_a_wrong_command_line_is_one_line_and_a_hint(desk: Desk, words: list[str]) -> None:
    ended = desk.run(*words)
    if words == ["import"]:
        assert "env" in ended.text + ended.err
    else:
        assert (ended.code, ended.out) == (2, b"")
        first, second = ended.err.splitlines()
        assert first.startswith("strongroom: no such ")
        assert "--help" in second


def test_an_option_before_the_command_is_explained(desk: Desk) -> None:
    ended = desk.run("--vault", "x", "ls")
    assert ended.code == 2
    assert "goes after the command" in ended.err


def test_the_version(desk: Desk) -> None:
    assert desk.ok("--version").text == f"strongroom {strongroom.__version__}\n"


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_nothing_hangs_or_asks_without_a_terminal(desk: Desk, command: list[str]) -> None:
    arguments = {
        "put": ["a/b", "c"],
        "rm": ["binance/main"],
        "mv": ["binance/main", "a/b"],
        "import": [".env"],
        "export": ["--plaintext"],
        "grant": ["bot", "binance"],
        "revoke": ["bot"],
        "get": ["binance/main"],
        "run": ["--", "true"],
    }
    (desk.folder / ".env").write_text("A=1")
    del desk.environment["STRONGROOM_KEY_FILE"]
    ended = desk.run(*command, *arguments.get(command[0], []), stdin="y\ny\ny\n")
    assert ended.code in (1, 2, 5)
    assert ended.err.startswith("strongroom: ")
    assert "Traceback" not in ended.err


def test_the_first_link_that_is_configured_decides(desk: Desk) -> None:
    strongroom.generate_key().write(desk.folder / "foreign.key")
    ended = desk.run("ls", env={"STRONGROOM_KEY_FILE": "foreign.key", "STRONGROOM_PASSPHRASE": "stray"})
    assert ended.code == 3
    assert "STRONGROOM_KEY_FILE" in ended.err
    assert "STRONGROOM_PASSPHRASE" in ended.err
    assert "stray" not in ended.err


def test_a_prompt_needs_stdin_and_stderr_but_not_stdout(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {}, [PASSPHRASE])
    desk.ok("init", "--new-passphrase-fd", "0", stdin=PASSPHRASE)
    desk.ok("put", "a/b", "c", "--passphrase-fd", "FD", "--stdin", stdin="value", pipes={"FD": PASSPHRASE.encode()})
    out = tmp_path / "out"
    with desk.terminal("get", "a/b", "c", out=out) as terminal:
        terminal.expect("passphrase for")
        terminal.type(f"{PASSPHRASE}\n")
        assert terminal.end() == 0
        assert "deriving the key" in terminal.seen
    assert out.read_bytes() == b"value"


def test_a_wrong_passphrase(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {}, [PASSPHRASE, "not the passphrase"])
    desk.ok("init", "--new-passphrase-fd", "0", stdin=PASSPHRASE)
    code, seen = desk.asked("ls", answers={"passphrase for": "not the passphrase"})
    assert code == 3
    assert "strongroom: " in seen
    assert "deriving the key ..." not in seen.splitlines()[-1]


def test_no_progress_is_shown_into_a_file(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {}, [PASSPHRASE])
    ended = desk.ok("init", "--new-passphrase-fd", "0", stdin=PASSPHRASE)
    assert "deriving" not in ended.err
    assert "\x1b" not in ended.err


@pytest.mark.parametrize("words", [["ls"], ["get", "binance/main"], ["put", "a/b", "c"]], ids=" ".join)
def test_ctrl_c_ends_quietly(desk: Desk, words: list[str]) -> None:
    with desk.terminal(*words, "--passphrase") as terminal:
        terminal.expect("passphrase: ")
        terminal.type("\x03")
        assert terminal.end() == exit_codes.INTERRUPTED
        assert "Traceback" not in terminal.seen


def test_ctrl_d_is_no_answer(desk: Desk) -> None:
    with desk.terminal("ls", "--passphrase") as terminal:
        terminal.expect("passphrase: ")
        terminal.type("\x04")
        assert terminal.end() == 2
        assert terminal.seen == "passphrase: \nstrongroom: nothing was typed\n"
    with desk.terminal("rm", "binance/main") as terminal:
        terminal.expect("[y/N] ")
        terminal.type("\x04")
        assert terminal.end() == 1
        assert terminal.seen.endswith("[y/N] \nstrongroom: nothing was changed\n")


@pytest.mark.parametrize("words", [["ls"], ["ls", "--json"], ["get", "binance/main"], ["--help"]], ids=" ".join)
def test_a_reader_that_went_away_is_no_error_to_tell(desk: Desk, words: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        ended = desk.run(*words, stdout=write)
    finally:
        os.close(write)
    assert ended.code == 1
    assert ended.err == ""


@pytest.mark.parametrize("words", [["ls"], ["get", "binance/main"], ["get", "binance/main", "secret"]], ids=" ".join)
def test_a_full_disk_is_told(desk: Desk, words: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = desk.run(*words, stdout=full.fileno())
    assert ended.code == 1
    assert ended.err.startswith("strongroom: cannot read or write")
    assert "Traceback" not in ended.err


def test_closed_streams_are_no_reason_to_crash(desk: Desk) -> None:
    for closed in (">&-", "2>&-", "<&-"):
        ended = subprocess.run(
            ["/bin/sh", "-c", f'exec "$0" ls {closed}', program()],
            cwd=desk.folder,
            env={**os.environ, **desk.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0
        assert "Traceback" not in ended.stderr


def test_damage_is_told_and_the_rest_is_there(desk: Desk) -> None:
    with desk.open() as vault:
        vault.put("kraken/main", {"secret": "k"})
    path = desk.folder / "strongroom.vault"
    whole = path.read_bytes()
    told: list[str] = []
    for at in range(len(whole) - 1, 0, -16):  # the compartments are at the end
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        ended = desk.run("ls")
        assert ended.code in (0, 3, 7)
        if ended.code == 0 and "damaged" in ended.err:
            told.append(ended.err)
            assert ended.text.count("\n") == 1
            break
    assert told


@pytest.mark.parametrize("data", [b"", b"hello", b"\x00" * 5000], ids=["empty", "text", "zeros"])
def test_what_is_no_vault(desk: Desk, data: bytes) -> None:
    (desk.folder / "strongroom.vault").write_bytes(data)
    assert desk.run("ls").code == 7
    assert desk.run("get", "a/b").code == 7


# ---- without click and rich ----


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_what_needs_the_extra_says_so(desk: Desk, missing: str) -> None:
    def without(*words: str) -> tuple[int, str, str]:
        hide = f"import sys; sys.modules[{missing!r}] = None; from strongroom.cli import main; sys.exit(main())"
        ended = desk.run(*words, command=[sys.executable, "-c", hide])
        return ended.code, ended.text, ended.err

    assert without("get", "binance/main", "api_key") == (0, "vmPU", "")
    assert without("run", "--env", "A=binance/main/api_key", "--", "sh", "-c", "echo $A") == (0, "vmPU\n", "")
    assert without("--version") == (0, f"strongroom {strongroom.__version__}\n", "")
    assert without("get", "--help")[0] == 0
    for words in [["ls"], [], ["--help"], ["init"]]:
        code, out, err = without(*words)
        if missing == "click":
            assert code == 1
            assert "pip install 'strongroom[cli]'" in err
            assert "Traceback" not in err
        elif words != ["init"]:
            assert code == 0  # rich is for tables on a terminal
            assert out


# ---- completion ----


def complete(desk: Desk, line: str, **env: str) -> list[str]:
    """Return what bash is offered for a line."""
    words = line.split(" ")
    asked = {"_STRONGROOM_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1), **env}
    return [offer.partition(",")[2] for offer in desk.ok(env=asked).text.splitlines() if offer]


def test_names_are_completed(desk: Desk) -> None:
    desk.ok("grant", "bot", "binance")
    assert complete(desk, "strongroom get b") == ["binance/main"]
    assert complete(desk, "strongroom get binance/main ") == ["api_key", "secret"]
    assert complete(desk, "strongroom rm binance/main s") == ["secret"]
    assert complete(desk, "strongroom totp b") == ["binance/main"]
    assert complete(desk, "strongroom totp binance/main --field s") == ["secret"]
    assert complete(desk, "strongroom qr binance/main --field s") == ["secret"]
    assert complete(desk, "strongroom qr --migration binance/main b") == ["binance/main"]
    assert complete(desk, "strongroom import otpauth --to b") == ["binance/main"]
    assert complete(desk, "strongroom grant new b") == ["binance"]
    assert complete(desk, "strongroom revoke b") == ["bot"]
    assert complete(desk, "strongroom get --no-") == []
    assert "--env" in complete(desk, "strongroom run --")
    assert "grant" in complete(desk, "strongroom g")
    assert complete(desk, "strongroom get nothing/here ") == []


def test_completion_neither_asks_nor_derives_a_key_nor_uses_a_descriptor_up(desk: Desk) -> None:
    key = (desk.folder / "owner.key").read_text().strip()
    del desk.environment["STRONGROOM_KEY_FILE"]
    assert complete(desk, "strongroom get b") == []
    assert complete(desk, "strongroom get b", STRONGROOM_PASSPHRASE="x") == []
    assert complete(desk, "strongroom get b", STRONGROOM_KEY=key) == ["binance/main"]
    assert complete(desk, "strongroom get b", STRONGROOM_KEY=key, STRONGROOM_KEY_FD="0") == []
    assert complete(desk, "strongroom get --key-file owner.key b") == ["binance/main"]
    assert complete(desk, "strongroom get --key-file none.key b") == []
    (desk.folder / "strongroom.key").write_bytes((desk.folder / "owner.key").read_bytes())
    (desk.folder / "strongroom.key").chmod(0o600)
    assert complete(desk, "strongroom get b", CREDENTIALS_DIRECTORY=".") == ["binance/main"]
    asked = {"_STRONGROOM_COMPLETE": "bash_complete", "COMP_WORDS": "strongroom get b", "COMP_CWORD": "2"}
    with desk.terminal(env=asked) as terminal:
        assert terminal.end() == 0
        assert terminal.seen.strip() == ""


def test_the_completion_script_is_there(desk: Desk) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "_STRONGROOM_COMPLETE" in desk.ok(env={"_STRONGROOM_COMPLETE": f"{shell}_source"}).text


# ---- text ----


def test_text_is_shown_without_what_moves_the_cursor() -> None:
    assert shown("plain ü €") == "plain ü €"
    assert shown("a\x1b[31m\x07\u202e\udcff\n") == "a\\x1b[31m\\x07\\u202e\\udcff\\n"


def test_times_are_shown_in_utc() -> None:
    assert when(None) == ""
    assert when(1_000_000_000) == "2001-09-09 01:46"
    assert when((1 << 53) - 1)


def test_a_signal_is_not_caught(desk: Desk) -> None:
    with desk.terminal("ls", "--passphrase") as terminal:
        terminal.expect("passphrase: ")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.end() == -signal.SIGTERM
