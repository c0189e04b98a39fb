"""The command with everything that stands on click, and its help."""

from collections.abc import Sequence
from typing import Any, NoReturn

import click

from strongroom import __version__
from strongroom.cli import completion, exit_codes, get, run
from strongroom.cli.commands import OPENING, Commands, opens_a_vault
from strongroom.cli.dashboard import dashboard
from strongroom.cli.ending import CommandLineError
from strongroom.cli.entries import ls, mv, put, rm
from strongroom.cli.export import export
from strongroom.cli.import_env import import_
from strongroom.cli.import_fernet import fernet
from strongroom.cli.import_otpauth import otpauth
from strongroom.cli.init import init
from strongroom.cli.passwords import calibrate, hash_, verify
from strongroom.cli.qr import qr
from strongroom.cli.rekey import rekey
from strongroom.cli.slots import grant, passwd, revoke, slots
from strongroom.cli.totp import totp

_EPILOG = "\n\n".join(
    (
        "A vault is opened by the first of these that is there, and by no other:",
        """
  --key-file, --key-fd, --passphrase, --passphrase-fd
  $STRONGROOM_KEY_FD          a descriptor to read the key from
  $CREDENTIALS_DIRECTORY      systemd: LoadCredential=strongroom.key:...
  $STRONGROOM_KEY_FILE        a key file of mode 0600
  $STRONGROOM_KEY             the key itself
  $STRONGROOM_PASSPHRASE      the passphrase itself
  a prompt                    where stdin and stderr are terminals""",
        "To complete names in bash (or zsh_source, fish_source):",
        """  eval "$(_STRONGROOM_COMPLETE=bash_source strongroom)\"""",
        "Exit codes:",
        "\n".join(f"  {code:>3}  {meaning}" for code, meaning in exit_codes.MEANINGS.items()),
    )
)


def app(words: Sequence[str]) -> int:
    """Run one command, and return the exit code."""
    try:
        code: Any = strongroom.main(list(words), prog_name="strongroom", standalone_mode=False)
    except click.UsageError as error:
        _refuse(error)
    except click.Abort:  # Ctrl-C; click has ended the line
        return exit_codes.INTERRUPTED
    return code if isinstance(code, int) else exit_codes.OK


@click.group(
    cls=Commands,
    no_args_is_help=False,
    invoke_without_command=True,
    epilog=_EPILOG,
)
@click.version_option(__version__, message="strongroom %(version)s")
@click.pass_context
def strongroom(context: click.Context) -> None:
    """Keep the credentials of trading bots in one encrypted file.

      strongroom init                       make a vault
      strongroom import env .env            put what is in a .env file into it
      strongroom run -- python bot.py       run a bot with these variables
      strongroom grant scalper-1 binance    make a key for one bot

    Each command's --help has examples.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@click.command("get", short_help=get.SUMMARY, help=get.SUMMARY)
@click.argument("words", nargs=-1, shell_complete=completion.entry_then_field)
@click.option("--json", is_flag=True)
@opens_a_vault
def _get(*_: object, **__: object) -> None: ...


@click.command("run", short_help=run.SUMMARY, help=run.SUMMARY)
@click.option("--env")
@click.option("--no-imported", is_flag=True)
@opens_a_vault
def _run(*_: object, **__: object) -> None: ...


# `get` and `run` are handled before click is loaded; here they are for the list of commands and for completion.
for _command in (
    init,
    put,
    _get,
    ls,
    rm,
    mv,
    import_,
    export,
    _run,
    totp,
    qr,
    dashboard,
    grant,
    revoke,
    slots,
    passwd,
    rekey,
    hash_,
    verify,
    calibrate,
):
    strongroom.add_command(_command)
import_.add_command(fernet)
import_.add_command(otpauth)


def _refuse(error: click.UsageError) -> NoReturn:
    if isinstance(error, click.NoSuchOption) and error.option_name in OPENING:
        raise CommandLineError(f"{error.option_name} goes after the command", f"strongroom ls {error.option_name} ...")
    message = error.format_message().strip().rstrip(".")
    path = error.ctx.command_path if error.ctx else "strongroom"
    raise CommandLineError(message[:1].lower() + message[1:], f"{path} --help shows how it is used") from None
