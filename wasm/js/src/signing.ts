/** A user's side of signing. */

import { invalid, StrongroomError } from "./error.js";
import { copied, properties } from "./given.js";
import { isPromise, type Link, type Links, type Remote, then } from "./link.js";
import { type Call, callOn, held } from "./remote.js";
import type { Drawing } from "./shapes.js";
import { isState, noState, raiseIn } from "./state.js";
import type { State } from "./types/otp.js";
import type { SignedRequest, Signer, Signing } from "./types/signing.js";

export function signingOn(links: Links): Signing {
  return {
    exchanges: () => callOn(links.shared())("exchanges"),
    readRecipe: (recipe) => {
      const link = links.shared();
      return attempt(link, () => callOn(link)("readRecipe", written(recipe)));
    },
  };
}

/** `open` makes the signer over there of a recipe's text, and is what the vault stays for. */
export function signerOf(
  link: Link,
  recipe: unknown,
  options: unknown,
  open: (recipe: unknown) => Promise<Remote>,
): Signer {
  let opening: Promise<Signer> | undefined;
  const opened = (): Promise<Signer> => {
    if (opening !== undefined) {
      return opening;
    }
    const started = attempt(link, () => {
      const state = stateOf(options);
      return then(open(written(recipe)), (remote) => signerOn(link, remote, state, open));
    });
    opening = started;
    if (isPromise(started)) {
      started.catch((fault: unknown) => {
        // Told by each use. What could not be fetched may be there for the next one.
        opening = fault instanceof StrongroomError && fault.code === "io" ? undefined : started;
      });
    }
    return started;
  };
  opened();
  return Object.freeze<Signer>({
    sign: (...args) => then(opened(), (signer) => signer.sign(...args)),
    login: (...args) => then(opened(), (signer) => signer.login(...args)),
    learnClock: (...args) => then(opened(), (signer) => signer.learnClock(...args)),
    clockOffsetMs: () => then(opened(), (signer) => signer.clockOffsetMs()),
    setClockOffsetMs: (...args) => then(opened(), (signer) => signer.setClockOffsetMs(...args)),
  });
}

function signerOn(link: Link, remote: Remote, state: State | undefined, owner: unknown): Signer {
  const methods = (call: Call): Signer => {
    const sign: Signer["sign"] =
      state === undefined
        ? (method, url, options) => call("sign", method, ...plain(url, options))
        : (method, url, options) =>
            attempt(link, () => drawing(call, state, [method, ...plain(url, options).map(copied)]));
    return {
      sign,
      login: (options) => then(sign("", "", options), ({ url, headers, body }) => ({ url, headers, body: body ?? "" })),
      learnClock: (serverMs, sentMs, receivedMs) => call("learnClock", serverMs, sentMs, receivedMs),
      clockOffsetMs: () => call("clockOffsetMs"),
      setClockOffsetMs: (offsetMs) => call("setClockOffsetMs", offsetMs),
    };
  };

  /** Signs with a number that is drawn from the state, where the exchange wants one. */
  function drawing(call: Call, state: State, request: readonly unknown[]): Promise<SignedRequest> {
    return then(call<SignedRequest | Drawing>("signDrawing", ...request), (asked) => {
      if (!("atLeast" in asked)) {
        return asked;
      }
      const { key, atLeast, timestampMs } = asked;
      const drawn = raiseIn(link, state, { key, now: Math.floor(timestampMs / 1000) }, atLeast);
      return then(drawn, (number) => call<SignedRequest>("signDrawing", ...request, number, timestampMs));
    });
  }

  return held<Signer>(link, remote, methods, owner);
}

/** An address and options without the objects that browsers and Node have for their parts, which cannot be copied. */
function plain(url: unknown, options: unknown): unknown[] {
  const { body, headers } = properties(options as { body?: unknown; headers?: unknown }) ?? {};
  const written = {
    ...(isA(URLSearchParams, body) && { body: body.toString() }),
    ...(isA(Headers, headers) && { headers: Object.fromEntries(headers) }),
  };
  const isWritten = Object.keys(written).length > 0;
  return [isA(URL, url) ? url.href : url, isWritten ? { ...(options as object), ...written } : options];
}

/** `instanceof`, for what may be anything. */
function isA<T>(kind: new (...args: never[]) => T, value: unknown): value is T {
  try {
    return value instanceof kind;
  } catch {
    return false; // a proxy that throws, which is refused where it is copied
  }
}

/** A recipe as text: the name of an exchange, or JSON. */
function written(recipe: unknown): unknown {
  if (typeof recipe !== "object" || recipe === null) {
    return recipe;
  }
  try {
    return JSON.stringify(recipe);
  } catch {
    throw invalid("expected a recipe that can be written as JSON");
  }
}

function stateOf(options: unknown): State | undefined {
  if (options === undefined) {
    return undefined;
  }
  const known = properties(options as { state?: unknown });
  if (known === undefined || Object.keys(known).some((name) => name !== "state")) {
    throw invalid("expected only these options: state");
  }
  const { state } = known;
  if (state === undefined || isState(state)) {
    return state;
  }
  throw noState();
}

/** Fails as the calls of this link do. */
function attempt<T>(link: Link, job: () => Promise<T>): Promise<T> {
  try {
    return job();
  } catch (fault) {
    if (fault instanceof StrongroomError) {
      return link.refuse(fault);
    }
    throw fault; // what a user's own state throws where nothing is awaited
  }
}
