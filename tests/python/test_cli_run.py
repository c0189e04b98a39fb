"""`strongroom run`: what the program that it starts gets, and what it does not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import strongroom
from command import Desk, owners_desk, program

SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
TELL = "import json, os; print(json.dumps(dict(os.environ)))"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = owners_desk(tmp_path, SECRET)
    with desk.open() as vault:
        vault.put("binance/main", {"secret": SECRET}, info={"api_key": "vmPU"})
        vault.put("a/deep/one", {"bytes": b"\xff", "nul": b"a\0b"})
    return desk


def environment(desk: Desk, *words: str, **how: Any) -> dict[str, str]:
    """Return what a program finds in its environment."""
    ended = desk.ok("run", *words, "--", sys.executable, "-c", TELL, reveals=True, **how)
    found: dict[str, str] = ended.json
    return found


def test_references_are_resolved(desk: Desk) -> None:
    found = environment(
        desk,
        *("--env", "A=binance/main/secret", "--env", "B=strongroom://binance/main/api_key"),
        env={"C": "strongroom://binance/main/secret", "D": "see strongroom://binance/main/secret", "E": "e"},
    )
    assert (found["A"], found["B"], found["C"]) == (SECRET, "vmPU", SECRET)
    assert found["D"] == "see strongroom://binance/main/secret"
    assert found["E"] == "e"


def test_env_wins_over_the_environment(desk: Desk) -> None:
    assert environment(desk, "--env", "A=binance/main/secret", env={"A": "stale"})["A"] == SECRET
    assert environment(desk, "--env", "A=binance/main/secret", env={"A": "strongroom://x/y/z"})["A"] == SECRET


def test_bytes_go_through_as_they_are(desk: Desk) -> None:
    assert environment(desk, "--env", "A=a/deep/one/bytes")["A"].encode("utf-8", "surrogateescape") == b"\xff"


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("binance/other/secret", 4),
        ("binance/main/other", 4),
        ("kraken/main/secret", 4),
        ("binance/main", 2),
        ("binance", 2),
        ("", 2),
        ("binance/main/", 2),
        ("a/deep/one/nul", 2),
    ],
)
def test_an_error_names_the_reference_that_is_missing(desk: Desk, reference: str, code: int) -> None:
    for words, env in ((["--env", f"THE_NAME={reference}"], {}), ([], {"THE_NAME": f"strongroom://{reference}"})):
        ended = desk.run("run", *words, "--", "touch", "started", env=env)
        assert ended.code == code, ended.err
        assert "THE_NAME" in ended.err
        assert code != 4 or reference in ended.err
        assert not (desk.folder / "started").exists()


def test_imported_variables_come_back_but_do_not_win(desk: Desk) -> None:
    desk.ok("import", "env", "-", stdin=f"KRAKEN_API_KEY=kk\nKRAKEN_SECRET={SECRET}\nOTHER='a b'\n")
    found = environment(desk, env={"OTHER": "mine"})
    assert (found["KRAKEN_API_KEY"], found["KRAKEN_SECRET"], found["OTHER"]) == ("kk", SECRET, "mine")
    found = environment(desk, "--no-imported")
    assert not {"KRAKEN_API_KEY", "KRAKEN_SECRET", "OTHER"} & found.keys()


def test_what_opens_the_vault_stays_behind(desk: Desk) -> None:
    key = desk.secret((desk.folder / "owner.key").read_text().strip())
    del desk.environment["STRONGROOM_KEY_FILE"]
    for env in ({"STRONGROOM_KEY": key}, {"STRONGROOM_KEY_FD": "FD"}):
        found = environment(desk, env={**env, "STRONGROOM_PASSPHRASE": "stray"}, pipes={"FD": key.encode()})
        assert not {name for name in found if name.startswith("STRONGROOM_")}
        assert key not in json.dumps(found)


@pytest.mark.parametrize("how", ["STRONGROOM_KEY_FD", "--key-fd"])
def test_the_program_does_not_inherit_the_descriptor(desk: Desk, how: str) -> None:
    key = (desk.folder / "owner.key").read_bytes()
    del desk.environment["STRONGROOM_KEY_FILE"]
    tell = "import os; print([n for n in range(256) if os.path.exists(f'/dev/fd/{n}')])"
    words = ["--key-fd", "FD"] if how == "--key-fd" else []
    env = {} if words else {how: "FD"}
    ended = desk.ok("run", *words, "--", sys.executable, "-c", tell, env=env, pipes={"FD": key})
    assert ended.text == "[0, 1, 2]\n"
    with desk.open() as vault:
        assert "binance/main" in vault


def test_it_becomes_the_program(desk: Desk) -> None:
    process = subprocess.Popen(
        [program(), "run", "--", sys.executable, "-c", "import os; print(os.getpid())"],
        cwd=desk.folder,
        env={**os.environ, **desk.environment},
        stdout=subprocess.PIPE,
    )
    out, _ = process.communicate(timeout=60)
    assert int(out) == process.pid


def test_arguments_exit_codes_and_streams_are_the_programs(desk: Desk) -> None:
    ended = desk.run("run", "--", "sh", "-c", 'cat; echo "$@" >&2; exit 42', "sh", "--env", "--", "a b", stdin="in")
    assert (ended.code, ended.out, ended.err) == (42, b"in", "--env -- a b\n")
    assert desk.run("run", "--", "sh", "-c", "kill -TERM $$").code == -signal.SIGTERM


def test_the_program_dies_of_a_broken_pipe_as_usual(desk: Desk) -> None:
    # Python ignores SIGPIPE, and whoever it starts would go on doing so: this would then say "yes: Broken pipe".
    ended = desk.ok("run", "--", "sh", "-c", "(yes; echo $? >&2) | head -1")
    assert (ended.text, ended.err) == ("y\n", f"{128 + signal.SIGPIPE}\n")


def test_what_cannot_be_executed(desk: Desk) -> None:
    assert desk.run("run", "--", "no-such-program").code == 127
    assert desk.run("run", "--", "./no-such-program").code == 127
    assert desk.run("run", "--", str(desk.folder)).code == 126
    script = desk.folder / "script"
    script.write_text("#!/bin/sh\n")
    assert desk.run("run", "--", "./script").code == 126
    ended = desk.run("run", "--", "no-such-program")
    assert ended.err == "strongroom: no-such-program: no such command\n"


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--"],
        ["true"],
        ["--env", "A=binance/main/secret"],
        ["--env", "A", "--", "true"],
        ["--env", "=binance/main/secret", "--", "true"],
        ["--env", "A=", "--", "true"],
        ["--nothing", "--", "true"],
        ["word", "--", "true"],
    ],
)
def test_a_wrong_command_line(desk: Desk, words: list[str]) -> None:
    ended = desk.run("run", *words)
    assert ended.code == 2
    assert ended.err.startswith("strongroom: ")


def test_nothing_starts_where_the_vault_stays_shut(desk: Desk) -> None:
    other = strongroom.generate_key()
    other.write(desk.folder / "other.key")
    assert desk.run("run", "--key-file", "other.key", "--", "touch", "started").code == 3
    assert desk.run("run", "--vault", "none", "--", "touch", "started").code == 4
    (desk.folder / "other.key").chmod(0o644)
    assert desk.run("run", "--key-file", "other.key", "--", "touch", "started").code == 2
    (desk.folder / "strongroom.vault").write_bytes(b"no vault")
    assert desk.run("run", "--", "touch", "started").code == 7
    assert not (desk.folder / "started").exists()


def test_a_holder_gets_only_its_own(desk: Desk) -> None:
    desk.ok("import", "env", "-", stdin=f"KRAKEN_SECRET={SECRET}\nOTHER=other\n")
    desk.ok("grant", "bot", "kraken")
    found = environment(desk, "--key-file", "bot.key")
    assert found["KRAKEN_SECRET"] == SECRET
    assert "OTHER" not in found
    ended = desk.run("run", "--key-file", "bot.key", "--env", "A=binance/main/secret", "--", "true")
    assert ended.code == 6
    assert "A refers to binance/main/secret" in ended.err


# Prints what was loaded instead of starting the program.
TELL_MODULES = """
import os, sys
def told(*_):
    print(*sys.modules)
    sys.stdout.flush()
    os._exit(0)
os.execvpe = told
sys.path.insert(0, sys.argv.pop(1))
from strongroom.cli import main
sys.exit(main())
"""


def test_nothing_slow_is_loaded_on_the_way_to_the_program(desk: Desk) -> None:
    place = str(Path(strongroom.__file__).parent.parent)
    ended = desk.ok(place, "run", "--", "true", command=[sys.executable, "-S", "-c", TELL_MODULES])
    loaded = set(ended.text.split())
    assert {"strongroom.cli.run", "argparse"} <= loaded
    slow = {"click", "rich", "typing", "dataclasses", "pathlib", "asyncio", "importlib.metadata", "json", "subprocess"}
    slow |= {"shutil", "inspect", "datetime", "tempfile", "socket", "logging", "getpass", "random", "contextlib"}
    assert not slow & loaded
