"""The demo: its exchange keeps Binance's rules, its bots say what went wrong, and it leaves nothing behind."""

import base64
import contextlib
import hmac
import json
import os
import runpy
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import pytest
import strongroom

EXAMPLES = Path(__file__).parents[2] / "examples"

# The key, the secret and the signatures that Binance's documentation has as examples:
# https://developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security
API_KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
HEAD = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC"
TAIL = "quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
OF_ONE_STRING = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
OF_HEAD_AND_TAIL = "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77"
OF_FULL_WIDTH_SYMBOL = "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3"
FULL_WIDTH_SYMBOL = "symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&side=BUY&type=LIMIT&timeInForce=GTC"

# What a program needs from the environment before it is clean: on Windows, to open a socket.
SYSTEM = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}

NO_PROXY = build_opener(ProxyHandler({}))  # whatever the environment of the tests says

BAD_TIMESTAMP, BAD_SIGNATURE, BAD_KEY_FORMAT, BAD_KEY = -1021, -1022, -2014, -2015


class Client:
    """The exchange in a process of its own, with one account, and requests to it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        balances = {"USDT": "1000", "BTC": "0.5"}
        account = {"api_key": API_KEY, "secret": SECRET, "balances": balances}
        process.stdin.write(json.dumps({"accounts": [account]}) + "\n")
        process.stdin.flush()
        self.process = process
        self.url = process.stdout.readline().strip()

    def send(
        self, method: str, path: str, query: str = "", body: str | None = None, api_key: str | None = API_KEY
    ) -> tuple[int, Any]:
        """Send a request as it is, and return the status and the answer."""
        url = f"{self.url}{path}?{query}" if query else self.url + path
        headers = {} if api_key is None else {"X-MBX-APIKEY": api_key}
        request = Request(url, None if body is None else body.encode(), headers, method=method)
        try:
            with NO_PROXY.open(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            with error:
                return error.code, json.load(error)

    def call(self, method: str, path: str, **parameters: str | int) -> tuple[int, Any]:
        """Send a request with the time and a right signature, if none are given."""
        query = urlencode({"timestamp": self.now(), **parameters})
        return self.send(method, path, f"{query}&signature={sign(query)}")

    def order(self, **changes: str) -> tuple[int, Any]:
        """Place a limit order."""
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
        return self.call("POST", "/api/v3/order", **{**order, "quantity": "0.01", "price": "60000", **changes})

    def now(self) -> int:
        """Return the exchange's time, so that no clock of ours matters."""
        return int(self.send("GET", "/api/v3/time", api_key=None)[1]["serverTime"])


def sign(message: str) -> str:
    return hmac.new(SECRET.encode(), message.encode(), "sha256").hexdigest()


@pytest.fixture
def client() -> Iterator[Client]:
    """Start the exchange."""
    with python("exchange.py", stdin=subprocess.PIPE) as process:
        yield Client(process)


