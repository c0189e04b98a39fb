/** A user's side of one-time codes. */

import { StrongroomError } from "./error.js";
import { type Link, type Links, type Remote, then } from "./link.js";
import { callOn, held, numberOf } from "./remote.js";
import type { Judged } from "./shapes.js";
import type {
  Account,
  DeliveredCodes,
  Fresh,
  Guard,
  Hotp,
  HotpMaker,
  Migration,
  Otp,
  State,
  Time,
  Totp,
  TotpMaker,
  Verdict,
} from "./types/otp.js";

/** How often another request may come first before this one gives up. Each time, one of them has got through. */
const MAX_ROUNDS = 1000;

export function totpMaker(links: Links): TotpMaker {
  const make = (method: string, ...args: unknown[]): Promise<Totp> => {
    const link = links.shared();
    return then(callOn(link)<Remote>(method, ...args), (remote) => totpOn(link, remote));
  };
  return {
    fromSecret: (secret, options) => make("totpFromSecret", secret, options),
    fromUri: (uri) => make("totpFromUri", uri),
    generate: (options) => make("totpGenerate", options),
  };
}

export function hotpMaker(links: Links): HotpMaker {
  const make = (method: string, ...args: unknown[]): Promise<Hotp> => {
    const link = links.shared();
    return then(callOn(link)<Remote>(method, ...args), (remote) => hotpOn(link, remote));
  };
  return {
    fromSecret: (secret, options) => make("hotpFromSecret", secret, options),
    generate: (options) => make("hotpGenerate", options),
  };
}

function totpOn(link: Link, remote: Remote): Totp {
  return held<Totp>(link, remote, (call): Omit<Totp, "algorithm" | "digits" | "period" | "isSteam" | "isShort"> => {
    const again = (method: string, ...args: unknown[]) =>
      then(call<Remote>(method, ...args), (other) => totpOn(link, other));
    return {
      revealSecret: () => call("revealSecret"),
      uri: (account, issuer) => call("uri", account, issuer),
      withWindow: (back, ahead) => again("withWindow", back, ahead),
      withDrift: (steps) => again("withDrift", steps),
      now: () => call("code", undefined),
      at: (time) => call("code", time),
      step: (time) => call("step", time),
      secondsRemaining: (time) => call("secondsRemaining", time),
      verify: (code, options) => orNull(call<number | undefined>("verify", code, options)),
      resync: (first, second, options) => call("resync", first, second, options),
      fresh: (options) => call<Fresh>("fresh", options),
    };
  });
}

function hotpOn(link: Link, remote: Remote): Hotp {
  return held<Hotp>(
    link,
    remote,
    (call): Omit<Hotp, "algorithm" | "digits" | "isShort"> => ({
      revealSecret: () => call("revealSecret"),
      uri: (account, issuer, counter) => call("uri", account, issuer, counter),
      at: (counter) => call("code", counter),
      verify: (code, counter, lookAhead) => orNull(call<number | undefined>("verify", code, counter, lookAhead)),
      resync: (first, second, counter, lookAhead) =>
        orNull(call<number | undefined>("resync", first, second, counter, lookAhead)),
    }),
  );
}

/** Nothing is `undefined` in WebAssembly's answers. */
function orNull<T>(value: Promise<T | undefined>): Promise<T | null> {
  return then(value as Promise<T | undefined> | T | undefined, (known) => known ?? null);
}

function accountOn(link: Link, { remote, facts }: Remote): Account {
  const { issuer, name, totp, hotp, counter } = facts;
  const known = {
    issuer: issuer ?? null,
    name,
    totp: totp ? totpOn(link, totp as Remote) : null,
    hotp: hotp ? hotpOn(link, hotp as Remote) : null,
    counter: counter ?? null,
  };
  return held<Account>(link, { remote, facts: known }, (call) => ({ toUri: () => call<string>("toUri") }));
}

