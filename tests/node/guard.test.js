// @ts-check
/** The guard of a login, and codes that are sent or kept for an emergency, over both faces of the package. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { FACES, outcome } from "./faces.js";
import { SlowState } from "./state.js";

const NOW = 1_700_000_000;

for (const [face, api] of FACES) {
  describe(face, () => {
    test("a code is accepted once, by one of two guards over a store that answers later", async () => {
      const state = new SlowState();
      const [one, other] = [await api.createGuard({ state }), await api.createGuard({ state })];
      const totp = await api.Totp.generate();
      for (let round = 0; round < 200; round++) {
        const at = NOW + 30 * round;
        const code = await totp.at(at);
        const verdicts = await Promise.all([one, other, one].map((guard) => guard.verify("alice", totp, code, { at })));
        const outcomes = verdicts.map((verdict) => verdict.outcome).sort();
        assert.deepEqual(outcomes, ["accepted", "used", "used"], String(round));
        const accepted = verdicts.find((verdict) => verdict.outcome === "accepted");
        assert.deepEqual(accepted, { outcome: "accepted", step: Math.floor(at / 30) });
      }
      assert.equal(state.kept.size, 1);
    });

    test("wrong codes make an account wait, and then lock it, until it is reset", async () => {
      const guard = await api.createGuard({ freeAttempts: 2, delaySeconds: 10, maxDelaySeconds: 20, maxAttempts: 10 });
      const totp = await api.Totp.generate();
      let now = NOW;
      const wrong = () => guard.verify("alice", totp, "wrong", { at: now });
      const seen = [];
      for (let attempt = 0; attempt < 10; attempt++) {
        let verdict = await wrong();
        if (verdict.outcome === "throttled") {
          const { retryAfter } = verdict;
          assert.ok(retryAfter > 0 && retryAfter <= 20);
          // One second earlier, not even the right code is looked at.
          now += retryAfter - 1;
          const early = await guard.verify("alice", totp, await totp.at(now), { at: now });
          assert.deepEqual(early, { outcome: "throttled", retryAfter: 1 });
          now += 1;
          verdict = await wrong();
        }
        seen.push(verdict.outcome);
      }
      assert.deepEqual(seen, Array(10).fill("wrong"));
      assert.deepEqual(await guard.verify("alice", totp, await totp.at(now), { at: now }), { outcome: "locked" });
      now += 100 * 86_400;
      assert.deepEqual(await guard.verify("alice", totp, await totp.at(now), { at: now }), { outcome: "locked" });
      assert.equal((await guard.verify("bob", totp, await totp.at(now), { at: now })).outcome, "accepted");
      assert.equal(await guard.reset("alice", { at: new Date(now * 1000) }), undefined);
      assert.equal((await guard.verify("alice", totp, await totp.at(now), { at: now })).outcome, "accepted");
      await guard.reset("alice", { at: now });
      assert.deepEqual(await guard.verify("alice", totp, await totp.at(now), { at: now }), { outcome: "used" });
    });

    test("what the state answers is awaited, whoever's promise it is, and taken for nothing but what it is", async () => {
      const totp = await api.Totp.generate();
      const code = await totp.at(NOW);
      const verify = async (/** @type {any} */ state) => {
        const guard = await api.createGuard({ state });
        return (await guard.verify("alice", totp, code, { at: NOW })).outcome;
      };
      /** Not one of this realm, as a query of a database library's. @param {unknown} value */
      const thenable = (value) => ({
        // biome-ignore lint/suspicious/noThenProperty: it is what this is about
        then: (/** @type {(value: unknown) => void} */ done) => done(value),
      });
      let answers = [false, true];
      const slow = { load: () => thenable(null), compareAndSet: () => thenable(answers.shift()) };
      assert.equal(await verify(slow), "accepted");
      assert.deepEqual(answers, []);
      answers = [];
      for (const odd of [undefined, null, 1, "OK", {}, [], thenable(1)]) {
        assert.equal(await outcome(() => verify({ load: () => null, compareAndSet: () => odd })), "invalid_input");
      }
      for (const odd of [5, "text", {}, new Uint8Array([1, 2, 3]), new Uint8Array(100_000)]) {
        assert.notEqual(await outcome(() => verify({ load: () => odd, compareAndSet: () => true })), "ok");
      }
      assert.equal(
        await verify({ load: () => undefined, compareAndSet: (/** @type {any[]} */ ...args) => args[1] === null }),
        "accepted",
      );
      // One that never agrees is given up, and one that fails fails the login.
      assert.equal(await outcome(() => verify({ load: () => null, compareAndSet: () => false })), "conflict");
      const failing = {
        load: async () => {
          throw new RangeError("the database is away");
        },
        compareAndSet: () => true,
      };
      await assert.rejects(async () => verify(failing), RangeError);
      for (const none of [5, {}, { load: 5, compareAndSet: 5 }, () => {}]) {
        assert.equal(await outcome(() => api.createGuard(/** @type {any} */ ({ state: none }))), "invalid_input");
      }
    });

    test("a state is told only times that are times", async () => {
      /** @type {unknown[]} */
      const told = [];
      const state = {
        load: (/** @type {unknown[]} */ ...args) => {
          told.push(args[1]);
          return null;
        },
        compareAndSet: () => true,
      };
      const guard = await api.createGuard({ state });
      const totp = await api.Totp.generate();
      for (const at of [Number.NaN, -1, "now", new Date(Number.NaN), {}]) {
        const odd = /** @type {any} */ ({ at });
        assert.equal(await outcome(() => guard.verify("alice", totp, "123456", odd)), "invalid_input");
        assert.equal(await outcome(() => guard.reset("alice", odd)), "invalid_input");
      }
      assert.deepEqual(told, []);
      await guard.verify("alice", totp, "123456", { at: NOW + 0.7 });
      await guard.verify("alice", totp, "123456");
      assert.equal(told[0], NOW);
      assert.ok(Number.isInteger(told[1]) && Math.abs(Number(told[1]) - Date.now() / 1000) < 60);
    });

    test("a guard takes a Totp of its own face alone", async () => {
      const guard = await api.createGuard();
      const others = await Promise.all(
        FACES.filter(([name]) => name !== face).map(([, other]) => other.Totp.generate()),
      );
      for (const odd of [...others, null, 5, {}, await api.Hotp.generate()]) {
        const code = await outcome(() => guard.verify("alice", /** @type {any} */ (odd), "123456"));
        assert.equal(code, "invalid_input");
      }
    });

    test("recovery codes work in any spelling, each for its place", async () => {
      const made = await api.generateRecoveryCodes();
      assert.equal(made.length, 10);
      const stored = made.map((one) => one.stored);
      for (const [at, { code }] of made.entries()) {
        assert.match(code, /^([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$/);
        for (const typed of [code, code.toLowerCase().replaceAll("-", " "), ` ${code.replaceAll("0", "o")}`]) {
          assert.equal(await api.verifyRecoveryCode(typed, stored), at);
        }
        assert.equal(await api.verifyRecoveryCode(code, stored.toSpliced(at, 1)), null);
      }
      assert.equal(await api.verifyRecoveryCode("x".repeat(1 << 20), stored), null);
      assert.equal(await outcome(() => api.verifyRecoveryCode("x", ["$other$"])), "invalid_input");
      assert.equal(await outcome(() => api.generateRecoveryCodes(101)), "invalid_input");
      assert.equal(await outcome(() => api.generateRecoveryCodes(0)), "invalid_input");
      const known = ["$strongroom-recovery$v=1$VV6q9MQoUoPs81LX0XkLwBkSHgBsnDYG9EyQP3nDdMk"]; // of tests/rust/recovery.rs
      assert.equal(await api.verifyRecoveryCode("0123-4567-89AB-CDEF-GHJK-MNPQ", known), 0);
    });

    test("a code that is sent is good for its account, its time and so many attempts", async () => {
      const codes = await api.createDeliveredCodes(new Uint8Array(16).fill(7), {
        digits: 8,
        lifetimeSeconds: 60,
        attempts: 2,
      });
      const { code, record } = await codes.issue("alice", { at: NOW });
      assert.match(code, /^\d{8}$/);
      assert.ok(!record.includes(code));
      const verify = (/** @type {[string, string, string, number]} */ ...[record, account, code, at]) =>
        codes.verify(record, account, code, { at });
      assert.deepEqual(await verify(record, "alice", code, NOW + 59), { outcome: "accepted" });
      assert.deepEqual(await verify(record, "alice", code, NOW + 60), { outcome: "expired" });
      const wrong = await verify(record, "alice", "00000000", NOW);
      assert.ok(wrong.outcome === "wrong" && wrong.attemptsLeft === 1);
      assert.deepEqual(await verify(wrong.record, "alice", code, NOW), { outcome: "accepted" });
      const bob = await verify(wrong.record, "bob", code, NOW);
      assert.ok(bob.outcome === "wrong" && bob.attemptsLeft === 0);
      assert.deepEqual(await verify(bob.record, "alice", code, NOW), { outcome: "exhausted" });
      assert.equal(await outcome(() => codes.verify("no record", "alice", code)), "invalid_input");
      assert.equal(await outcome(() => api.createDeliveredCodes(new Uint8Array(15))), "invalid_input");
    });

    test("an entry's fresh codes are handed out once for each step", async () => {
      const vault = await api.Vault.create({ key: await api.generateKey() });
      await vault.put("broker/main", {
        totp: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        other: "otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&period=60",
      });
      const entry = vault.entry("broker/main");
      const codes = await Promise.all([entry.totp.fresh(5, NOW), entry.totp.fresh(5, NOW)]);
      assert.deepEqual([codes[0]?.code, codes[1]?.code], [await entry.totp.at(NOW), null]);
      assert.equal(await entry.totp.step(NOW), Math.floor(NOW / 30));
      assert.equal(await entry.totp.secondsRemaining(NOW), 30 - (NOW % 30));
      assert.deepEqual([await entry.totp.period(), await entry.totpOf("other").period()], [30, 60]);
      assert.match(await entry.totpOf("other").now(), /^\d{6}$/);
      assert.equal(await outcome(() => entry.totpOf("none").now()), "not_found");
      await vault.lock();
    });
  });
}
