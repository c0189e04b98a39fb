// @ts-check
/**
 * After `lock()`, no secret is left in the memory of the WebAssembly. With `strongroom/sync`, whose memory stays; a worker's is
 * freed with the worker.
 */

import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { test } from "node:test";

import * as api from "strongroom/sync";

import { collected } from "./garbage.js";
import { keyText, vectors } from "./vectors.js";

// The package's own instance: it is started already, so that this only hands it out.
const { initSync } = await import(new URL("./strongroom.js", import.meta.resolve("strongroom/sync")).href);
/** @type {WebAssembly.Memory} */
const memory = initSync().memory;

const CHEAP = api.Kdf.argon2id({ memoryKib: 19_456, passes: 2, lanes: 1 });

/** A secret that is nowhere else: letters, so that it can be text of any kind. @param {string} ending */
function canary(ending = "") {
  return `canary${randomBytes(30).toString("hex")}${ending}`;
}

/**
 * How often parts of the bytes are in the memory. Each part is looked for by itself, since what is freed is written over from its
 * beginning, and since a part is enough to give a secret away.
 *
 * @param {Uint8Array | string} secret
 */
function count(secret) {
  const [bytes, all] = [Buffer.from(secret), Buffer.from(memory.buffer)];
  assert.ok(bytes.length >= 16);
  let found = 0;
  for (let at = 0; at + 10 <= Math.min(bytes.length, 400); at += 10) {
    found += all.includes(bytes.subarray(at, at + 10)) ? 1 : 0;
  }
  return found;
}

/** @param {Record<string, Uint8Array | string>} secrets */
function assertGone(secrets, when = "at the end") {
  const left = Object.entries(secrets).filter(([, secret]) => count(secret) > 0);
  assert.deepEqual(
    left.map(([name, secret]) => `${name}: ${count(secret)} parts ${when}`),
    [],
  );
}

/** Uses secrets, of which nothing may be left right afterwards. @template T @param {() => T} use @param {Record<string, Uint8Array | string>} secrets */
function leavingNone(use, secrets) {
  const result = use();
  assertGone(secrets, `after ${String(use).replace("() => ", "")}`);
  return result;
}

/** The 32 bytes of a key, from its text. @param {string} text */
function keyBytes(text) {
  const raw = seedBytes(text.slice("STRONGROOM-KEY-1-".length));
  assert.equal(keyText(raw.toString("hex", 0, 8), raw.toString("hex", 8, 40)), text);
  return raw.subarray(8, 40);
}

