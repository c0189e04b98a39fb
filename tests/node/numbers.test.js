// @ts-check
/** Numbers that are drawn from a state rise, whatever the clocks do, over both faces of the package. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate } from "node:timers/promises";

import { FACES, outcome } from "./faces.js";

const NOW = 1_700_000_000;
const LARGEST = 2n ** 63n - 1n;

/** A store without a `raiseTo` of its own, which answers at once. */
class Plain {
  /** @type {Map<string, { value: Uint8Array, expiresAt: number }>} */
  kept = new Map();

  /** @param {string} key @param {number} unixSeconds */
  load(key, unixSeconds) {
    const found = this.kept.get(key);
    return found !== undefined && found.expiresAt > unixSeconds ? found.value : null;
  }

  /** @param {string} key @param {Uint8Array | null} expected @param {Uint8Array} value @param {number} expiresAt @param {number} now */
  compareAndSet(key, expected, value, expiresAt, now) {
    const there = this.load(key, now);
    if (there === null ? expected !== null : expected === null || Buffer.compare(there, expected) !== 0) {
      return false;
    }
    this.kept.set(key, { value, expiresAt });
    return true;
  }
}

/** One that answers later, and to others in between. */
class Slow {
  plain = new Plain();

  /** @param {Parameters<Plain["load"]>} args */
  async load(...args) {
    await setImmediate();
    return this.plain.load(...args);
  }

  /** @param {Parameters<Plain["compareAndSet"]>} args */
  async compareAndSet(...args) {
    await setImmediate();
    return this.plain.compareAndSet(...args);
  }
}

/** One that draws by itself. */
class Counter extends Plain {
  last = -1n;

  /** @param {string} _key @param {bigint} atLeast @param {number} unixSeconds */
  raiseTo(_key, atLeast, unixSeconds) {
    assert.ok(Number.isInteger(unixSeconds));
    this.last = this.last + 1n > atLeast ? this.last + 1n : atLeast;
    return this.last;
  }
}

for (const [face, api] of FACES) {
  /** In the sync face, what a store gives is no promise. */
  const states = () => [new Plain(), new Counter(), ...(face === "strongroom" ? [new Slow()] : [])];

  describe(face, () => {
    test("a number follows the clock, or else the last one", async () => {
      for (const state of states()) {
        const drawn = [];
        for (const clock of [0, 0n, 100, 100n, 50, 0, 104, 103n]) {
          drawn.push(await api.raiseTo(state, "a", clock, { at: NOW }));
        }
        assert.deepEqual(drawn, [0n, 1n, 100n, 101n, 102n, 103n, 104n, 105n]);
        // More than a number of JavaScript's counts to, as nanoseconds are.
        const nanoseconds = 1_700_000_000_123_456_789n;
        assert.equal(await api.raiseTo(state, "b", nanoseconds), nanoseconds);
        assert.equal(await api.raiseTo(state, "b", 0), nanoseconds + 1n);
      }
    });

    test("without a raiseTo the number is kept as eight bytes, and does not expire", async () => {
      const state = new Plain();
      assert.equal(await api.raiseTo(state, "a", 258, { at: NOW }), 258n);
      const expiresAt = Number.MAX_SAFE_INTEGER;
      assert.deepEqual([...state.kept], [["a", { value: Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 2), expiresAt }]]);
    });

    test("the largest number is the last, and what is no number stays", async () => {
      const state = new Plain();
      for (const over of [LARGEST + 1n, 2n ** 64n - 1n]) {
        assert.equal(await outcome(() => api.raiseTo(state, "a", over)), "limit");
      }
      assert.equal(await api.raiseTo(state, "a", LARGEST), LARGEST);
      assert.equal(await outcome(() => api.raiseTo(state, "a", 0)), "limit");
      for (const value of [new Uint8Array(0), new Uint8Array(7), new Uint8Array(9), new Uint8Array(8).fill(255)]) {
        state.kept.set("b", { value, expiresAt: Number.MAX_SAFE_INTEGER });
        assert.equal(await outcome(() => api.raiseTo(state, "b", 1)), "damaged");
        assert.equal(state.kept.get("b")?.value, value);
      }
    });

    test("bad arguments are refused, and so is a state that gives what it should not", async () => {
      const refused = async (/** @type {any[]} */ ...[state, key, atLeast, options]) =>
        assert.equal(await outcome(() => api.raiseTo(state, key, atLeast, options)), "invalid_input");
      for (const atLeast of [-1, -1n, 2n ** 64n, 0.5, Number.NaN, 2 ** 53, "1", null, undefined, {}]) {
        await refused(new Plain(), "a", atLeast);
        await refused(new Counter(), "a", atLeast);
      }
      for (const key of [5, null, "\ud800"]) {
        await refused(new Plain(), key, 1);
      }
      for (const at of [Number.NaN, -1, "now", {}]) {
        await refused(new Plain(), "a", 1, { at });
      }
      for (const none of [5, null, {}, { load: 5, compareAndSet: 5 }, () => {}]) {
        await refused(none, "a", 1);
      }
      for (const odd of [undefined, null, 1000, "1000", 999n, {}]) {
        await refused({ load: () => null, compareAndSet: () => true, raiseTo: () => odd }, "a", 1000);
      }
      for (const odd of [undefined, null, 1, "OK", {}]) {
        await refused({ load: () => null, compareAndSet: () => odd }, "a", 1);
      }
      for (const odd of [5, "text", {}]) {
        await refused({ load: () => odd, compareAndSet: () => true }, "a", 1);
      }
      // One that never agrees is given up, and one that fails fails the draw.
      const losing = { load: () => null, compareAndSet: () => false };
      assert.equal(await outcome(() => api.raiseTo(losing, "a", 1)), "conflict");
      const failing = {
        load: () => {
          throw new RangeError("the database is away");
        },
        compareAndSet: () => true,
      };
      await assert.rejects(async () => api.raiseTo(failing, "a", 1), RangeError);
    });
  });
}

test("of many that draw at once from a store that answers later, none draws another's number", async () => {
  const state = new Slow();
  const [[, api]] = /** @type {typeof FACES} */ (FACES);
  const draw = async (/** @type {number} */ bot) => {
    const drawn = [];
    for (let round = 0; round < 50; round++) {
      drawn.push(await api.raiseTo(state, "a", bot % 2 ? 1000 + round : 2000 - round, { at: NOW }));
    }
    return drawn;
  };
  const bots = await Promise.all(Array.from({ length: 8 }, (_, bot) => draw(bot)));
  for (const drawn of bots) {
    assert.ok(drawn.every((number, at) => at === 0 || number > /** @type {bigint} */ (drawn[at - 1])));
  }
  assert.equal(new Set(bots.flat()).size, 400);
});
