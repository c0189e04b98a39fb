"""The README's first minutes, run as they stand there. (The one in Rust is run by rustdoc.)"""

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from strongroom.cli import exit_codes

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")

ENV = """\
BINANCE_API_KEY=vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A
BINANCE_SECRET=NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j
TELEGRAM_TOKEN=110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw
"""

BOT = """\
import os
assert os.environ["BINANCE_SECRET"].startswith("Nhq")
assert "TELEGRAM_TOKEN" not in os.environ, "the bot's key does not open that"
print("the bot ran")
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"<!-- executed: {language} -->\n```\w+\n(.*?)```", README, re.DOTALL)


SHELL, [PYTHON, *OTHERS] = blocks("shell"), blocks("python")


def test_the_exit_codes() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", README, re.MULTILINE)
    assert {int(code): meaning for code, meaning in rows} == exit_codes.MEANINGS


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STRONGROOM_")}
    scripts = os.pathsep.join([sysconfig.get_path("scripts"), str(Path(sys.executable).parent)])
    return {**kept, "PATH": scripts + os.pathsep + kept["PATH"]}


def test_the_first_minute_in_the_shell(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(ENV)
    (tmp_path / "bot.py").write_text(BOT)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", *SHELL],
        cwd=tmp_path,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "the bot ran" in done.stdout
    assert "binance/main" in done.stdout
    for line in ENV.splitlines():
        value = line.partition("=")[2]
        if not line.startswith("BINANCE_API_KEY"):
            assert value not in done.stdout + done.stderr


def run_python(block: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", block],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_minute_in_python(tmp_path: Path) -> None:
    output = run_python(PYTHON, tmp_path)
    lines = output.splitlines()
    assert lines[:2] == ["my-api-key", "Secret(***)"]
    assert re.fullmatch("[0-9a-f]{64}", lines[2])
    assert lines[3] == "rotate at the exchange: binance/main"
    assert "my-api-secret" not in output


@pytest.mark.parametrize("block", OTHERS, ids=["signing", "passwords", "one_time_codes", "sealing"])
def test_what_else_there_is_in_python(block: str, tmp_path: Path) -> None:
    run_python(block, tmp_path)
