// @ts-check
/** A store for guards and signers. */

import { setImmediate } from "node:timers/promises";

/** A store that answers later, and to others in between. */
export class SlowState {
  /** @type {Map<string, { value: Uint8Array, expiresAt: number }>} */
  kept = new Map();

  /** @param {string} key @param {number} unixSeconds */
  async load(key, unixSeconds) {
    await setImmediate();
    const found = this.kept.get(key);
    return found !== undefined && found.expiresAt > unixSeconds ? found.value : null;
  }

  /** @param {string} key @param {Uint8Array | null} expected @param {Uint8Array} value @param {number} expiresAt @param {number} now */
  async compareAndSet(key, expected, value, expiresAt, now) {
    await setImmediate();
    const found = this.kept.get(key);
    const there = found !== undefined && found.expiresAt > now ? found.value : null;
    if (there === null ? expected !== null : expected === null || Buffer.compare(there, expected) !== 0) {
      return false;
    }
    this.kept.set(key, { value, expiresAt });
    return true;
  }
}
