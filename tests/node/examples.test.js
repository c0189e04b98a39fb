// The examples for Node, run as they stand there, before the exchange of the demo. Those for browsers are in tests/browser.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import test, { after } from "node:test";
import { Totp } from "strongroom/sync";
import { folder, ROOT, run, SECRET } from "./project.js";

const PYTHON = join(ROOT, ".venv", "bin", "python");
const SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
const PASSWORD = "correct horse battery staple";

/** A user whose hash another program wrote, and an API key. */
const IN_PYTHON = `
import sys, strongroom
password, seed, secret = sys.argv[1:]
key = strongroom.generate_key()
key.write("desk.key")
vault = strongroom.create("desk.vault", key=key)
weak = strongroom.PasswordHasher(kdf=strongroom.Kdf.pbkdf2()).hash(password)
vault.put("users/alice", {"password": weak, "totp": "otpauth://totp/Desk:alice?secret=" + seed})
vault.put("binance/main", {"secret": secret}, info={"api_key": "my-api-key"})
`;

const STORED = `
import strongroom
with strongroom.open("desk.vault", key_file="desk.key") as vault:
    stored = vault["users/alice"]["password"].reveal()
print(stored.split("$")[1], strongroom.verify_password("${PASSWORD}", stored))
`;

/** Starts a program that prints its address and then serves, until the tests have run. */
async function start(command, args, options, input) {
  const child = spawn(command, args, { ...options, stdio: ["pipe", "pipe", "pipe"] });
  after(() => child.kill());
  child.stdin.write(input);
  const printed = [];
  child.stderr.on("data", (part) => printed.push(part));
  const [address] = await Promise.race([
    once(createInterface({ input: child.stdout }), "line"),
    once(child, "exit").then(() => Promise.reject(new Error(Buffer.concat(printed).toString()))),
  ]);
  return { address, child, printed };
}

test("the Node server logs in, signs for the exchange, and renews an old hash", async () => {
  const into = await folder();
  await run(PYTHON, ["-c", IN_PYTHON, PASSWORD, SEED, SECRET], { cwd: into });
  const accounts = [{ api_key: "my-api-key", secret: SECRET, balances: { USDT: "1000", BTC: "0.5" } }];
  const exchange = await start(
    PYTHON,
    [join(ROOT, "examples", "exchange.py")],
    {},
    `${JSON.stringify({ accounts })}\n`,
  );
  const env = {
    ...process.env,
    EXCHANGE_URL: exchange.address,
    STRONGROOM_VAULT: join(into, "desk.vault"),
    STRONGROOM_KEY_FILE: join(into, "desk.key"),
    PORT: "0",
  };
  const server = await start(process.execPath, [join(ROOT, "examples", "node-server.js")], { env }, "");

  const login = (fields) => {
    const body = new URLSearchParams({ name: "alice", password: PASSWORD, code: "", ...fields });
    return fetch(`${server.address}/login`, { method: "POST", body, redirect: "manual" });
  };
  const balance = (cookie) => {
    return fetch(`${server.address}/balance`, { headers: cookie ? { cookie } : {}, redirect: "manual" });
  };
  assert.match(await (await fetch(server.address)).text(), /<form method="post" action="\/login">/);
  assert.equal((await balance()).status, 303, "nobody is logged in");
  assert.equal((await balance(`session=${"A".repeat(43)}`)).status, 303, "and no made-up session is");

  const code = Totp.fromSecret(SEED).now();
  assert.equal((await login({ name: "bob", code })).status, 401);
  assert.equal((await login({ name: "../alice", code })).status, 401);
  assert.equal((await login({ password: "wrong", code })).status, 401);
  assert.equal((await login({ code: "1" })).status, 401);
  assert.equal((await login({ name: "x".repeat(20_000) })).status, 413);

  const welcome = await login({ code });
  assert.equal(welcome.status, 303);
  const [cookie] = welcome.headers.get("set-cookie").split(";");
  assert.equal(await (await balance(cookie)).text(), "0.5 BTC\n1000 USDT\n");
  assert.equal((await login({ code })).status, 401, "a code works once");
  assert.equal((await fetch(`${server.address}/elsewhere`)).status, 404);

  server.child.kill("SIGTERM");
  const [status] = await once(server.child, "exit");
  assert.equal(status, 0);
  assert.equal((await run(PYTHON, ["-c", STORED], { cwd: into })).stdout, "argon2id True\n");
  const logged = Buffer.concat(server.printed).toString();
  assert.equal(logged, "RangeError\n", "and nothing of what was sent is in the log");
});

test("an order is signed and taken, and one that the exchange refuses is told", async () => {
  const into = await folder();
  await run(PYTHON, ["-c", IN_PYTHON, PASSWORD, SEED, SECRET], { cwd: into });
  const outcomes = [];
  for (const balances of [{ USDT: "1000" }, { USDT: "1" }]) {
    const accounts = `${JSON.stringify({ accounts: [{ api_key: "my-api-key", secret: SECRET, balances }] })}\n`;
    const { address } = await start(PYTHON, [join(ROOT, "examples", "exchange.py")], {}, accounts);
    const env = {
      ...process.env,
      EXCHANGE_URL: address,
      STRONGROOM_VAULT: join(into, "desk.vault"),
      STRONGROOM_KEY_FILE: join(into, "desk.key"),
    };
    const { stdout, stderr, code } = await run(process.execPath, [join(ROOT, "examples", "sign.js")], { env }).catch(
      (failure) => failure,
    );
    outcomes.push([stdout, stderr, code ?? 0]);
  }
  assert.deepEqual(outcomes, [
    ["order 1: BUY 0.01 BTCUSDT at 50000, NEW\n", "", 0],
    ["", "the exchange refused: Account has insufficient balance for requested action.\n", 1],
  ]);
});