@contextlib.contextmanager
def python(
    program: str, *arguments: str, stdin: int = subprocess.DEVNULL, **environment: str
) -> "Generator[subprocess.Popen[str], None, None]":
    """Start one of the examples in a session of its own; whatever happens, it ends."""
    with subprocess.Popen(
        [sys.executable, EXAMPLES / program, *arguments],
        env=environment | SYSTEM,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


# ---- the exchange ----


@pytest.mark.parametrize(
    ("query", "body", "signature"),
    [
        (f"{HEAD}&{TAIL}", None, OF_ONE_STRING),
        ("", f"{HEAD}&{TAIL}", OF_ONE_STRING),
        (HEAD, TAIL, OF_HEAD_AND_TAIL),
        (f"{FULL_WIDTH_SYMBOL}&{TAIL}", None, OF_FULL_WIDTH_SYMBOL),
    ],
    ids=["query", "body", "both", "not ASCII"],
)
def test_signatures_from_binances_documentation_are_right(
    client: Client, query: str, body: str | None, signature: str
) -> None:
    def code_with(signature: str) -> int:
        if body is None:
            return code(client.send("POST", "/api/v3/order", f"{query}&signature={signature}"))
        return code(client.send("POST", "/api/v3/order", query, f"{body}&signature={signature}"))

    # They are of 2017: with the right signature, it is only their age that is wrong.
    assert code_with(signature) == BAD_TIMESTAMP
    for at in (0, 31, 63):
        other = "0" if signature[at] != "0" else "1"
        assert code_with(signature[:at] + other + signature[at + 1 :]) == BAD_SIGNATURE
    for wrong in ("", signature[:-1], signature + "0", signature.upper(), "%EF%BC%91"):
        assert code_with(wrong) == BAD_SIGNATURE


def code(answer: tuple[int, Any]) -> int:
    """Return the code of a refusal."""
    status, said = answer
    assert status >= 400, said
    assert isinstance(said["msg"], str)
    return int(said["code"])


def test_what_was_not_signed_is_refused(client: Client) -> None:
    query = f"timestamp={client.now()}"
    signature = sign(query)
    assert client.send("GET", "/api/v3/account", f"{query}&signature={signature}")[0] == 200
    assert code(client.send("GET", "/api/v3/account", query)) == BAD_SIGNATURE
    assert code(client.send("GET", "/api/v3/account", f"{query}&symbol=BTCUSDT&signature={signature}")) == BAD_SIGNATURE
    assert code(client.send("POST", "/api/v3/order", f"{query}&signature={signature}", "price=1")) == BAD_SIGNATURE


def test_an_unknown_key_is_refused(client: Client) -> None:
    query = f"timestamp={client.now()}"
    signed = f"{query}&signature={sign(query)}"
    assert client.send("GET", "/api/v3/account", signed, api_key=None)[0] == 401
    assert code(client.send("GET", "/api/v3/account", signed, api_key=None)) == BAD_KEY_FORMAT
    assert code(client.send("GET", "/api/v3/account", signed, api_key=API_KEY[:-1] + "B")) == BAD_KEY


def test_the_time_window_is_kept(client: Client) -> None:
    def code_of(**parameters: str | int) -> int:
        return code(client.call("GET", "/api/v3/account", **parameters))

    assert code_of(timestamp=client.now() - 6_000) == BAD_TIMESTAMP
    assert code_of(timestamp=client.now() - 61_000, recvWindow=60_000) == BAD_TIMESTAMP
    assert code_of(timestamp=client.now() + 60_000) == BAD_TIMESTAMP
    assert code_of(recvWindow=60_001) == -1131
    for malformed in ("", "now", "-1", "1e3", "9" * 17):
        assert code_of(timestamp=malformed) == -1102
    assert client.call("GET", "/api/v3/account", timestamp=client.now() - 6_000, recvWindow=60_000)[0] == 200


def test_orders_lock_what_they_need(client: Client) -> None:
    first, second = client.order(), client.order(side="SELL", quantity="0.5", price="70000.5")
    assert (first[0], second[0]) == (200, 200)
    assert (first[1]["orderId"], second[1]["orderId"]) == (1, 2)

    assert client.call("GET", "/api/v3/account")[1]["balances"] == [
        {"asset": "BTC", "free": "0.0", "locked": "0.5"},
        {"asset": "USDT", "free": "400.00", "locked": "600.00"},
    ]
    assert client.call("GET", "/api/v3/openOrders")[1] == [first[1], second[1]]
    assert client.call("GET", "/api/v3/openOrders", symbol="ETHUSDT")[1] == []

    assert code(client.order()) == -2010
    assert code(client.order(side="SELL", quantity="0.00000001")) == -2010
    assert code(client.order(symbol="ETHUSDT", side="SELL")) == -2010
    assert len(client.call("GET", "/api/v3/openOrders")[1]) == 2


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"symbol": "BTCEUR"}, -1121),
        ({"side": "HOLD"}, -1117),
        ({"type": "MARKET"}, -1116),
        ({"timeInForce": "IOC"}, -1115),
        ({"quantity": "0"}, -1013),
        ({"price": "0.00000000"}, -1013),
        ({"quantity": "-1"}, -1102),
        ({"quantity": "NaN"}, -1102),
        ({"price": "1e3"}, -1102),
        ({"price": "1000000"}, -1102),
        ({"price": ""}, -1102),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(client: Client, changes: dict[str, str], expected: int) -> None:
    assert code(client.order(**changes)) == expected
    assert client.call("GET", "/api/v3/openOrders")[1] == []


