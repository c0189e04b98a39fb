"""`strongroom get`: one value, or what an entry holds."""

import sys

from strongroom._strongroom import variables_of
from strongroom.cli.arguments import Arguments, opening_of
from strongroom.cli.ending import CommandError, CommandLineError
from strongroom.cli.shown import shown, when

TYPE_CHECKING = False
if TYPE_CHECKING:
    from strongroom import Entry

SUMMARY = "Print one field of an entry, or show what the entry holds."
USAGE = "strongroom get [OPTIONS] NAME [FIELD]"
DESCRIPTION = f"""{SUMMARY}

With FIELD, its plaintext goes to stdout: as it is into a pipe or a file, with
a line end on a terminal. Without, everything is shown but the secrets.

  strongroom get binance/main                     what is in it
  strongroom get binance/main api_key             one value
  strongroom get telegram/main token | wc -c      into a program
  strongroom get binance/main --json              for scripts; secrets are never in it"""
JSON_HELP = "Show the entry as JSON, without its secrets."


def get(words: list[str]) -> int:
    """Run `strongroom get`."""
    arguments = Arguments("get", USAGE, DESCRIPTION)
    arguments.add_argument("name", metavar="NAME", help="The entry, as in `strongroom ls`.")
    arguments.add_argument("field", metavar="FIELD", nargs="?", help="The field whose value to print.")
    arguments.add_argument("--json", action="store_true", help=JSON_HELP)
    arguments.add_opening()
    found = arguments.parse(words)
    if found.json and found.field is not None:
        raise CommandLineError("--json shows an entry and never a secret; leave out FIELD or --json")
    with opening_of(found).open() as vault:
        entry = vault[found.name]
        if found.field is not None:
            _print_value(entry, found.field)
        elif found.json:
            import json

            print(json.dumps(described(entry), indent=2))  # noqa: T201
        else:
            _print_entry(entry)
    return 0


def described(entry: "Entry") -> dict[str, object]:
    """Return all of an entry but its secrets, under keys that stay the same. Times are Unix seconds."""
    return {
        "name": entry.name,
        "kind": entry.kind,
        "version": entry.version,
        "state": entry.state,
        "created": entry.created,
        "updated": entry.updated,
        "expires_at": entry.expires_at,
        "rotate_after": entry.rotate_after,
        "tags": list(entry.tags),
        "note": entry.note,
        "info": dict(entry.info),
        "fields": list(entry.fields),
    }


def _print_value(entry: "Entry", field: str) -> None:
    value = entry[field]
    data = value.encode() if isinstance(value, str) else value.reveal_bytes()
    if not sys.stdout.isatty():
        sys.stdout.buffer.write(data)
        return
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = "\0"
    if any(not (character.isprintable() or character in "\n\t") for character in text):
        raise CommandError(
            f"{field} is not plain text and could upset the terminal", "send it into a file or a program"
        )
    print(text)  # noqa: T201


def _print_entry(entry: "Entry") -> None:
    rows = [(field, shown(value)) for field, value in entry.info.items() if not kept_by_import(field)]
    rows += [(field, "***") for field in entry.fields]
    about = [
        ("kind", shown(entry.kind)),
        ("version", str(entry.version)),
        ("updated", _utc(entry.updated)),
        ("expires", _utc(entry.expires_at)),
        ("rotate after", _utc(entry.rotate_after)),
        ("tags", shown(", ".join(entry.tags))),
        ("note", shown(entry.note or "")),
        ("variables", shown(", ".join(variable for variable, _ in variables_of(entry)))),
    ]
    about = [(what, text) for what, text in about if text]
    width = max(len(what) for what, _ in rows + about)
    print(entry.name)  # noqa: T201
    for part in (rows, about):
        print()  # noqa: T201
        for what, text in part:
            print(f"  {what:<{width}}  {text}")  # noqa: T201


def kept_by_import(info: str) -> bool:
    """Whether this name of info is not the user's, but what `import env` keeps to find the way back."""
    return info == "env" or info.startswith("env.")


def _utc(unix_seconds: int | None) -> str:
    return f"{when(unix_seconds)} UTC" if unix_seconds is not None else ""
