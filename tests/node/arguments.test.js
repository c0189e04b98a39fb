// @ts-check
/** Whatever is passed in place of an argument, of any call, is refused with a StrongroomError and breaks nothing. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { FACES, outcome } from "./faces.js";

/** @typedef {import("./faces.js").Api} Api */

const CODES = [
  "invalid_input",
  "limit",
  "not_found",
  "no_access",
  "exists",
  "decrypt",
  "format",
  "conflict",
  "weak_kdf",
];

class Thrower extends Error {}

/** What nobody expects. Made anew for each call, since some of it is used up by being copied. */
function oddities(isLarge = false) {
  const cyclic = /** @type {any} */ ({ secret: "x", info: {} });
  cyclic.info.self = cyclic;
  const thrower = () => {
    throw new Thrower("a getter that throws");
  };
  const sparse = /** @type {unknown[]} */ ([]);
  sparse.length = isLarge ? 4_000_000_000 : 100_000;
  const detached = new Uint8Array(4);
  structuredClone(detached, { transfer: [detached.buffer] });
  return new Map(
    Object.entries({
      null: null,
      number: 5,
      "a fraction": 0.5,
      "not a number": Number.NaN,
      infinity: Number.POSITIVE_INFINITY,
      "a number below": -1,
      bigint: 5n,
      true: true,
      symbol: Symbol("x"),
      function: () => "x",
      "lone surrogate": "binance/\ud800",
      "low surrogate": "\udc00/main",
      "nul in text": "binance/\0",
      "empty text": "",
      "long text": "x".repeat(isLarge ? 70_000_000 : 70_000),
      array: ["binance/main"],
      "sparse array": sparse,
      "nested array": [[["x"]]],
      date: new Date(Number.NaN),
      "date before": new Date(-1),
      regexp: /x/,
      map: new Map([["secret", "x"]]),
      promise: Promise.resolve("x"),
      bytes: new Uint8Array(3),
      "no bytes": detached,
      "shared bytes": new Uint8Array(new SharedArrayBuffer(8)),
      words: new Uint16Array(3),
      "unknown option": { unheard_of: 1 },
      remote: { remote: 1, facts: {} },
      "numbers in an object": { secret: 5, info: 5, tags: 5, key: 5, passphrase: 5, at: "now", compartments: 5 },
      "a surrogate in an object": { secret: "\ud800", note: "\udfff", key: "\ud800", passphrase: "\udc00" },
      "cyclic object": cyclic,
      "own __proto__": JSON.parse('{"__proto__": {"secret": "x"}, "constructor": 1}'),
      "getter that throws": Object.defineProperty({}, "secret", { enumerable: true, get: thrower }),
      "proxy that throws": new Proxy({}, { get: thrower, ownKeys: thrower, has: thrower, getPrototypeOf: thrower }),
      "array whose item throws": Object.defineProperty([], 0, { enumerable: true, get: thrower }),
      "proxy of an array": new Proxy(["a"], { get: thrower }),
      "subclass of bytes": new (class extends Uint8Array {
        get length() {
          throw new Thrower("a length that throws");
        }
      })(8),
      "date that throws": new (class extends Date {
        getTime() {
          throw new Thrower("a time that throws");
        }
      })(),
      "array of getters in an option": { tags: Object.defineProperty(["x"], 0, { enumerable: true, get: thrower }) },
      "name that is long": { ["x".repeat(100_000)]: "x" },
      "many names": Object.fromEntries(Array.from({ length: isLarge ? 70_000 : 300 }, (_, at) => [`n${at}`, "x"])),
    }),
  );
}

/** Those that get what is so large that copying it takes a while. */
const LARGE = new Set([
  "Vault.create",
  "readMigration",
  "writeMigration",
  "createGuard",
  "put",
  "Guard.verify",
  "hmac",
]);

/**
 * Every call that takes arguments, with good ones; each is replaced in turn.
 *
 * @param {Api} api
 */
