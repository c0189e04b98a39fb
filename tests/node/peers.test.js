// @ts-check
/** Against libraries that others use: otplib and otpauth for one-time codes, hash-wasm for password hashes. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";

import {
  argon2d,
  argon2i,
  argon2id,
  argon2Verify,
  bcrypt,
  bcryptVerify,
  createSHA1,
  createSHA256,
  createSHA512,
  pbkdf2,
  scrypt,
} from "hash-wasm";
import * as OTPAuth from "otpauth";
import { createGuardrails, generateSync, verifySync } from "otplib";
import * as here from "strongroom/sync";

import { FACES } from "./faces.js";

const COUNT = process.env.STRONGROOM_SOAK ? 100_000 : 10_000;
const GUARDRAILS = createGuardrails({ MIN_SECRET_BYTES: 1, MAX_SECRET_BYTES: 256, MIN_PERIOD: 1, MAX_PERIOD: 86_400 });

/** Random bytes, repeatable: of a hash over a counter. @param {string} seed */
function stream(seed) {
  let counter = 0;
  const next = () => createHash("sha512").update(`${seed} ${counter++}`).digest();
  return {
    /** @param {number} length */
    bytes: (length) =>
      new Uint8Array(Buffer.concat(Array.from({ length: Math.ceil(length / 64) }, next)).subarray(0, length)),
    /** @param {number} end */
    below: (end) => next().readUIntBE(0, 6) % end,
  };
}

describe("one-time codes", () => {
  test(`${COUNT} random ones are those of otplib and otpauth, and each verifies the other's`, () => {
    const random = stream("one-time codes");
    for (let round = 0; round < COUNT; round++) {
      const secret = random.bytes(1 + random.below(round % 10 === 0 ? 128 : 40));
      const algorithm = /** @type {const} */ (["sha1", "sha256", "sha512"])[random.below(3)] ?? "sha1";
      const digits = /** @type {6 | 7 | 8} */ (6 + random.below(3));
      const upper = algorithm.toUpperCase();
      const context = `round ${round}`;
      if (round % 2 === 0) {
        const [period, at] = [1 + random.below(300), random.below(2 ** 37)];
        const totp = here.Totp.fromSecret(secret, { algorithm, digits, period });
        const code = totp.at(at);
        const asked = { secret, algorithm, digits, period, epoch: at, guardrails: GUARDRAILS };
        assert.equal(code, generateSync({ strategy: "totp", ...asked }), context);
        const theirs = new OTPAuth.TOTP({
          secret: new OTPAuth.Secret({ buffer: secret.buffer }),
          algorithm: upper,
          digits,
          period,
        });
        assert.equal(code, theirs.generate({ timestamp: at * 1000 }), context);
        assert.equal(theirs.validate({ token: code, timestamp: at * 1000, window: 0 }), 0, context);
        assert.equal(verifySync({ strategy: "totp", ...asked, token: code }).valid, true, context);
        const step = Math.floor(at / period);
        assert.equal(totp.verify(theirs.generate({ timestamp: at * 1000 }), { at }), step, context);
        if (step > 0) {
          // The window of one step back, in which another step may have the same code.
          const before = totp.verify(theirs.generate({ timestamp: (at - period) * 1000 }), { at });
          assert.ok(before === step - 1 || before === step, context);
        }
      } else {
        const counter = random.below(2 ** 47);
        const hotp = here.Hotp.fromSecret(secret, { algorithm, digits });
        const code = hotp.at(counter);
        const asked = { secret, algorithm, digits, counter, guardrails: GUARDRAILS };
        assert.equal(code, generateSync({ strategy: "hotp", ...asked }), context);
        const theirs = new OTPAuth.HOTP({
          secret: new OTPAuth.Secret({ buffer: secret.buffer }),
          algorithm: upper,
          digits,
        });
        assert.equal(code, theirs.generate({ counter }), context);
        assert.equal(theirs.validate({ token: code, counter, window: 0 }), 0, context);
        assert.equal(hotp.verify(theirs.generate({ counter }), counter), counter + 1, context);
      }
    }
  });
});

