// @ts-check
/** The vault through the npm package: what a worker, or none, adds to what Rust's own tests prove. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Kdf } from "strongroom";

import { FACES, outcome } from "./faces.js";

const CHEAP = Kdf.argon2id({ memoryKib: 19_456, passes: 2, lanes: 1 });

/** @param {import("./faces.js").Api} api */
async function made(api) {
  const key = await api.generateKey();
  const vault = await api.Vault.create({ key });
  await vault.put(
    "binance/main",
    { secret: "s-1", totp: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" },
    { info: { api_key: "k" } },
  );
  return { key, vault };
}

for (const [face, api] of FACES) {
  describe(face, () => {
    test("a vault is made, changed, sealed and opened", async () => {
      const { key, vault } = await made(api);
      const now = Date.now() / 1000;
      assert.deepEqual(
        [vault.isChanged, vault.locked, vault.openedBy.scope, vault.openedBy.label],
        [true, false, "owner", "owner"],
      );
      assert.deepEqual(vault.compartments, [{ name: "binance", entries: 1, damaged: null }]);
      const options = {
        info: { user: "u" },
        kind: "login",
        tags: ["b", "a"],
        note: "n",
        expiresAt: 2e9,
        rotateAfter: new Date(1000),
      };
      assert.equal(await vault.put("kraken/main", { bytes: new Uint8Array([0, 255]) }, options), 1);
      assert.equal(await vault.update("kraken/main", { more: "m" }, { note: "m", ifVersion: 1 }), 2);
      assert.equal(await outcome(() => vault.update("kraken/main", { more: "m" }, { ifVersion: 1 })), "conflict");
      assert.equal(await vault.stage("kraken/main", { more: "staged" }), 3);
      assert.equal(vault.entry("kraken/main").version, 2);
      assert.equal(await vault.promote("kraken/main"), 3);
      assert.deepEqual(
        (await vault.versions("kraken/main")).map(({ version, state }) => [version, state]),
        [
          [3, "current"],
          [2, "previous"],
        ],
      );
      const old = (await vault.versions("kraken/main"))[1];
      assert.deepEqual(await old?.fieldNames(), ["bytes", "more"]);
      assert.deepEqual(await old?.reveal("bytes"), new Uint8Array([0, 255]));
      assert.deepEqual(
        [old?.tags, old?.kind, old?.note, old?.expiresAt, old?.rotateAfter],
        [["a", "b"], "login", "m", 2e9, 1],
      );
      await vault.retire("kraken/main");
      assert.equal((await vault.versions("kraken/main")).length, 1);
      await vault.rename("kraken/main", "other/one");
      await vault.copy("other/one", "binance/two");
      assert.equal(await vault.removeField("other/one", "more"), 4);
      await vault.remove("binance/two");
      assert.deepEqual(vault.names(), ["binance/main", "other/one"]);
      assert.deepEqual(
        vault.entries().map(({ name }) => name),
        vault.names(),
      );
      assert.deepEqual([vault.has("binance/main"), vault.has("binance/two")], [true, false]);
      assert.deepEqual(await vault.find({ compartment: "binance" }), ["binance/main"]);
      assert.deepEqual(await vault.find({ tag: "none" }), []);
      assert.deepEqual(await vault.find({}), vault.names());
      const sealed = await vault.seal();
      assert.equal(vault.isChanged, false);
      await vault.put("binance/three");
      assert.equal(vault.isChanged, true);
      await vault.discard();
      assert.deepEqual([vault.isChanged, vault.has("binance/three")], [false, false]);
      await vault.removeCompartment("other");
      assert.deepEqual(vault.names(), ["binance/main"]);
      await vault.lock();
      const again = await api.Vault.open(sealed, { key });
      assert.deepEqual(again.names(), ["binance/main", "other/one"]);
      const { created, updated } = again.entry("binance/main");
      assert.ok(Math.abs(created - now) < 60 && updated >= created);
      await again.lock();
    });

    test("holders see their compartments, until they are revoked", async () => {
      const { vault } = await made(api);
      await vault.put("kraken/main", { secret: "s-2" });
      const bot = /** @type {string} */ (await vault.grant("bot", { compartments: ["binance"] }));
      const other = await api.generateKey();
      assert.equal(await vault.grant("other", { compartments: ["binance", "kraken"] }, { key: other }), null);
      assert.equal(await vault.grant("boss", "owner", { passphrase: "correct horse", kdf: CHEAP }), null);
      assert.deepEqual(
        vault.slots
          .map(({ label, scope, factors, kdf, compartments }) => [label, scope, factors, kdf, compartments])
          .sort(),
        [
          ["boss", "owner", "passphrase", CHEAP, null],
          ["bot", "holder", "key", null, ["binance"]],
          ["other", "holder", "key", null, ["binance", "kraken"]],
          ["owner", "owner", "key", null, null],
        ],
      );
      const sealed = await vault.seal();
      const pin = await vault.pinFor("bot");
      const holder = await api.Vault.open(sealed, { key: bot, pin });
      assert.deepEqual([holder.openedBy.scope, holder.openedBy.label, holder.slots], ["holder", null, []]);
      assert.deepEqual(holder.names(), ["binance/main"]);
      assert.equal(await outcome(() => holder.entry("kraken/main")), "no_access");
      assert.equal(await outcome(() => holder.put("kraken/main")), "no_access");
      assert.equal(await outcome(() => holder.entry("binance/none")), "not_found");
      assert.equal(await outcome(() => holder.entry("binance")), "invalid_input");
      assert.equal(await outcome(() => vault.entry("none/main")), "not_found");
      assert.deepEqual(await vault.revoke("other", { compartments: ["kraken"] }), {
        rotate: ["kraken/main"],
        dropped: [],
      });
      assert.deepEqual(await vault.revoke("bot"), { rotate: ["binance/main"], dropped: [] });
      const later = await vault.seal();
      assert.equal(await outcome(() => api.Vault.open(later, { key: bot })), "decrypt");
      assert.equal(await holder.reload(sealed), false);
      assert.equal(await outcome(() => holder.reload(later)), "conflict");
      const boss = await api.Vault.open(later, { passphrase: "correct horse" });
      await boss.changePassphrase("boss", "battery staple", { kdf: CHEAP });
      await boss.strengthen(
        "boss",
        { passphrase: "battery staple" },
        api.Kdf.argon2id({ memoryKib: 19_456, passes: 3, lanes: 1 }),
      );
      const { keys, removed, rotate } = await boss.rekey([{ passphrase: "battery staple" }, { key: other }]);
      assert.deepEqual([Object.keys(keys), removed, rotate], [["other"], ["owner"], ["binance/main", "kraken/main"]]);
      const after = await api.Vault.open(await boss.seal(), { key: /** @type {string} */ (keys.other) });
      assert.deepEqual(after.names(), ["binance/main"]);
      for (const one of [vault, holder, boss, after]) {
        await one.lock();
      }
    });

    test("an entry is of the version that it was read in", async () => {
      const { vault } = await made(api);
      const entry = vault.entry("binance/main");
      assert.equal(await entry.reveal("secret"), "s-1");
      assert.equal(await outcome(() => entry.reveal("none")), "not_found");
      await vault.put("binance/main", { secret: "s-2" });
      for (const use of [
        () => entry.reveal("secret"),
        () => entry.hmac("secret", "m"),
        () => entry.fieldNames(),
        () => entry.totp.now(),
      ]) {
        assert.equal(await outcome(use), "conflict");
      }
      assert.equal(await vault.entry("binance/main").reveal("secret"), "s-2");
      await vault.remove("binance/main");
      assert.equal(await outcome(() => entry.reveal("secret")), "not_found");
      await vault.lock();
    });

    test("a locked vault answers nothing, and can be locked again", async () => {
      const { vault } = await made(api);
      const entry = vault.entry("binance/main");
      const locks = [vault.lock(), vault.lock()];
      assert.equal(vault.locked, true);
      await Promise.all(locks);
      await vault.lock();
      assert.equal(vault.isChanged, false);
      /** @type {Record<string, () => unknown>} */
      const uses = {
        openedBy: () => vault.openedBy,
        slots: () => vault.slots,
        compartments: () => vault.compartments,
        damage: () => vault.damage,
        names: () => vault.names(),
        has: () => vault.has("binance/main"),
        entry: () => vault.entry("binance/main"),
        entries: () => vault.entries(),
        find: () => vault.find(),
        put: () => vault.put("a/b", {}),
        seal: () => vault.seal(),
        pin: () => vault.pin(),
        grant: () => vault.grant("a", "owner"),
        discard: () => vault.discard(),
        reveal: () => entry.reveal("secret"),
        totp: () => entry.totp.now(),
        fieldNames: () => entry.fieldNames(),
      };
      for (const [name, use] of Object.entries(uses)) {
        assert.equal(await outcome(use), "locked", name);
      }
    });

    test("what writers change is put together, and a conflict is told", async () => {
      const { key, vault } = await made(api);
      const first = await vault.seal();
      const other = await api.Vault.open(first, { key });
      await other.put("binance/theirs", { secret: "t" });
      const theirs = await other.splice(first);
      await other.saved(theirs);
      assert.equal(other.isChanged, false);
      await vault.put("binance/ours", { secret: "o" });
      const both = await vault.splice(theirs);
      assert.equal(vault.isChanged, true);
      await vault.saved(both);
      assert.deepEqual(vault.names(), ["binance/main", "binance/ours", "binance/theirs"]);
      assert.equal(await other.reload(both), true);
      await other.put("binance/main", { secret: "theirs" });
      await vault.put("binance/main", { secret: "ours" });
      const stored = await other.splice(both);
      assert.equal(await outcome(() => vault.splice(stored)), "conflict");
      assert.equal(await outcome(() => vault.reload(stored)), "conflict");
      await vault.discard();
      assert.equal(await vault.reload(stored), true);
      assert.equal(await outcome(() => vault.reload(first)), "rollback");
      await Promise.all([vault.lock(), other.lock()]);
    });

    test("a vault over the limits, and hostile costs, are refused before work", async () => {
      assert.equal(await outcome(() => api.Vault.open(new Uint8Array((64 << 20) + 1), { passphrase: "x" })), "limit");
      assert.equal(await outcome(() => api.Vault.open(new ArrayBuffer((64 << 20) + 1), { passphrase: "x" })), "limit");
      const vault = await api.Vault.create({ passphrase: "x", kdf: CHEAP });
      const sealed = await vault.seal();
      await vault.lock();
      const at = Buffer.from(sealed).indexOf(Buffer.from([0, 0, 0x4c, 0])); // 19,456 KiB
      assert.ok(at > 0);
      for (const [memory, code] of /** @type {const} */ ([
        [[0, 4, 0, 1], "limit"],
        [[255, 255, 255, 255], "limit"],
        [[0, 0, 0x4b, 0], "weak_kdf"],
      ])) {
        const altered = sealed.slice();
        altered.set(memory, at);
        assert.equal(await outcome(() => api.Vault.open(altered, { passphrase: "x" })), code);
      }
      const costs = { memoryKib: 4_000_000, passes: 16, lanes: 1 };
      assert.equal(await outcome(() => api.Vault.create({ passphrase: "x", kdf: api.Kdf.argon2id(costs) })), "limit");
      assert.equal(
        await outcome(() => api.Vault.create({ passphrase: "x", kdf: api.Kdf.pbkdf2Sha512() })),
        "invalid_input",
      );
      const stored =
        "$argon2id$v=19$m=4194304,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$nIfAaJi8GFFmabVKi5XTbmIpRklNelXCbzkaBAYGjBk";
      assert.equal(await outcome(() => api.verifyPassword("x", stored)), "limit");
    });

    test("a passphrase is normalised, and a new one has only characters that are known", async () => {
      const vault = await api.Vault.create({ passphrase: "Zu\u0308rich \u1e9b\u0323", kdf: CHEAP });
      const sealed = await vault.seal();
      await vault.lock();
      for (const passphrase of ["Zürich \u1e9b\u0323", "Zu\u0308rich \u1e9b\u0323"]) {
        const again = await api.Vault.open(sealed, { passphrase });
        await again.lock();
      }
      assert.equal(await outcome(() => api.Vault.open(sealed, { passphrase: "Zürich \u1e69" })), "decrypt");
      assert.equal(await outcome(() => api.Vault.create({ passphrase: "a\u0378", kdf: CHEAP })), "invalid_input");
      assert.equal(await outcome(() => api.Vault.open(sealed, { passphrase: "a\u0378" })), "decrypt");
      assert.equal(
        await outcome(() => api.Vault.create({ passphrase: "a".repeat(1025), kdf: CHEAP })),
        "invalid_input",
      );
      // What shrinks to fit is let in: 1,024 bytes once it is normal.
      const long = await api.Vault.create({ passphrase: "u\u0308".repeat(512), kdf: CHEAP });
      await long.lock();
    });

    test("many calls at once are answered in their order", async () => {
      const { vault } = await made(api);
      const calls = Array.from({ length: 300 }, (_, at) => vault.put("binance/main", { secret: String(at) }));
      assert.deepEqual(
        await Promise.all(calls),
        Array.from({ length: 300 }, (_, at) => at + 2),
      );
      assert.equal(await vault.entry("binance/main").reveal("secret"), "299");
      const mixed = [
        outcome(() => vault.put("binance/a", { secret: "1" })),
        outcome(() => vault.remove("binance/none")),
        outcome(() => vault.rename("binance/a", "binance/b")),
        outcome(() => vault.put("binance/a", /** @type {any} */ ({ secret: 5 }))),
        outcome(() => vault.entry("binance/main").reveal("secret")),
      ];
      assert.deepEqual(await Promise.all(mixed), ["ok", "not_found", "ok", "invalid_input", "ok"]);
      await vault.lock();
    });
  });
}
