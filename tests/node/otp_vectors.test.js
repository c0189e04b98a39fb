// @ts-check
/** Every case of tests/vectors/otp.json, over both faces of the package. */

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";

import { FACES, outcome } from "./faces.js";
import { hex, text, vectors } from "./vectors.js";

/** @typedef {import("./faces.js").Api} Api */
/** @typedef {(api: Api, given: any) => Promise<void>} Run */

const { comment: _, ...SECTIONS } = vectors("otp.json");

/** What JavaScript has no number for, so that it is refused as one. */
const WITHOUT_NUMBER = new Set(["fresh/last_is_the_highest_number", "verify/last_used_is_the_highest_number"]);

const SEED = "3132333435363738393031323334353637383930";
const CODES = new Set(["invalid_input", "limit"]);

/** @param {any} given */
function settings({ algorithm, digits, period, steam }) {
  return {
    ...(algorithm === undefined ? {} : { algorithm: algorithm.toLowerCase() }),
    ...(digits === undefined ? {} : { digits }),
    ...(period === undefined ? {} : { period }),
    ...(steam === undefined ? {} : { steam }),
  };
}

/** @param {Api} api @param {any} given */
async function totpOf(api, given) {
  let totp = await api.Totp.fromSecret(hex(given.secret), settings(given));
  if (given.window !== undefined) {
    totp = await totp.withWindow(given.window[0], given.window[1]);
  }
  return given.drift === undefined ? totp : totp.withDrift(given.drift);
}

/** @param {Api} api @param {any} given */
function hotpOf(api, { secret, algorithm, digits }) {
  return api.Hotp.fromSecret(hex(secret), settings({ algorithm, digits }));
}

/** What a call gives, or the code of its error. @param {() => any} call */
async function result(call) {
  let value;
  const code = await outcome(async () => {
    value = await call();
  });
  return code === "ok" ? value : code;
}

/** An account in the words of the vectors. @param {import("strongroom").Account} account */
async function described(account) {
  const codes = account.totp ?? account.hotp ?? assert.fail();
  const secret = Buffer.from(base32(await codes.revealSecret())).toString("hex");
  return {
    type: account.totp === null ? "hotp" : "totp",
    issuer: account.issuer,
    account: account.name,
    secret,
    algorithm: codes.algorithm.toUpperCase(),
    digits: codes.digits,
    ...(account.totp === null ? { counter: account.counter } : { period: account.totp.period }),
    ...(account.totp?.isSteam ? { steam: true } : {}),
  };
}

/** @param {any} given */
function expectedAccount({
  type,
  issuer,
  account,
  secret,
  algorithm = "SHA1",
  digits = 6,
  period = 30,
  counter,
  steam,
}) {
  return {
    type,
    issuer,
    account: text(account),
    secret: text(secret),
    algorithm,
    digits,
    ...(type === "hotp" ? { counter } : { period }),
    ...(steam ? { steam } : {}),
  };
}