def test_other_paths_and_large_bodies_are_refused(client: Client) -> None:
    assert client.send("GET", "/api/v3/order")[0] == 404
    assert client.send("POST", "/api/v3/account")[0] == 404
    assert client.send("POST", "/api/v3/order", body="x" * 16_385)[0] == 413


def test_the_exchange_ends_when_its_stdin_does(client: Client) -> None:
    assert client.process.stdin is not None
    client.process.stdin.close()
    assert client.process.wait(timeout=60) == 0


# ---- the bot ----


def run_bot(vault: Path, key: Path, url: str) -> tuple[int | None, str, str]:
    """Run the bot as the demo does, and return its exit code, stdout and stderr."""
    with python("bot.py", STRONGROOM_VAULT=str(vault), STRONGROOM_KEY_FILE=str(key), EXCHANGE_URL=url) as process:
        output, errors = process.communicate(timeout=60)
        return process.returncode, output, errors


@pytest.fixture
def bots(tmp_path: Path) -> tuple[strongroom.Vault, Path]:
    """A vault with the documented key in it, and the key file of a bot that may use it."""
    vault = strongroom.create(tmp_path / "bots.vault", key=strongroom.generate_key())
    vault.put("binance/main", {"secret": SECRET}, info={"api_key": API_KEY})
    vault.put("kraken/main", {"secret": "another"})
    vault.grant("scalper-1", ["binance"]).write(tmp_path / "scalper-1.key")
    return vault, tmp_path / "scalper-1.key"


def test_the_bot_trades_and_goes_on_after_an_order_that_is_too_large(
    client: Client, bots: tuple[strongroom.Vault, Path]
) -> None:
    vault, key = bots
    status, output, errors = run_bot(Path(vault.path), key, client.url)
    assert (status, errors) == (0, "")
    assert "I can see: binance/main\n" in output
    assert output.count("is in the book") == 2
    assert output.count("order not taken") == 1
    assert "insufficient balance" in output
    assert len(client.call("GET", "/api/v3/openOrders")[1]) == 2
    assert SECRET not in output


def test_a_revoked_bot_is_refused_by_the_vault(client: Client, bots: tuple[strongroom.Vault, Path]) -> None:
    vault, key = bots
    assert list(vault.revoke("scalper-1")) == ["binance/main"]
    status, output, errors = run_bot(Path(vault.path), key, client.url)
    assert (status, output) == (2, "")
    assert errors.startswith("the vault refused (decrypt): ")
    assert len(errors.splitlines()) == 1
    assert client.call("GET", "/api/v3/openOrders")[1] == []


def test_a_wrong_secret_is_refused_by_the_exchange(client: Client, bots: tuple[strongroom.Vault, Path]) -> None:
    vault, key = bots
    vault.update("binance/main", {"secret": SECRET[::-1]})
    status, _, errors = run_bot(Path(vault.path), key, client.url)
    assert (status, errors) == (1, "the exchange refused: Signature for this request is not valid. (code -1022)\n")


