// @ts-check
/** Waits for the garbage collector, which Node lets run only where it is asked to. */

import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

/** Collects until something is so, which it is after a few rounds or never. @param {() => boolean} isSo */
export async function collected(isSo) {
  for (let round = 0; round < 200 && !isSo(); round++) {
    await setImmediate(); // what a WeakRef was asked for stays until then
    collect();
  }
  assert.ok(isSo(), "what nobody has any more is held");
}
