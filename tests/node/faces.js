// @ts-check
/** The two faces of the package: over a worker, and in this thread. What gives promises in one gives values in the other. */

import * as worker from "strongroom";
import * as here from "strongroom/sync";

/** @typedef {typeof import("strongroom")} Api */

/** Tests await everything, so that they can be typed as if each face gave promises. */
export const FACES = /** @type {[string, Api][]} */ ([
  ["strongroom", worker],
  ["strongroom/sync", /** @type {unknown} */ (here)],
]);

/**
 * The code that a call is refused with, or `ok`. A fault that is no StrongroomError is thrown on.
 *
 * @param {() => unknown} call
 * @returns {Promise<string>}
 */
export async function outcome(call) {
  try {
    await call();
    return "ok";
  } catch (fault) {
    if (fault instanceof worker.StrongroomError || fault instanceof here.StrongroomError) {
      return fault.code;
    }
    throw fault;
  }
}