def test_a_silent_exchange_and_a_missing_key_file_are_told_apart(
    client: Client, bots: tuple[strongroom.Vault, Path]
) -> None:
    vault, key = bots
    assert client.process.stdin is not None
    client.process.stdin.close()
    client.process.wait(timeout=60)
    status, _, errors = run_bot(Path(vault.path), key, client.url)
    assert status == 3
    assert errors.startswith(f"no answer from {client.url}: ")

    status, _, errors = run_bot(Path(vault.path), key.with_name("lost.key"), client.url)
    assert status == 2
    assert errors.startswith("the vault refused (not_found): ")


# ---- the broker ----


BROKER_USER, BROKER_PASSWORD, SEED = "AB1234567890", "a password", b"12345678901234567890"


@pytest.fixture
def broker() -> Iterator[str]:
    """Start the broker, and return its address."""
    user = {"user": BROKER_USER, "password": BROKER_PASSWORD, "totp_secret": base64.b32encode(SEED).decode()}
    with python("broker.py", stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"users": [user]}) + "\n")
        process.stdin.flush()
        yield process.stdout.readline().strip()


def log_in(url: str, **login: object) -> tuple[int, Any]:
    request = Request(f"{url}/login", json.dumps(login).encode())
    try:
        with NO_PROXY.open(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_the_broker_makes_the_codes_of_rfc_6238() -> None:
    code_of = runpy.run_path(str(EXAMPLES / "broker.py"))["code_of"]
    seconds = [59, 1111111109, 1111111111, 1234567890, 2000000000, 20000000000]
    # Appendix B, whose codes have eight digits.
    expected = ["94287082", "07081804", "14050471", "89005924", "69279037", "65353130"]
    assert [code_of(SEED, at // 30) for at in seconds] == [code[2:] for code in expected]


def test_the_broker_takes_a_code_once(broker: str) -> None:
    right = {"user": BROKER_USER, "password": BROKER_PASSWORD}
    code = strongroom.Totp(SEED).now()
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    assert log_in(broker, **right, code=wrong) == (401, {"error": "wrong code"})
    assert log_in(broker, user=BROKER_USER, password="x", code=code) == (401, {"error": "wrong user or password"})
    assert log_in(broker, user="x", password=BROKER_PASSWORD, code=code) == (401, {"error": "wrong user or password"})
    assert log_in(broker, **right, code=code)[0] == 200
    assert log_in(broker, **right, code=code) == (401, {"error": "this code was used before"})


def test_a_bot_logs_in_with_a_code_and_is_refused_once_revoked(broker: str, tmp_path: Path) -> None:
    vault = strongroom.create(tmp_path / "bots.vault", key=strongroom.generate_key())
    fields = {"password": BROKER_PASSWORD, "totp": base64.b32encode(SEED).decode()}
    vault.put("broker/login", fields, info={"username": BROKER_USER})
    vault.grant("desk-1", ["broker"]).write(tmp_path / "desk-1.key")

    def run() -> tuple[int | None, str, str]:
        key = str(tmp_path / "desk-1.key")
        with python(
            "broker_login.py", STRONGROOM_VAULT=vault.path, STRONGROOM_KEY_FILE=key, BROKER_URL=broker
        ) as process:
            output, errors = process.communicate(timeout=60)
            return process.returncode, output, errors

    status, output, errors = run()
    assert (status, errors) == (0, "")
    assert "logged in" in output
    assert BROKER_PASSWORD not in output
    vault.update("broker/login", {"password": "x"})
    status, _, errors = run()
    assert status == 1
    assert errors.startswith("the broker refused: 401 ")
    vault.revoke("desk-1")
    assert run()[0] == 2


# ---- the demo ----


def secrets() -> list[str]:
    """Return the values of the demo's `.env`, in which a shell's quotes mean the same."""
    words = shlex.split((EXAMPLES / "demo.env").read_text(), comments=True)
    return [value for _, equals, value in (word.partition("=") for word in words) if equals]


def running_in(folder: Path) -> list[str]:
    """Return the ids of the processes that work in a folder, also if it was removed."""
    if sys.platform != "linux":
        listed = subprocess.run(["lsof", "-a", "-d", "cwd", "-Fpn"], stdout=subprocess.PIPE, text=True, check=False)
        return [part.split("\n")[0] for part in listed.stdout.split("\np") if str(folder) in part]
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            if str((process / "cwd").readlink()).startswith(str(folder)):
                found.append(process.name)
    return found


def nothing_is_left(process: "subprocess.Popen[str]", folder: Path) -> None:
    assert list(folder.iterdir()) == []
    assert running_in(folder) == []
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


on_unix = pytest.mark.skipif(sys.platform == "win32", reason="`make demo` is for Linux and macOS")


@on_unix
def test_the_demo_ends_well_and_leaves_nothing(tmp_path: Path) -> None:
    with python("demo.py", TMPDIR=str(tmp_path), PATH=os.environ["PATH"]) as process:
        output, errors = process.communicate(timeout=300)
    assert (process.returncode, errors) == (0, ""), output
    nothing_is_left(process, tmp_path)

    titles = [line for line in output.splitlines() if line[:1].isdigit()]
    assert [title.split(".")[0] for title in titles] == [str(number) for number in range(1, 12)]
    assert len(secrets()) == 10
    assert [value for value in secrets() if value in output] == []


# It is looked at before the exchange answers, and so must not have ended.
NO_ORDERS = """
import os, urllib.request
print("binance/main", flush=True)
urllib.request.urlopen(os.environ["EXCHANGE_URL"] + "/api/v3/time").read()
"""

ANYBODY = (EXAMPLES / "venues/okx.py").read_text().replace("return hmac.compare_digest(expected, ", "return bool(")
ANYTIME = (EXAMPLES / "venues/kraken.py").read_text().replace("account.used_nonce:", "-1:")


@on_unix
@pytest.mark.parametrize(
    ("program", "instead", "complaint"),
    [
        ("bot.py", NO_ORDERS, "the exchange has the two orders"),
        ("bot.py", "import sys; sys.exit('no')", "the bot opens the vault; it said: no"),
        ("exchange.py", "import sys; sys.stdin.readline()", "exchange.py tells its address"),
        ("venues/okx.py", ANYBODY, "each exchange refuses what was signed with another secret"),
        ("venues/kraken.py", ANYTIME, "Kraken takes a request once"),
    ],
    ids=["no orders", "no start", "no exchange", "no check of a signature", "no check of a nonce"],
)
def test_a_demo_that_goes_wrong_says_so_and_leaves_nothing(
    tmp_path: Path, program: str, instead: str, complaint: str
) -> None:
    copy = shutil.copytree(EXAMPLES, tmp_path / "examples")
    (copy / program).write_text(instead)
    (tmp_path / "node_modules").symlink_to(EXAMPLES.parent / "node_modules")
    folder = tmp_path / "folder"
    folder.mkdir()
    with python(str(copy / "demo.py"), TMPDIR=str(folder), PATH=os.environ["PATH"]) as process:
        _, errors = process.communicate(timeout=300)
    assert process.returncode == 1
    assert errors.startswith("\nThe demo failed: this should be true and is not: " + complaint)
    nothing_is_left(process, folder)


@on_unix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_stopped_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    with python("demo.py", "--pause", stdin=subprocess.PIPE, TMPDIR=str(tmp_path), PATH=os.environ["PATH"]) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n" * 4)
        process.stdin.flush()
        read_until(process.stdout, "They listen at")
        # The demo waits for a fifth Enter, and its exchange runs.
        assert running_in(tmp_path) != []
        process.send_signal(number)
        process.communicate(timeout=60)
    assert process.returncode == 128 + number
    nothing_is_left(process, tmp_path)


def read_until(stream: IO[str], text: str) -> None:
    """Read lines until one has the text."""
    seen: list[str] = []
    for line in stream:
        seen.append(line)
        if text in line:
            return
    pytest.fail("it ended before; it said: " + "".join(seen))