async function calls(api) {
  const key = await api.generateKey();
  const vault = await api.Vault.create({ key });
  await vault.put("binance/main", { secret: "s", totp: "GEZDGNBVGY3TQOJQ" }, { info: { api_key: "k" } });
  const sealed = await vault.seal();
  const entry = vault.entry("binance/main");
  const totp = await api.Totp.generate();
  const hotp = await api.Hotp.generate();
  const signer = entry.signer("binance");
  const hasher = await api.createPasswordHasher({ kdf: api.Kdf.argon2id({ memoryKib: 19_456, passes: 2, lanes: 1 }) });
  const guard = await api.createGuard();
  const delivered = await api.createDeliveredCodes(new Uint8Array(16));
  const { record } = await delivered.issue("alice");
  const stored = "$argon2id$v=19$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$nIfAaJi8GFFmabVKi5XTbmIpRklNelXCbzkaBAYGjBk";
  const uri = await totp.uri("alice");
  const fernet = await api.Fernet.fromKey(await api.Fernet.generateKey());
  const [recovery] = await api.generateRecoveryCodes(1);
  const entryOptions = { info: { a: "b" }, kind: "k", tags: ["t"], note: "n", expiresAt: 5, rotateAfter: 5 };
  const at = 1_700_000_000;
  /** @type {[string, (...args: any[]) => unknown, unknown[]][]} */
  const list = [
    ["Vault.open", api.Vault.open, [sealed, { key }]],
    ["Vault.create", api.Vault.create, [{ key }]],
    ["Vault.passkeys", api.Vault.passkeys, [sealed]],
    ["Totp.fromSecret", api.Totp.fromSecret, ["GEZDGNBVGY3TQOJQ", { digits: 6 }]],
    ["Totp.fromUri", api.Totp.fromUri, [uri]],
    ["Totp.generate", api.Totp.generate, [{ digits: 6 }]],
    ["Hotp.fromSecret", api.Hotp.fromSecret, ["GEZDGNBVGY3TQOJQ", { digits: 6 }]],
    ["Hotp.generate", api.Hotp.generate, [{ digits: 6 }]],
    ["Fernet.fromKey", api.Fernet.fromKey, [await api.Fernet.generateKey(), [await api.Fernet.generateKey()]]],
    ["Fernet.encrypt", fernet.encrypt, ["x", { at }]],
    ["Fernet.decrypt", fernet.decrypt, [await fernet.encrypt("x"), { ttlSeconds: 60, at }]],
    ["Fernet.extractTimestamp", fernet.extractTimestamp, [await fernet.encrypt("x")]],
    ["Fernet.rotate", fernet.rotate, [await fernet.encrypt("x")]],
    ["seal", api.seal, [key, "x", { associatedData: "y" }]],
    ["unseal", api.unseal, [key, await api.seal(key, "x"), {}]],
    ["Kdf.argon2id", async (costs) => api.Kdf.argon2id(costs), [{ passes: 1 }]],
    ["Kdf.pbkdf2", async (costs) => api.Kdf.pbkdf2(costs), [{}]],
    ["Kdf.pbkdf2Sha512", async (costs) => api.Kdf.pbkdf2Sha512(costs), [{}]],
    ["hashPassword", hasher.hash, ["x"]],
    ["verifyPassword", api.verifyPassword, ["x", stored]],
    ["verifyAndUpdate", hasher.verifyAndUpdate, ["x", stored]],
    ["needsRehash", api.needsRehash, [stored]],
    ["verifyDummy", hasher.verifyDummy, ["x"]],
    ["identifyHash", api.identifyHash, [stored]],
    ["hashLike", hasher.hashLike, ["x", stored]],
    ["createPasswordHasher", api.createPasswordHasher, [{ maxPasses: 3 }]],
    ["readAccount", api.readAccount, [uri]],
    ["readMigration", api.readMigration, [await api.writeMigration([await api.readAccount(uri)])]],
    ["writeMigration", api.writeMigration, [[await api.readAccount(uri)]]],
    ["qrSvg", api.qrSvg, ["x"]],
    ["qrTerminal", api.qrTerminal, ["x", "dark"]],
    ["generateRecoveryCodes", api.generateRecoveryCodes, [1]],
    ["verifyRecoveryCode", api.verifyRecoveryCode, [recovery?.code, [recovery?.stored]]],
    ["createGuard", api.createGuard, [{ maxAttempts: 50 }]],
    ["createDeliveredCodes", api.createDeliveredCodes, [new Uint8Array(16), { attempts: 3 }]],
    ["has", async (name) => vault.has(name), ["binance/main"]],
    ["entry", async (name) => vault.entry(name), ["binance/main"]],
    ["find", vault.find, [{ tag: "x" }]],
    ["versions", vault.versions, ["binance/main"]],
    ["put", vault.put, ["other/main", { secret: "x" }, entryOptions]],
    ["update", vault.update, ["other/main", { secret: "x" }, { ...entryOptions }]],
    ["stage", vault.stage, ["other/main", { secret: "x" }, entryOptions]],
    ["promote", vault.promote, ["other/main"]],
    ["retire", vault.retire, ["other/main"]],
    ["rename", vault.rename, ["other/main", "other/two"]],
    ["copy", vault.copy, ["other/two", "other/three"]],
    ["removeField", vault.removeField, ["other/two", "secret"]],
    ["remove", vault.remove, ["other/two"]],
    ["removeCompartment", vault.removeCompartment, ["other"]],
    ["grant", vault.grant, ["bot", { compartments: ["binance"] }, {}]],
    [
      "changePassphrase",
      (label, passphrase, options) => vault.changePassphrase(label, passphrase, options),
      ["-", "x"],
    ],
    ["strengthen", vault.strengthen, ["-", { passphrase: "x" }, api.Kdf.argon2id()]],
    ["revoke", vault.revoke, ["bot", { dropDamaged: false }]],
    ["rekey", vault.rekey, [[{ key: await api.generateKey() }], { dropDamaged: false }]],
    ["pinFor", vault.pinFor, ["owner"]],
    ["splice", vault.splice, [sealed]],
    ["saved", vault.saved, [sealed]],
    ["reload", vault.reload, [sealed]],
    ["reveal", entry.reveal, ["secret"]],
    ["hmac", entry.hmac, ["secret", "message", "sha256"]],
    ["totpOf", (field) => entry.totpOf(field).now(), ["totp"]],
    ["totp.at", entry.totp.at, [at]],
    ["totp.step", entry.totp.step, [at]],
    ["totp.secondsRemaining", entry.totp.secondsRemaining, [at]],
    ["totp.fresh", entry.totp.fresh, [5, at]],
    ["signer", (recipe, options) => entry.signer(recipe, options).clockOffsetMs(), ["binance", {}]],
    ["readRecipe", api.readRecipe, ["binance"]],
    ["Signer.sign", signer.sign, ["GET", "/api/v3/account", { body: "", values: {}, timestampMs: at * 1000 }]],
    ["Signer.login", entry.signer("bybit/websocket").login, [{ nonce: "5", values: {} }]],
    ["Signer.learnClock", signer.learnClock, [at * 1000, at * 1000, at * 1000]],
    ["Signer.setClockOffsetMs", signer.setClockOffsetMs, [5]],
    ["Totp.uri", totp.uri, ["alice", "Example"]],
    ["Totp.withWindow", totp.withWindow, [1, 1]],
    ["Totp.withDrift", totp.withDrift, [1]],
    ["Totp.at", totp.at, [at]],
    ["Totp.step", totp.step, [at]],
    ["Totp.secondsRemaining", totp.secondsRemaining, [at]],
    ["Totp.verify", totp.verify, ["123456", { at, afterStep: 1 }]],
    ["Totp.resync", totp.resync, ["123456", "234567", { at, steps: 1, afterStep: 1 }]],
    ["Totp.fresh", totp.fresh, [{ minSeconds: 5, at, afterStep: 1 }]],
    ["Hotp.uri", hotp.uri, ["alice", "Example", 1]],
    ["Hotp.at", hotp.at, [1]],
    ["Hotp.verify", hotp.verify, ["123456", 1, 1]],
    ["Hotp.resync", hotp.resync, ["123456", "234567", 1, 1]],
    ["Guard.verify", guard.verify, ["alice", totp, "123456", { at }]],
    ["Guard.reset", guard.reset, ["alice", { at }]],
    ["DeliveredCodes.issue", delivered.issue, ["alice", { at }]],
    ["DeliveredCodes.verify", delivered.verify, [record, "alice", "123456", { at }]],
  ];
  return { vault, list, key };
}