export function otpOn(links: Links): Otp {
  const call = <T>(method: string, ...args: unknown[]) => callOn(links.shared())<T>(method, ...args);
  return {
    readAccount: (uri) => {
      const link = links.shared();
      return then(callOn(link)<Remote>("readAccount", uri), (remote) => accountOn(link, remote));
    },
    readMigration: (uris) => {
      const link = links.shared();
      const read = callOn(link)<Omit<Migration, "accounts"> & { accounts: Remote[] }>("readMigration", uris);
      return then(read, ({ accounts, parts, missing }) => ({
        accounts: accounts.map((account) => accountOn(link, account)),
        parts,
        missing,
      }));
    },
    writeMigration: (accounts) =>
      then(all(accounts.map((account) => account.toUri())), (uris) => call<string[]>("writeMigration", uris)),
    qrSvg: (text) => call("qrSvg", text),
    qrTerminal: (text, background) => call("qrTerminal", text, background),
    generateRecoveryCodes: (count) => call("generateRecoveryCodes", count),
    verifyRecoveryCode: (code, stored) => orNull(call<number | undefined>("verifyRecoveryCode", code, stored)),
    createGuard: ({ state, ...numbers } = {}) => {
      const link = links.shared();
      const remembered = state ?? then(callOn(link)<Remote>("memoryState"), (remote) => stateOn(link, remote));
      return then(remembered, (known: State) =>
        then(callOn(link)<Remote>("guardNew", numbers), (remote) => guardOn(link, remote, known)),
      );
    },
    createDeliveredCodes: (key, options) => {
      const link = links.shared();
      return then(callOn(link)<Remote>("deliveredCodes", key, options), (remote) =>
        held<DeliveredCodes>(link, remote, (codes) => ({
          issue: (account: string, { at }: { at?: Time } = {}) => codes("issue", account, at),
          verify: (record: string, account: string, code: string, { at }: { at?: Time } = {}) =>
            codes("verify", record, account, code, at),
        })),
      );
    },
  };
}

/** `Promise.all` for what may be promises. */
function all<T>(values: readonly Promise<T>[]): Promise<T[]> {
  return values.some((value) => (value as unknown) instanceof Promise)
    ? Promise.all(values)
    : (values as unknown as Promise<T[]>);
}

function stateOn(link: Link, remote: Remote): State {
  return held<State>(link, remote, (call) => ({
    load: (key: string, unixSeconds: number) => orNull(call<Uint8Array | undefined>("load", key, unixSeconds)),
    compareAndSet: (...args: unknown[]) => call("compareAndSet", ...args),
  }));
}

function guardOn(link: Link, remote: Remote, state: State): Guard {
  return held<Guard>(link, remote, (call): Guard => {
    /** Changes what is stored of an account, as often as it takes for nobody else to have changed it meanwhile. */
    const change = (
      key: string,
      now: number,
      judge: (stored: Uint8Array | null) => Promise<Judged>,
      round = 1,
    ): Promise<Verdict> => {
      if (round > MAX_ROUNDS) {
        throw new StrongroomError("conflict", "too many requests for this account at once; try again");
      }
      return then(state.load(key, now), (stored) =>
        then(judge(stored), ({ verdict, change: made }) => {
          if (made === null) {
            return verdict;
          }
          const set = state.compareAndSet(key, stored, made.value, made.expiresAt, now);
          return then(set, (isSet) => (isSet ? verdict : change(key, now, judge, round + 1)));
        }),
      );
    };
    return {
      verify: (account, totp, code, { at } = {}) => {
        const number = numberOf(totp, link);
        if (number === undefined) {
          throw new StrongroomError("invalid_input", "expected a Totp of this package as the second argument");
        }
        const now = unixSeconds(at);
        const judge = (stored: Uint8Array | null) =>
          then(
            link.call({ target: remote.remote, method: "verify", args: [stored, number, code, now], remoteArg: 1 }),
            (reply) => reply.value as Judged,
          );
        return then(call<string>("key", account), (key) => change(key, now, judge));
      },
      reset: (account, { at } = {}) => {
        const now = unixSeconds(at);
        const judge = (stored: Uint8Array | null) => call<Judged>("reset", stored, now);
        return then(call<string>("key", account), (key) => then(change(key, now, judge), () => undefined));
      },
    };
  });
}

/** What a state is told. The clock is asked once for all rounds. */
function unixSeconds(at: Time | undefined): number {
  return at instanceof Date ? Math.floor(at.getTime() / 1000) : (at ?? Math.floor(Date.now() / 1000));
}