/** The bytes of a secret in base32. @param {string} text */
function seedBytes(text) {
  const bits = [...text].map((digit) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(digit).toString(2).padStart(5, "0"));
  return Buffer.from((bits.join("").match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

test("a secret that is there is found, and no more once nobody can use it", async () => {
  const seeds = [randomBytes(20), randomBytes(20)];
  /** @type {unknown[]} */
  const held = seeds.map((seed, at) => (at === 0 ? api.Totp : api.Hotp).fromSecret(seed));
  assert.deepEqual(
    seeds.map((seed) => count(seed) > 0),
    [true, true],
  );
  held.length = 0;
  await collected(() => seeds.every((seed) => count(seed) === 0));
  // A vault that nobody locked is freed too.
  const key = (() => {
    const [key, vault] = [api.generateKey(), api.Vault.create({ key: api.generateKey() })];
    vault.put(`binance/${canary()}`, { secret: "one" });
    vault.grant("bot", { compartments: ["binance"] }, { key });
    return key;
  })();
  await collected(() => count(keyBytes(key)) === 0);
});

test("fields that are put, sealed, opened, revealed and used", () => {
  const key = api.generateKey();
  const seed = canary("A")
    .slice(6, 30)
    .toUpperCase()
    .replace(/[0189]/g, "A");
  const [text, long, bytes] = [canary(), canary("é漢字".repeat(100)), randomBytes(48)];
  const secrets = {
    text,
    long,
    bytes,
    seed,
    end: long.slice(-100),
    half: seedBytes(seed.slice(0, 24)).toString("hex"),
  };
  const uri = `otpauth://totp/a?secret=${seed}`;
  /** @template T @param {() => T} use @returns {T} */
  const use = (use) => leavingNone(use, secrets);
  const vault = api.Vault.create({ key });
  use(() => vault.put("binance/main", { text, long, bytes, totp: uri }));
  use(() => vault.update("binance/main", { text }));
  use(() => vault.stage("binance/main", { text, bytes }));
  use(() => vault.promote("binance/main"));
  use(() => vault.retire("binance/main"));
  use(() => vault.put("binance/other", { long, totp: uri }));
  use(() => vault.copy("binance/other", "kraken/main"));
  use(() => vault.rename("kraken/main", "kraken/other"));
  use(() => vault.removeField("kraken/other", "long"));
  assert.throws(() => vault.put("binance/main", { text, wrong: /** @type {any} */ (5) }), { code: "invalid_input" });
  const sealed = use(() => vault.seal());
  use(() => vault.lock());
  const again = use(() => api.Vault.open(sealed, { key }));
  const [main, other] = [again.entry("binance/main"), again.entry("binance/other")];
  assert.equal(
    use(() => main.reveal("text")),
    text,
  );
  assert.deepEqual(Buffer.from(/** @type {Uint8Array} */ (use(() => main.reveal("bytes")))), bytes);
  assert.equal(
    use(() => other.reveal("long")),
    long,
  );
  use(() => other.hmac("long", text));
  use(() => main.hmac("bytes", "message", "sha512"));
  use(() => other.totp.now());
  use(() => other.totp.fresh(0));
  again.lock();
  assertGone(secrets);
});

test("keys that requests are signed with, and what else of an entry is in a request", () => {
  const at = { timestampMs: 1_700_000_000_000 };
  /** @type {Record<string, [Record<string, string>, Record<string, Uint8Array>, (entry: Entry) => unknown]>} */
  const uses = {
    "an HMAC key and a passphrase": [
      { secret: canary(), password: canary() },
      {},
      (entry) => {
        const [rest, socket] = [entry.signer("okx"), entry.signer("okx/websocket")];
        rest.sign("POST", "/api/v5/trade/order", { ...at, body: '{"instId":"BTC-USDT"}' });
        entry.signer("kucoin").sign("GET", "/api/v1/accounts", at);
        return socket.login(at);
      },
    ],
    "an HMAC key in base64": [
      { secret: Buffer.from(canary()).toString("base64") },
      {},
      (entry) => entry.signer("kraken").sign("POST", "/0/private/Balance", at),
    ],
    "an Ed25519 key": [
      ...keyOf("ed25519", {}, ["d"]),
      (entry) => {
        entry.signer("coinbase").sign("GET", "/api/v3/brokerage/accounts", at);
        return entry.signer("binance").sign("GET", "/api/v3/account", at);
      },
    ],
    "a P-256 key": [
      ...keyOf("ec", { namedCurve: "P-256" }, ["d"]),
      (entry) => entry.signer("coinbase").sign("GET", "/api/v3/brokerage/accounts", at),
    ],
    "an RSA key": [
      ...keyOf("rsa", { modulusLength: 2048 }, ["d", "p", "q", "dp", "dq", "qi"]),
      (entry) => entry.signer("binance").sign("GET", "/api/v3/account", at),
    ],
    "a secp256k1 key": [
      ...keyOf("ec", { namedCurve: "secp256k1" }, ["d"]),
      (entry) => entry.signer("hyperliquid").sign("POST", "/exchange", { ...at, body: '{"type":"dummy"}' }),
    ],
  };
  for (const [what, [fields, numbers, use]] of Object.entries(uses)) {
    const vault = api.Vault.create({ key: api.generateKey() });
    vault.put("exchange/main", fields, { info: { api_key: "my-key" } });
    assertGone(fields, `after ${what} was put`);
    const entry = vault.entry("exchange/main");
    for (let round = 0; round < 3; round++) {
      use(entry);
    }
    if (what.includes("RSA")) {
      assert.ok(count(numbers.d ?? assert.fail()) > 0, "it is held");
    }
    vault.lock();
    assertGone({ ...fields, ...numbers }, `after ${what} was locked`);
  }
});

/** @typedef {import("strongroom/sync").Entry} Entry */

/**
 * A new private key as a field of PKCS#8 in base64, and its numbers, which are in memory with the lowest byte first.
 *
 * @param {string} type
 * @param {object} options
 * @param {string[]} members
 * @returns {[{ private_key: string, secret: string }, Record<string, Uint8Array>]}
 */
function keyOf(type, options, members) {
  const { privateKey } = /** @type {any} */ (generateKeyPairSync)(type, options);
  const [jwk, der] = [privateKey.export({ format: "jwk" }), privateKey.export({ type: "pkcs8", format: "der" })];
  const numbers = members.flatMap((name) => {
    const number = Buffer.from(jwk[name], "base64url");
    return [
      [`${name} from its highest byte`, number],
      [name, Buffer.from(number).reverse()],
    ];
  });
  const secret = der.toString("base64");
  return [{ secret, private_key: secret }, Object.fromEntries(numbers)];
}

test("keys that are made, given, granted and re-keyed", () => {
  /** @param {string} text */
  const both = (text) => ({ text: text.slice(17), bytes: keyBytes(text) });
  const key = api.generateKey();
  const given = api.generateKey();
  assertGone(both(key), "after generateKey()");
  const vault = leavingNone(() => api.Vault.create({ key }), both(key));
  vault.put("binance/main", { secret: "one" });
  const access = { compartments: ["binance"] };
  leavingNone(() => vault.grant("given", access, { key: given }), both(given));
  const granted = /** @type {string} */ (vault.grant("bot", access));
  assertGone(both(granted), "after grant()");
  const sealed = vault.seal();
  vault.revoke("given");
  const { keys } = leavingNone(() => vault.rekey([{ key }, { key: granted }]), both(granted));
  assert.equal(Object.keys(keys).length, 2);
  for (const made of Object.values(keys)) {
    assertGone(both(made), "after rekey()");
  }
  vault.lock();
  leavingNone(() => api.Vault.open(sealed, { key: granted }), both(granted)).lock();
  for (const text of [key, given, granted, ...Object.values(keys)]) {
    assertGone(both(text));
  }
});

test("passphrases that are given, wrong, changed and not of ASCII", () => {
  const [right, wrong, next] = [canary(), canary("é漢字"), canary("ü and much more ".repeat(20))];
  const vault = api.Vault.create({ passphrase: right, kdf: CHEAP });
  const sealed = vault.seal();
  assert.throws(() => api.Vault.open(sealed, { passphrase: wrong }), { code: "decrypt" });
  const again = api.Vault.open(sealed, { passphrase: right });
  again.changePassphrase("owner", next, { kdf: CHEAP });
  assert.throws(() => again.rekey([{ passphrase: wrong }]), { code: "decrypt" });
  again.rekey([{ passphrase: next }]);
  again.lock();
  vault.lock();
  assertGone({ right, wrong, next, end: next.slice(-40) });
});

test("passwords that are hashed and verified, of every format", () => {
  const password = canary("é");
  const stored = api.hashPassword(password);
  assert.equal(api.verifyPassword(password, stored), true);
  assert.equal(api.verifyAndUpdate(new TextEncoder().encode(password), stored).ok, true);
  assert.equal(api.verifyDummy(password), false);
  const pepper = randomBytes(32);
  const peppered = api.createPasswordHasher({ kdf: CHEAP, pepper: { keyId: "1", secret: pepper } });
  assert.equal(peppered.verify(password, peppered.hash(password)), true);
  const hasher = api.createPasswordHasher();
  const formats = new Map();
  for (const { expect, stored: hash, format } of vectors("password.json").cases) {
    if (expect === "right" && typeof hash === "string" && !formats.has(format)) {
      formats.set(format, hash);
      assert.equal(hasher.verify(password, hash), false);
    }
  }
  assert.ok(formats.size > 20, String(formats.size));
  assertGone({ password });
});

test("codes, their secrets and URIs", () => {
  const totp = api.Totp.generate();
  const hotp = api.Hotp.generate();
  /** Of a URI, what is not the same in all of them and so in the code. @param {string} secret */
  const part = (secret) => (secret.startsWith("otpauth") ? secret.slice(secret.search(/(?<=secret=|data=)/)) : secret);
  /** @template {string} T @param {() => T} use */
  const text = (use) => {
    const secret = use();
    assertGone({ secret: part(secret) }, `after ${use}`);
    return secret;
  };
  const one = text(() => totp.revealSecret());
  text(() => hotp.revealSecret());
  const uri = text(() => totp.uri("alice", "Example"));
  text(() => hotp.uri("alice", "Example", 5));
  const drawn = api.qrSvg(uri);
  assertGone(
    { uri: part(uri), drawn: drawn.slice(drawn.indexOf(" d=")), middle: drawn.slice(1000, 1300) },
    "after qrSvg()",
  );
  text(() => api.qrTerminal(uri));
  const account = leavingNone(() => api.readAccount(uri), { uri: part(uri) });
  text(() => account.toUri());
  const exported = text(() => api.writeMigration([account])[0] ?? assert.fail());
  leavingNone(() => api.readMigration([exported]), { exported: part(exported) });
  leavingNone(() => api.Totp.fromUri(uri), { uri: part(uri) });
  leavingNone(() => api.Hotp.fromSecret(one), { one });
  assert.equal(totp.verify(totp.now()) === null, false);
  assert.equal(hotp.verify(hotp.at(5), 5), 6);
  for (const { code } of api.generateRecoveryCodes(3)) {
    assertGone({ code }, "after generateRecoveryCodes()");
    leavingNone(() => api.verifyRecoveryCode(code, []), { code });
  }
  // The secrets are held still, since the objects are.
  assert.ok(count(seedBytes(one)) > 0);
});
