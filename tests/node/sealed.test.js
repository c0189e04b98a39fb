// @ts-check
/** Every case of tests/vectors/sealed.json and fernet.json, over both faces of the package, and what only JavaScript has. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { FACES, outcome } from "./faces.js";
import { hex, text, vectors } from "./vectors.js";

const SEALED = vectors("sealed.json").cases;
const FERNET = vectors("fernet.json").cases;
const AT = 1_700_000_000;

/** @param {Uint8Array} bytes */
const toHex = (bytes) => Buffer.from(bytes).toString("hex");

for (const [face, api] of FACES) {
  describe(face, () => {
    const counts = { opened: 0, refused: 0 };

    /** What is read, or the code of the error. @param {any} given @param {() => any} read */
    async function check(given, read) {
      let value;
      const code = await outcome(async () => {
        value = await read();
      });
      assert.equal(code, given.expect === "plaintext" ? "ok" : given.expect);
      assert.deepEqual(value, code === "ok" ? given.plaintext : undefined);
      counts[code === "ok" ? "opened" : "refused"] += 1;
    }

    for (const given of SEALED) {
      test(`sealed: ${given.name}`, () =>
        check(given, async () => {
          const options = { associatedData: hex(given.associated_data) };
          return toHex(await api.unseal(given.key, hex(given.sealed), options));
        }));
    }

    for (const given of FERNET) {
      test(`fernet: ${given.name}`, () =>
        check(given, async () => {
          const [key, ...older] = given.keys;
          const fernet = await api.Fernet.fromKey(key, older);
          const token = text(given.token);
          const options =
            given.ttl_seconds === undefined ? {} : { ttlSeconds: given.ttl_seconds, at: given.unix_seconds };
          const data = toHex(await fernet.decrypt(token, options));
          assert.equal(toHex(await fernet.decrypt(new TextEncoder().encode(token), options)), data);
          assert.equal(await fernet.extractTimestamp(token), given.timestamp);
          const rotated = await fernet.rotate(token);
          const present = await api.Fernet.fromKey(key);
          assert.equal(toHex(await present.decrypt(rotated)), data);
          assert.equal(await present.extractTimestamp(rotated), given.timestamp);
          return data;
        }));
    }

    test("all of them were asked", () => {
      assert.equal(counts.opened + counts.refused, SEALED.length + FERNET.length);
      assert.ok(counts.opened >= 30 && counts.refused >= 75);
    });

    test("what is sealed is opened, as text and as bytes", async () => {
      const key = await api.generateKey();
      for (const data of ["", "schlüssel", new Uint8Array(100_000).fill(7)]) {
        const sealed = await api.seal(key, data, { associatedData: "user 17" });
        const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
        assert.equal(sealed.length, bytes.length + 40);
        const associatedData = new TextEncoder().encode("user 17");
        assert.deepEqual(await api.unseal(key, sealed, { associatedData }), bytes);
        assert.equal(await outcome(() => api.unseal(key, sealed)), "decrypt");
        assert.notDeepEqual(await api.seal(key, data, { associatedData: "user 17" }), sealed);
      }
    });

    test("a token may be of many mebibytes", async () => {
      const fernet = await api.Fernet.fromKey(await api.Fernet.generateKey());
      const bytes = new Uint8Array(9 << 20).fill(7);
      assert.deepEqual(await fernet.decrypt(await fernet.encrypt(bytes)), bytes);
    });

    test("a token has a time, which is now by default", async () => {
      const fernet = await api.Fernet.fromKey(await api.Fernet.generateKey());
      const token = await fernet.encrypt("hello", { at: new Date(AT * 1000) });
      assert.equal(await fernet.extractTimestamp(token), AT);
      assert.equal(await outcome(() => fernet.decrypt(token, { ttlSeconds: 60, at: AT + 60.9 })), "ok");
      assert.equal(await outcome(() => fernet.decrypt(token, { ttlSeconds: 60, at: AT + 61 })), "decrypt");
      assert.equal(await outcome(() => fernet.decrypt(token, { ttlSeconds: 60 })), "decrypt");
      assert.equal(await outcome(() => fernet.decrypt(token, { at: AT })), "invalid_input");
      const fresh = await fernet.encrypt(new Uint8Array(3));
      assert.deepEqual(await fernet.decrypt(fresh, { ttlSeconds: 3600 }), new Uint8Array(3));
    });
  });
}

test("a token of one face is read by the other", async () => {
  const [[, worker], [, here]] = /** @type {[typeof FACES[0], typeof FACES[0]]} */ (FACES);
  const key = await worker.Fernet.generateKey();
  const [one, other] = [await worker.Fernet.fromKey(key), await here.Fernet.fromKey(key)];
  assert.equal(new TextDecoder().decode(await other.decrypt(await one.encrypt("hello"))), "hello");
  assert.equal(new TextDecoder().decode(await one.decrypt(await other.encrypt("hello"))), "hello");
});