/** @param {Uint8Array} bytes @param {BufferEncoding} encoding */
const text = (bytes, encoding = "base64") => Buffer.from(bytes).toString(encoding).replaceAll("=", "");

for (const [face, api] of FACES) {
  describe(`${face} and hash-wasm`, () => {
    const rounds = process.env.STRONGROOM_SOAK ? 40 : 4;
    const passwords = Array.from(
      { length: rounds },
      (_, at) => text(stream(`password ${at}`).bytes(1 + 9 * at)) + (at % 2 ? "ü漢" : ""),
    );

    test("each verifies the Argon2 hashes of the other", async () => {
      for (const [at, password] of passwords.entries()) {
        const random = stream(`argon2 ${at}`);
        const costs = {
          iterations: 1 + random.below(3),
          memorySize: 64 << random.below(4),
          parallelism: 1 + random.below(4),
        };
        for (const make of [argon2id, argon2i, argon2d]) {
          const asked = { password, salt: random.bytes(16), hashLength: 32, ...costs };
          const stored = await make({ ...asked, outputType: "encoded" });
          assert.equal(await api.verifyPassword(password, stored), true, stored);
          assert.equal(await api.verifyPassword(`${password}x`, stored), false, stored);
          const { hashLike } = await api.createPasswordHasher();
          assert.equal(await hashLike(password, stored), stored);
        }
      }
      const ours = await api.hashPassword("correct horse");
      assert.equal(await argon2Verify({ password: "correct horse", hash: ours }), true);
      assert.equal(await argon2Verify({ password: "correct horsf", hash: ours }), false);
      const cheap = await api.createPasswordHasher({
        kdf: api.Kdf.argon2id({ memoryKib: 19_456, passes: 2, lanes: 1 }),
      });
      const { ok, newHash } = await cheap.verifyAndUpdate("correct horse", ours);
      assert.equal(ok, true);
      assert.equal(await argon2Verify({ password: "correct horse", hash: newHash ?? assert.fail() }), true);
    });

    test("each verifies the bcrypt hashes of the other", async () => {
      const { hashLike } = await api.createPasswordHasher();
      for (const [at, password] of passwords.entries()) {
        const stored = await bcrypt({
          password,
          salt: stream(`bcrypt ${at}`).bytes(16),
          costFactor: 4,
          outputType: "encoded",
        });
        assert.equal(await api.verifyPassword(password, stored), true, stored);
        assert.equal(await api.verifyPassword(`x${password}`, stored), false, stored);
        assert.equal(await hashLike(password, stored), stored);
        assert.equal(await bcryptVerify({ password: "other", hash: await hashLike("other", stored) }), true);
      }
    });

    test("PBKDF2 and scrypt give the same bytes in the formats that passlib has for them", async () => {
      const { hashLike } = await api.createPasswordHasher();
      const hashes = /** @type {const} */ ([
        ["pbkdf2", createSHA1, 20],
        ["pbkdf2-sha256", createSHA256, 32],
        ["pbkdf2-sha512", createSHA512, 64],
      ]);
      for (const [at, password] of passwords.entries()) {
        const random = stream(`pbkdf2 ${at}`);
        const [salt, iterations] = [random.bytes(8 + random.below(24)), 1 + random.below(2000)];
        const adapted = (/** @type {Uint8Array} */ bytes) => text(bytes).replaceAll("+", ".");
        for (const [name, create, hashLength] of hashes) {
          const made = await pbkdf2({
            password,
            salt,
            iterations,
            hashLength,
            hashFunction: create(),
            outputType: "binary",
          });
          const stored = `$${name}$${iterations}$${adapted(salt)}$${adapted(made)}`;
          assert.equal(await api.verifyPassword(password, stored), true, stored);
          assert.equal(await hashLike(password, stored), stored);
        }
        const costs = { costFactor: 16, blockSize: 8, parallelism: 1 + random.below(3) };
        const made = await scrypt({ password, salt, ...costs, hashLength: 32, outputType: "binary" });
        const stored = `$scrypt$ln=4,r=8,p=${costs.parallelism}$${text(salt)}$${text(made)}`;
        assert.equal(await api.verifyPassword(password, stored), true, stored);
        assert.equal(await hashLike(password, stored), stored);
      }
    });
  });
}
