"""The command `strongroom`.

`get` and `run` are what a bot's machine needs: they start fast and stand on the standard library alone. All others need
`pip install 'strongroom[cli]'`, and so does help. Exit codes: `strongroom.cli.exit_codes`.
"""

import sys

from strongroom.cli.ending import ending

__all__ = ["main"]


def main() -> int:
    """Run the command that `sys.argv` names, and return the exit code."""
    return ending(_command, sys.argv[1:])


def _command(words: list[str]) -> int:
    if words[:1] == ["get"]:
        from strongroom.cli.get import get

        return get(words[1:])
    if words[:1] == ["run"]:
        from strongroom.cli.run import run

        return run(words[1:])
    if words == ["--version"]:
        from strongroom import __version__

        print(f"strongroom {__version__}")  # noqa: T201
        return 0
    try:
        from strongroom.cli.app import app
    except ModuleNotFoundError as error:
        if error.name not in ("click", "rich"):
            raise
        print(  # noqa: T201
            "strongroom: this needs two more packages: pip install 'strongroom[cli]'\n"
            "  without them there are only `strongroom get` and `strongroom run`, each with --help",
            file=sys.stderr,
        )
        return 1
    return app(words)