/**
 * What is as good as what is expected, so that the call may succeed; everything else has to be refused.
 *
 * @param {string} name
 * @param {string} oddity
 * @param {unknown} good
 */
function isFine(name, oddity, good) {
  switch (true) {
    case name === "has": // it asks for nothing: what is no name is not there
      return true;
    case typeof good === "number":
      return (
        ["number", "a fraction", "date that throws"].includes(oddity) ||
        (/Drift$|OffsetMs$/.test(name) && oddity.endsWith("below"))
      );
    case good instanceof Uint8Array: // a key, or a secret
      return ["subclass of bytes", "shared bytes"].includes(oddity);
    case typeof good === "string":
      // Any text is one for a password, a code that was typed, a message, an account or a picture, and bytes for most of them.
      return TEXTS.has(oddity);
    case Array.isArray(good):
      return oddity === "array";
    default: // no option is given, of those there are; a date and the like have none
      return NO_OPTIONS.has(oddity) || (/Kdf|Guard|^signer/.test(name) && oddity === "promise");
  }
}

const TEXTS = new Set([
  ...["nul in text", "empty text", "long text", "lone surrogate", "low surrogate", "null"],
  ...["bytes", "no bytes", "shared bytes", "subclass of bytes"],
]);
const NO_OPTIONS = new Set([
  ...["date", "date before", "date that throws", "regexp", "map", "no bytes", "words", "getter that throws"],
]);

