/** A user's side of one-time codes. */

import { died } from "./calls.js";
import { invalid, StrongroomError } from "./error.js";
import { items, properties } from "./given.js";
import { isPromise, type Link, type Links, type Remote, then } from "./link.js";
import { callOn, held, keptFor } from "./remote.js";
import type { Asked, Judged } from "./shapes.js";
import { isState, MAX_ROUNDS, noState, orNull, raiseIn, stateOn } from "./state.js";
import type {
  Account,
  DeliveredCodes,
  Fresh,
  Guard,
  GuardOptions,
  Hotp,
  HotpMaker,
  Migration,
  Otp,
  State,
  Totp,
  TotpMaker,
  Verdict,
} from "./types/otp.js";

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
    writeMigration: (accounts) => {
      const some = items(accounts, 1001); // one more than an export can have, for Rust to refuse
      if (some === undefined || !some.every((account) => keptFor(account) && "toUri" in account)) {
        return links.shared().refuse(invalid("expected the accounts as an array of what readAccount gives"));
      }
      return then(all(some.map((account) => account.toUri())), (uris) => call<string[]>("writeMigration", uris));
    },
    qrSvg: (text) => call("qrSvg", text),
    qrTerminal: (text, background) => call("qrTerminal", text, background),
    generateRecoveryCodes: (count) => call("generateRecoveryCodes", count),
    verifyRecoveryCode: (code, stored) => orNull(call<number | undefined>("verifyRecoveryCode", code, stored)),
    createGuard: (options = {}) => {
      const link = links.shared();
      const { state, numbers } = parted(options);
      if (state !== undefined && !isState(state)) {
        return link.refuse(noState());
      }
      return then(callOn(link)<Remote>("guardNew", numbers), (remote) =>
        state === undefined
          ? then(callOn(link)<Remote>("memoryState"), (memory) => guardOn(link, remote, stateOn(link, memory)))
          : guardOn(link, remote, state),
      );
    },
    raiseTo: (state, key, atLeast, options) => {
      const link = links.shared();
      if (!isState(state)) {
        return link.refuse(noState());
      }
      return then(callOn(link)<Asked>("raiseAsked", key, atLeast, options), (asked) =>
        raiseIn(link, state, asked, BigInt(atLeast)),
      );
    },
    createDeliveredCodes: (key, options) => {
      const link = links.shared();
      return then(callOn(link)<Remote>("deliveredCodes", key, options), (remote) =>
        held<DeliveredCodes>(
          link,
          remote,
          (codes): DeliveredCodes => ({
            issue: (account, options) => codes("issue", account, options),
            verify: (record, account, code, options) => codes("verify", record, account, code, options),
          }),
        ),
      );
    },
  };
}

/** The state, which stays here, and what goes to Rust. */
function parted(options: GuardOptions & { readonly state?: unknown }): { state?: unknown; numbers: unknown } {
  const known = properties(options);
  if (known === undefined) {
    return { numbers: null };
  }
  const { state, ...numbers } = known;
  return { state, numbers };
}

/** `Promise.all` for what may be promises. */
function all<T>(values: readonly Promise<T>[]): Promise<T[]> {
  return values.some(isPromise) ? Promise.all(values) : (values as unknown as Promise<T[]>);
}

function guardOn(link: Link, remote: Remote, state: State): Guard {
  return held<Guard>(link, remote, (call): Guard => {
    /** Changes what is stored of an account, as often as it takes for nobody else to have changed it meanwhile. */
    const change = (
      { key, now }: Asked,
      judge: (stored: Uint8Array | null) => Promise<Judged>,
      round = 1,
    ): Promise<Verdict> => {
      if (round > MAX_ROUNDS) {
        throw new StrongroomError("conflict", "too many requests for this account at once; try again");
      }
      return then(state.load(key, now), (loaded) => {
        const stored = loaded ?? null;
        return then(judge(stored), ({ verdict, change: made }) => {
          if (made === null) {
            return verdict;
          }
          const set = state.compareAndSet(key, stored, made.value, made.expiresAt, now);
          return then(set, (isSet) => {
            if (typeof isSet !== "boolean") {
              // A code that only seems to be stored would be accepted again.
              throw invalid("expected true or false of the state's compareAndSet");
            }
            return isSet ? verdict : change({ key, now }, judge, round + 1);
          });
        });
      });
    };
    return {
      verify: (account, totp, code, options) => {
        const kept = keptFor(totp);
        const known = kept && "withDrift" in totp ? kept : undefined; // and no other object of ours
        if (known?.link !== link) {
          return link.refuse(
            known?.link.hasEnded ? died() : invalid("expected a Totp of this package as the second argument"),
          );
        }
        return then(call<Asked>("asked", account, options), (asked) =>
          change(asked, (stored) => {
            const args = [stored, known.remote, code, asked.now];
            return then(
              link.call({ target: remote.remote, method: "verify", args, remoteArg: 1 }),
              (reply) => reply.value as Judged,
            );
          }),
        );
      },
      reset: (account, options) =>
        then(call<Asked>("asked", account, options), (asked) =>
          then(
            change(asked, (stored) => call<Judged>("reset", stored, asked.now)),
            () => undefined,
          ),
        ),
    };
  });
}
