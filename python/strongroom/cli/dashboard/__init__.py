"""`strongroom dashboard`: the page that opens a vault in the browser, and the vault's sealed file beside it.

The page does the work: it decrypts in the browser. What runs here has no key and is asked for none; it hands out the
sealed bytes, and takes new ones for them only if nobody else has saved meanwhile.
"""

import os
import sys
import threading
import time
from pathlib import Path

import click

import strongroom
from strongroom._strongroom import read_sealed
from strongroom._unlock import found_vault
from strongroom.cli.commands import Command
from strongroom.cli.ending import CommandError, CommandLineError
from strongroom.cli.unlock import OPTIONS

PAGE = Path(strongroom.__file__).parent / "page"


@click.command(cls=Command)
@click.option("--port", metavar="N", type=click.IntRange(0, 65535), default=0, help="The port; else any that is free.")
@click.option(
    "--host",
    metavar="NAME",
    default="localhost",
    help="localhost, or one of its addresses alone: 127.0.0.1 or ::1. Nothing else is let in.",
)
@click.option("--no-open", is_flag=True, help="Only print the link; do not open it in the browser.")
@click.option(OPTIONS[0][0], metavar=OPTIONS[0][1], help=OPTIONS[0][2])
def dashboard(vault: str | None, port: int, host: str, no_open: bool) -> None:
    """Open the vault in a page in the browser.

    The page decrypts the vault there, with the passphrase, key or passkey that you give it. This command has no key: it
    serves the page and the sealed file, to this machine alone, until Ctrl-C. The link that it prints works once, so
    that whoever finds it later can do nothing with it.

      strongroom dashboard
      strongroom dashboard --vault bots.vault

    On a server, and then the link in the browser at your desk:

      strongroom dashboard --no-open --port 8765
      ssh -L 8765:localhost:8765 server
    """
    serve(vault, port, host, not no_open, PAGE)


def serve(vault: str | None, port: int, host: str, opens: bool, folder: Path) -> None:
    """Serve the page in `folder` until Ctrl-C."""
    # Here, as only this command needs them: the library's HTTP server is slow to load.
    from strongroom.cli.dashboard.link import Link
    from strongroom.cli.dashboard.page import read_page
    from strongroom.cli.dashboard.server import HOSTS, listening
    from strongroom.cli.dashboard.site import Site

    if host not in HOSTS:
        raise CommandLineError(
            f"the dashboard is served to this machine alone: expected --host to be one of {', '.join(HOSTS)}",
            "from another machine, go through ssh: ssh -L 8765:localhost:8765 server; see --help",
        )
    page = read_page(folder)
    if not page:
        raise CommandError(
            "this installation has no dashboard page: it was not built",
            "in a checkout, `make dashboard` builds it; the wheels of a release bring it",
        )
    path = found_vault(vault)
    read_sealed(path)  # so that a wrong path is told here, and not in the browser
    link = Link()
    with listening(host, port, Site(path, page, link)) as port:
        # A name and not an address: passkeys belong to a domain.
        url = f"http://localhost:{port}/#token={link.token}"
        click.echo(f"serving {path}, sealed, to this machine alone, until Ctrl-C; this link works once:", err=True)
        has_browser = opens and _is_desktop()
        if opens and not has_browser:
            click.echo("(there is no desktop here to open it on; --help shows how from another machine)", err=True)
        click.echo(url)
        sys.stdout.flush()
        if has_browser:
            # Beside, since some browsers return only when they end.
            threading.Thread(target=_open, args=(url,), daemon=True).start()
        while True:
            # Until Ctrl-C. Not for longer at once, as that may reach another thread, and does not wake this one then.
            time.sleep(0.2)


def _is_desktop() -> bool:
    """Whether there can be a browser with a window; those in a terminal run no page like this."""
    return sys.platform in ("darwin", "win32") or not {"DISPLAY", "WAYLAND_DISPLAY", "BROWSER"}.isdisjoint(os.environ)


def _open(url: str) -> None:
    import webbrowser

    if not webbrowser.open(url):
        click.echo("no browser could be started: open the link yourself", err=True)