for (const [face, api] of FACES) {
  describe(face, () => {
    test("a wrong argument is refused, of every call", async (t) => {
      const { vault, list, key } = await calls(api);
      let refused = 0;
      for (const [name, call, good] of list) {
        await t.test(name, async () => {
          for (const at of good.keys()) {
            for (const [oddity, value] of oddities(LARGE.has(name))) {
              const args = good.map((arg, place) => (place === at ? value : arg));
              let result = /** @type {unknown} */ (undefined);
              const code = await outcome(async () => {
                const given = call(...args);
                // A refusal is a rejection where there are promises, not something that is thrown before there is one.
                assert.ok(face.endsWith("sync") || given instanceof Promise, `${oddity} at ${at}`);
                result = await given;
                await /** @type {any} */ (result)?.lock?.();
              });
              if (code === "ok") {
                assert.ok(isFine(name, oddity, good[at]), `${oddity} at ${at} was taken: ${String(result)}`);
              } else {
                assert.ok(CODES.includes(code), `${oddity} at ${at} gave ${code}`);
                refused += 1;
              }
            }
          }
          assert.notEqual(await outcome(() => call(...good)), "locked");
        });
      }
      // Nothing of it has harmed the vault or the engine.
      assert.equal(vault.locked, false);
      assert.equal(await vault.entry("binance/main").reveal("secret"), "s");
      const again = await api.Vault.open(await vault.seal(), { key });
      assert.deepEqual(again.damage, []);
      await again.lock();
      await vault.lock();
      assert.ok(refused > 3000, String(refused));
    });
  });
}
