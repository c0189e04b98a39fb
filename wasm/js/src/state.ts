/** The stores that guards remember in, and nonces come from. They stay on the user's side, and may answer later. */

import { invalid, StrongroomError } from "./error.js";
import { type Link, type Remote, then } from "./link.js";
import { callOn, held } from "./remote.js";
import type { Asked } from "./shapes.js";
import type { State } from "./types/otp.js";

/** How often another request may come first before this one gives up. Each time, one of them has got through. */
export const MAX_ROUNDS = 1000;

export function isState(state: unknown): state is State {
  const { load, compareAndSet } = (state ?? {}) as Partial<State>;
  return typeof load === "function" && typeof compareAndSet === "function";
}

export function noState(): StrongroomError {
  return invalid("expected a state with the functions load and compareAndSet");
}

/** A state that WebAssembly has, in its memory. */
export function stateOn(link: Link, remote: Remote): State {
  return held<State>(link, remote, (call) => ({
    load: (key: string, unixSeconds: number) => orNull(call<Uint8Array | undefined>("load", key, unixSeconds)),
    compareAndSet: (...args: unknown[]) => call("compareAndSet", ...args),
    raiseTo: (...args: unknown[]) => call("raiseTo", ...args),
  }));
}

/** Draws a number, in one step if the state can, and else as often as it takes for nobody else to have drawn meanwhile. */
export function raiseIn(link: Link, state: State, asked: Asked, atLeast: bigint, round = 1): Promise<bigint> {
  const { key, now } = asked;
  if (typeof state.raiseTo === "function") {
    return then(state.raiseTo(key, atLeast, now), (number) => {
      if (typeof number !== "bigint" || number < atLeast) {
        throw invalid("expected a bigint that is no less of the state's raiseTo");
      }
      return number;
    });
  }
  if (round > MAX_ROUNDS) {
    throw new StrongroomError("conflict", "too many numbers are drawn under this key at once; try again");
  }
  return then(state.load(key, now), (loaded) => {
    const stored = loaded ?? null;
    return then(callOn(link)<bigint>("raised", stored, atLeast), (number) => {
      const value = new Uint8Array(8);
      new DataView(value.buffer).setBigUint64(0, number);
      return then(state.compareAndSet(key, stored, value, Number.MAX_SAFE_INTEGER, now), (isSet) => {
        if (typeof isSet !== "boolean") {
          // A number that only seems to be stored would be drawn again.
          throw invalid("expected true or false of the state's compareAndSet");
        }
        return isSet ? number : raiseIn(link, state, asked, atLeast, round + 1);
      });
    });
  });
}

/** Nothing is `undefined` in WebAssembly's answers. */
export function orNull<T>(value: Promise<T | undefined>): Promise<T | null> {
  return then(value as Promise<T | undefined> | T | undefined, (known) => known ?? null);
}