/** Base32 without padding, as it is written (RFC 4648, section 6). @param {string} text */
function base32(text) {
  const bits = [...text].map((digit) => {
    const value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(digit);
    assert.ok(value >= 0);
    return value.toString(2).padStart(5, "0");
  });
  return (bits.join("").match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
}

/** A list, or one thing that is there many times. @param {any} given @param {string} what */
function repeated(given, what) {
  return Array.isArray(given) ? given : Array.from({ length: given.times }, () => given[what]);
}

/** @type {Record<string, Run>} */
const RUNS = {
  async hotp(api, given) {
    const hotp = await hotpOf(api, given);
    assert.equal(await hotp.at(given.counter), given.code);
    assert.equal(await hotp.verify(given.code, given.counter), given.counter + 1);
  },
  async totp(api, given) {
    const [totp, at] = [await totpOf(api, given), given.unix_seconds];
    assert.equal(await result(() => totp.at(at)), given.code ?? given.expect);
    if (given.code !== undefined) {
      const step = Math.floor(at / given.period);
      assert.equal(await totp.verify(given.code, { at }), step);
      assert.equal(await totp.verify(given.code, { at: new Date(at * 1000) }), step);
      assert.equal(await totp.step(at), step);
      assert.equal(await totp.secondsRemaining(at), given.period - (at % given.period));
    }
  },
  async settings(api, given) {
    const made = async () => {
      if (given.digits !== undefined) {
        await api.Hotp.generate({ digits: given.digits });
        await api.Totp.generate({ digits: given.digits });
      } else if (given.period !== undefined) {
        await api.Totp.generate({ period: given.period });
      } else if (given.drift !== undefined) {
        await (await api.Totp.generate()).withDrift(given.drift);
      } else if (given.window !== undefined) {
        await (await api.Totp.generate()).withWindow(given.window[0], given.window[1]);
      } else {
        assert.equal(await outcome(() => api.Hotp.fromSecret(hex(given.secret))), given.expect);
        await api.Totp.fromSecret(hex(given.secret));
      }
    };
    assert.equal(await outcome(made), given.expect);
  },
  async base32(api, given) {
    const revealed = async () => (await api.Totp.fromSecret(text(given.text))).revealSecret();
    const read = await result(revealed);
    if (CODES.has(given.expect)) {
      assert.equal(read, given.expect);
    } else {
      assert.equal(Buffer.from(base32(read)).toString("hex"), given.expect);
      assert.equal(read, given.written ?? read);
      assert.equal(await (await api.Hotp.fromSecret(text(given.text))).revealSecret(), read);
    }
  },
  async uri(api, given) {
    const uri = text(given.uri);
    if (given.expect !== "ok") {
      for (const read of [api.readAccount, api.Totp.fromUri]) {
        await assert.rejects(
          async () => read(uri),
          (/** @type {any} */ fault) => fault.code === given.expect && !fault.message.includes("JBSW"),
        );
      }
      return;
    }
    const account = await api.readAccount(uri);
    assert.deepEqual(await described(account), expectedAccount(given));
    const written = await account.toUri();
    assert.equal(written, text(given.written));
    assert.deepEqual(await described(await api.readAccount(written)), expectedAccount(given));
    assert.equal(await outcome(() => api.Totp.fromUri(uri)), given.type === "totp" ? "ok" : "invalid_input");
    const codes = account.totp ?? account.hotp ?? assert.fail();
    const again = account.totp
      ? await account.totp.uri(account.name, account.issuer ?? undefined)
      : await account.hotp?.uri(account.name, account.issuer ?? undefined, account.counter ?? undefined);
    assert.equal(again, written, String(codes.digits));
  },
  async not_written(api, given) {
    const totp = await api.Totp.generate();
    assert.equal(await outcome(() => totp.uri(given.account, given.issuer ?? undefined)), "invalid_input");
  },
  async migration(api, given) {
    const uris = repeated(given.uris, "uri").map(text);
    if (given.expect !== "ok") {
      await assert.rejects(
        async () => api.readMigration(uris),
        (/** @type {any} */ fault) => fault.code === given.expect && !fault.message.includes("alice"),
      );
      return;
    }
    const read = await api.readMigration(uris);
    const expected = repeated(given.accounts, "account").map(expectedAccount);
    assert.deepEqual(await Promise.all(read.accounts.map(described)), expected);
    assert.deepEqual([read.parts, read.missing], [given.parts, given.missing]);
    // That one's digits are not those of the type that is written.
    if (expected.length > 0 && given.name !== "digits_as_numbers") {
      const again = await api.readMigration(await api.writeMigration(read.accounts));
      assert.deepEqual(await Promise.all(again.accounts.map(described)), expected);
    }
  },
  async verify(api, given) {
    const totp = await totpOf(api, { ...given, secret: given.secret ?? SEED });
    const options = { at: given.unix_seconds, ...("after_step" in given ? { afterStep: given.after_step } : {}) };
    const expect = WITHOUT_NUMBER.has(`verify/${given.name}`) ? "invalid_input" : given.expect;
    assert.equal(await result(() => totp.verify(text(given.code), options)), expect);
  },
  async resync(api, given) {
    const totp = await totpOf(api, given);
    const [first, second, at] = [text(given.first), text(given.second), given.unix_seconds];
    const after = "after_step" in given ? { afterStep: given.after_step } : {};
    const found = await result(() => totp.resync(first, second, { at, steps: given.steps, ...after }));
    assert.deepEqual(found, given.expect);
    if (found !== null && typeof found === "object") {
      // With the drift, the second code would have been accepted, and the window follows that clock.
      const shifted = await totp.withDrift(found.drift);
      assert.equal(await shifted.verify(second, { at, ...after }), found.step);
      const next = await shifted.at(at + 30 * (found.drift + 1));
      assert.equal(await shifted.verify(next, { at: at + 30, afterStep: found.step }), found.step + 1);
    }
  },
  async hotp_verify(api, given) {
    const hotp = await hotpOf(api, given);
    assert.equal(await result(() => hotp.verify(given.code, given.counter, given.look_ahead)), given.expect);
  },
  async hotp_resync(api, given) {
    const hotp = await hotpOf(api, given);
    const { first, second, counter, look_ahead } = given;
    assert.equal(await result(() => hotp.resync(first, second, counter, look_ahead)), given.expect);
  },
  async fresh(api, given) {
    const totp = await totpOf(api, given);
    const after = "after_step" in given ? { afterStep: given.after_step } : {};
    const asked = { at: given.unix_seconds, minSeconds: given.min_seconds, ...after };
    const { expect } = given;
    if (WITHOUT_NUMBER.has(`fresh/${given.name}`)) {
      assert.equal(await result(() => totp.fresh(asked)), "invalid_input");
      return;
    }
    const wanted =
      expect.wait === undefined
        ? { code: expect.code, seconds: expect.seconds_remaining }
        : { code: null, seconds: expect.wait };
    assert.deepEqual(await result(() => totp.fresh(asked)), typeof expect === "string" ? expect : wanted);
  },
};

test("every section of the vectors is known", () => {
  assert.deepEqual(Object.keys(SECTIONS).sort(), Object.keys(RUNS).sort());
});

for (const [face, api] of FACES) {
  describe(face, () => {
    let ran = 0;
    for (const [section, run] of Object.entries(RUNS)) {
      test(section, async (t) => {
        assert.ok(SECTIONS[section].length > 0);
        for (const given of SECTIONS[section]) {
          await t.test(given.name, () => run(api, given));
          ran += 1;
        }
      });
    }
    after(() => assert.equal(ran, Object.values(SECTIONS).flat().length));
  });
}
