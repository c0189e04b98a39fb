// A small web server in front of an exchange: a login with password and one-time code, and a balance that is asked for with
// a signed request. Node's http and nothing else.
//
//     STRONGROOM_VAULT=desk.vault STRONGROOM_KEY_FILE=desk.key EXCHANGE_URL=... node node-server.js
//
// The vault has `users/NAME` with the fields `password` (a hash of any common format) and `totp` (an otpauth:// URI), and
// `binance/main` with `secret` and the info `api_key`. No other process may write it while this one runs. It serves on
// loopback, on PORT or a free one; in front of it belongs what speaks HTTPS.

import { randomBytes } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createGuard, StrongroomError, Totp, Vault, verifyAndUpdate, verifyDummy } from "strongroom";

const {
  STRONGROOM_VAULT,
  STRONGROOM_KEY_FILE,
  EXCHANGE_URL = "https://testnet.binance.vision",
  PORT = "0",
} = process.env;
const MAX_BODY_BYTES = 10_000;
const SESSION_MS = 8 * 3_600_000;

const FORM = `<!doctype html><meta charset="utf-8"><title>Login</title><meta name="viewport" content="width=device-width">
<form method="post" action="/login">
<p><label>Name <input name="name" autocomplete="username" required></label>
<p><label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<p><label>Code <input name="code" autocomplete="one-time-code" inputmode="numeric" required></label>
<p><button>Log in</button>
</form>`;
const REFUSED = "Name, password or code is wrong, or the code was used: wait for the next one.\n";

const vault = await Vault.open(await readFile(STRONGROOM_VAULT), { key: await readFile(STRONGROOM_KEY_FILE, "utf8") });
const guard = await createGuard(); // in this process alone; with several, give it a state that they share
const sessions = new Map();

/** Answers one request: with a status, a body, and headers. */
async function respond(request) {
  switch (`${request.method} ${request.url}`) {
    case "GET /":
      return [200, FORM, { "Content-Type": "text/html" }];
    case "POST /login":
      return login(new URLSearchParams(await body(request)));
    case "GET /balance":
      return isLoggedIn(request) ? balance() : [303, "", { Location: "/" }];
    default:
      return [404, "There is no such page.\n"];
  }
}

async function login(form) {
  const [name, password, code] = ["name", "password", "code"].map((part) => form.get(part) ?? "");
  const user = `users/${name}`;
  if (!vault.has(user)) {
    await verifyDummy(password); // as slow as for a user that exists
    return [401, REFUSED];
  }
  const entry = vault.entry(user);
  const { ok, newHash } = await verifyAndUpdate(password, await entry.reveal("password"));
  if (!ok) {
    return [401, REFUSED];
  }
  const totp = await Totp.fromUri(await entry.reveal("totp"));
  const verdict = await guard.verify(name, totp, code);
  if (verdict.outcome === "throttled") {
    const seconds = String(Math.ceil(verdict.retryAfter));
    return [429, `Too many wrong codes: wait ${seconds} seconds.\n`, { "Retry-After": seconds }];
  }
  if (verdict.outcome !== "accepted") {
    return [401, REFUSED];
  }
  if (newHash !== null) {
    await vault.update(user, { password: newHash }); // its format or its cost was out of date
    await save();
  }
  const token = randomBytes(32).toString("base64url");
  sessions.set(token, Date.now() + SESSION_MS);
  const cookie = `session=${token}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${SESSION_MS / 1000}`;
  return [303, "", { Location: "/balance", "Set-Cookie": cookie }];
}

function isLoggedIn(request) {
  const [, token] = /(?:^|; )session=([\w-]{43})(?:;|$)/.exec(request.headers.cookie ?? "") ?? [];
  return (sessions.get(token) ?? 0) > Date.now();
}

async function balance() {
  const account = vault.entry("binance/main");
  const query = `recvWindow=5000&timestamp=${Date.now()}`;
  // The one line that needs the secret. It stays in the vault's worker: only the signature comes out.
  const signature = Buffer.from(await account.hmac("secret", query)).toString("hex");
  const answer = await fetch(`${EXCHANGE_URL}/api/v3/account?${query}&signature=${signature}`, {
    headers: { "X-MBX-APIKEY": account.info.api_key },
    signal: AbortSignal.timeout(10_000),
  });
  if (!answer.ok) {
    return [502, `The exchange answered with status ${answer.status}.\n`];
  }
  const { balances } = await answer.json();
  return [200, balances.map(({ asset, free }) => `${free} ${asset}\n`).join("")];
}

/** Stores the vault: a crash leaves the old file or the new one. */
async function save() {
  const beside = `${STRONGROOM_VAULT}.${randomBytes(8).toString("hex")}`;
  try {
    await writeFile(beside, await vault.seal(), { mode: 0o600, flush: true, flag: "wx" });
    await rename(beside, STRONGROOM_VAULT);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

async function body(request) {
  const parts = [];
  let length = 0;
  for await (const part of request) {
    length += part.length;
    if (length > MAX_BODY_BYTES) {
      throw new RangeError("the body is too large");
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

const server = createServer((request, response) => {
  respond(request)
    .catch((error) => {
      // Neither the answer nor the log repeats what was sent.
      console.error(error instanceof StrongroomError ? `${error.code}: ${error.message}` : error.name);
      return error instanceof RangeError ? [413, "That is too much.\n"] : [500, "That did not work; try again.\n"];
    })
    .then(([status, content, headers = {}]) => {
      response.writeHead(status, { "Content-Type": "text/plain", "Cache-Control": "no-store", ...headers });
      response.end(content);
    });
});
server.listen(Number(PORT), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));

process.once("SIGTERM", async () => {
  server.close();
  server.closeAllConnections();
  await vault.lock();
});
