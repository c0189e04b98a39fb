/** Objects on the other side that a user holds, other than vaults. */

import { type Link, type Remote, type Request, then } from "./link.js";

/** What stands for which object over there. */
const kept = new WeakMap<object, { readonly link: Link; readonly remote: number }>();

/** Frees what nobody has any more and nobody freed. */
export const dropped = new FinalizationRegistry<{ readonly link: Link; readonly remote: number }>(
  ({ link, remote }) => {
    if (!link.hasEnded) {
      void Promise.resolve(link.call({ target: remote, method: "free", args: [] })).catch(() => {});
    }
  },
);

export type Call = <T>(method: string, ...args: unknown[]) => Promise<T>;

/** Calls functions of the other side. */
export function callOn(link: Link, rest: Partial<Request> = {}): Call {
  return <T>(method: string, ...args: unknown[]) => {
    return then(link.call({ ...rest, method, args }), ({ value }) => value as T);
  };
}

/**
 * Makes what stands for an object over there: its facts, and what `methods` makes of calls to it. What it stands on over there
 * is kept with `owner`.
 */
export function held<T extends object>(
  link: Link,
  { remote, facts }: Remote,
  methods: (call: Call) => object,
  owner?: unknown,
): T {
  // Each method has it, so that it is there for as long as one of them is.
  const over = { link, remote, owner };
  const call: Call = (method, ...args) => callOn(over.link, { target: over.remote })(method, ...args);
  const object = Object.freeze({ ...facts, ...methods(call) }) as T;
  kept.set(object, over);
  dropped.register(over, { link, remote });
  return object;
}

/** Which object over there this stands for; `undefined` if it was not made by {@link held}. */
export function keptFor(object: unknown): { readonly link: Link; readonly remote: number } | undefined {
  return kept.get(object as object);
}
