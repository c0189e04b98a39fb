/** A user's side of an open vault. */

import { locked } from "./calls.js";
import { StrongroomError } from "./error.js";
import { properties } from "./given.js";
import { isPromise, type Link, type Links, type Remote, type Request, then } from "./link.js";
import { dropped } from "./remote.js";
import type { Snapshot, View } from "./shapes.js";
import { signerOf } from "./signing.js";
import type { Fresh, SealedTotp } from "./types/otp.js";
import type { SignerOptions } from "./types/signing.js";
import type { Entry, FieldValue, KdfMaker, PasskeySlot, Rekeyed, Revoked, Vault, VaultMaker } from "./types/vault.js";

/** Makes the costs of a passphrase; they are checked where they are used. */
export const Kdf: KdfMaker = {
  argon2id: (costs) => ({ algorithm: "argon2id", ...costsOf({ memoryKib: 65_536, passes: 3, lanes: 4 }, costs) }),
  pbkdf2: (costs) => ({ algorithm: "pbkdf2", ...costsOf({ iterations: 600_000 }, costs) }),
  pbkdf2Sha512: (costs) => ({ algorithm: "pbkdf2-sha512", ...costsOf({ iterations: 220_000 }, costs) }),
};

/** The defaults, but for what is given. A number in place of an object would silently be another cost than is meant. */
function costsOf<Costs extends object>(defaults: Costs, given: Partial<Costs> = {}): Costs {
  const known: Partial<Costs> | undefined = properties(given);
  const costs = { ...defaults };
  for (const name of known === undefined ? [""] : Object.keys(known)) {
    if (!Object.hasOwn(defaults, name)) {
      throw new StrongroomError("invalid_input", `expected an object of ${Object.keys(defaults).join(", ")}`);
    }
    costs[name as keyof Costs] = known?.[name as keyof Costs] ?? defaults[name as keyof Costs];
  }
  return costs;
}

/** Browsers that do not have `await using` yet have no symbol for it, and those who compile for them bring this one. */
const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

export function vaultMaker(links: Links): VaultMaker {
  const started = (options: Parameters<Links["own"]>[0], method: string, args: unknown[]): Promise<Vault> => {
    const link = links.own(options);
    const abandon = (fault: unknown): never => {
      void link.end();
      throw fault;
    };
    try {
      const reply = link.call({ method, args, view: "all" });
      const opened = then(reply, ({ value, view }) => vaultOn(link, (value as Remote).remote, view as View));
      return isPromise(opened) ? opened.catch(abandon) : opened;
    } catch (fault) {
      return abandon(fault);
    }
  };
  return {
    open: (bytes, unlock, options) => started(options, "vaultOpen", [bytes, unlock]),
    create: (factors, options) => started(options, "vaultCreate", [factors]),
    passkeys: (bytes) =>
      then(links.shared().call({ method: "vaultPasskeys", args: [bytes] }), ({ value }) => value as PasskeySlot[]),
  };
}

function vaultOn(link: Link, remote: number, first: View): Vault {
  let view = first;
  let entries = new Map(first.entries.map((entry) => [entry.name, entry]));
  let locking: Promise<void> | undefined;
  /** Every entry has it too, so that the keys are there for as long as anything can use them. */
  const keys = { link, remote };
  dropped.register(keys, { link, remote }, keys);

  /** Asks for something that changes nothing. */
  const ask = <T>(method: string, ...args: unknown[]): Promise<T> => send({ target: keys.remote, method, args });
  /** Changes these entries, or anything. */
  const change = <T>(names: readonly string[] | "all", method: string, ...args: unknown[]): Promise<T> =>
    send({ target: keys.remote, method, args, view: names });

  function send<T>(request: Request): Promise<T> {
    return then(keys.link.call(request), (reply) => {
      if (reply.view && request.view) {
        take(reply.view, request.view);
      }
      return reply.value as T;
    });
  }

  function refuse(): never {
    throw locked();
  }

  function take(now: View, names: readonly string[] | "all"): void {
    view = now;
    if (names === "all") {
      entries = new Map();
    } else {
      for (const name of names) {
        entries.delete(name);
      }
    }
    for (const entry of now.entries) {
      entries.set(entry.name, entry);
    }
  }

  function seen<T>(value: T): T {
    return vault.locked ? refuse() : value;
  }

  function entry(name: string): Entry {
    const found = seen(entries).get(name);
    if (found === undefined) {
      throw missing(name);
    }
    return entryOf(found, keys.link, ask);
  }

  /** Why there is no such entry, as Rust would say it. */
  function missing(name: string): StrongroomError {
    if (typeof name !== "string" || !name.includes("/")) {
      const meant = typeof name === "string" ? `; did you mean ${name}/main?` : "";
      return new StrongroomError("invalid_input", `expected the name of an entry, like binance/main${meant}`);
    }
    const compartment = name.slice(0, name.indexOf("/"));
    if (view.damage.some((part) => part.record === null && part.compartment === compartment)) {
      return new StrongroomError("damaged", "the compartment of this entry is damaged");
    }
    const damage = view.damage.find((part) => part.name === name);
    if (damage !== undefined) {
      return new StrongroomError(damage.code as "damaged", "this entry is damaged");
    }
    const canSee = view.openedBy.scope === "owner" || view.compartments.some((one) => one.name === compartment);
    return canSee
      ? new StrongroomError("not_found", `there is no entry ${name}`)
      : new StrongroomError("no_access", "this key gives no access to the compartment of this entry");
  }

  const vault: Vault = {
    get openedBy() {
      return seen(view.openedBy);
    },
    get locked() {
      return locking !== undefined || link.hasEnded;
    },
    get isChanged() {
      return !vault.locked && view.isChanged;
    },
    get compartments() {
      return seen(view.compartments);
    },
    get slots() {
      return seen(view.slots);
    },
    get damage() {
      return seen(view.damage);
    },

    names: () => [...seen(entries).keys()].sort(),
    has: (name) => seen(entries).has(name),
    entry,
    entries: () => vault.names().map(entry),
    find: (conditions) => ask("find", conditions),
    versions: (name) => then(ask<Snapshot[]>("versions", name), (all) => all.map((each) => entryOf(each, link, ask))),

    put: (name, fields, options) => change([name], "put", name, fields, options),
    update: (name, fields, options) => change([name], "update", name, fields, options),
    remove: (name) => change([name], "remove", name),
    removeField: (name, field) => change([name], "removeField", name, field),
    rename: (oldName, newName) => change([oldName, newName], "rename", oldName, newName),
    copy: (oldName, newName) => change([newName], "copy", oldName, newName),
    stage: (name, fields, options) => change([name], "stage", name, fields, options),
    promote: (name) => change([name], "promote", name),
    retire: (name) => change([name], "retire", name),

    removeCompartment: (name) => change("all", "removeCompartment", name),
    grant: (label, access, factors) =>
      then(change<string | undefined>([], "grant", label, access, factors), (key) => key ?? null),
    generatePrfInput: () => ask("generatePrfInput"),
    revoke: (label, options) => change<Revoked>("all", "revoke", label, options),
    changePassphrase: (label, passphrase, options) => change([], "changePassphrase", label, passphrase, options),
    strengthen: (label, factors, kdf) => change([], "strengthen", label, factors, kdf),
    rekey: (keep, options) => change<Rekeyed>("all", "rekey", keep, options),

    pin: () => ask("pin"),
    pinFor: (label) => ask("pinFor", label),

    seal: () => change([], "seal"),
    splice: (storedNow) => ask("splice", storedNow),
    saved: (stored) => change("all", "saved", stored),
    discard: () => change("all", "discard"),
    reload: (storedNow) => change("all", "reload", storedNow),

    preload: (...parts) => ask("preload", ...parts),

    lock() {
      if (locking === undefined && !link.hasEnded) {
        dropped.unregister(keys);
        entries = new Map();
        const end = () => link.end() as Promise<void>;
        const wiped = link.call({ target: remote, method: "lock", args: [] });
        locking = Promise.resolve(isPromise(wiped) ? wiped.then(end, end) : end());
      }
      return locking ?? Promise.resolve();
    },
    [asyncDispose]: () => Promise.resolve(vault.lock()),
  };
  return Object.freeze(vault);
}

type Ask = <T>(method: string, ...args: unknown[]) => Promise<T>;

function entryOf(snapshot: Snapshot, link: Link, ask: Ask): Entry {
  const { record, ...facts } = snapshot;
  const { name, version } = facts;
  const seen = [version, record];
  const totpOf = (field: string) => totpOn((method, ...args) => ask(method, name, seen, field, ...args));
  return Object.freeze({
    ...facts,
    fieldNames: () => ask<string[]>("fieldNames", name, seen),
    reveal: (field: string) => ask<FieldValue>("reveal", name, seen, field),
    hmac: (field: string, message: string | Uint8Array, algorithm?: string) =>
      ask<Uint8Array>("hmac", name, seen, field, message, algorithm),
    totp: totpOf("totp"),
    totpOf,
    signer: (recipe: string | object, options?: SignerOptions) =>
      signerOf(link, recipe, options, (text) => ask<Remote>("signer", name, seen, text)),
  });
}

function totpOn(ask: Ask): SealedTotp {
  return Object.freeze<SealedTotp>({
    now: () => ask("totpCode", undefined),
    at: (time) => ask("totpCode", time),
    step: (time) => ask("totpStep", time),
    secondsRemaining: (time) => ask("totpSecondsRemaining", time),
    period: () => ask("totpPeriod"),
    fresh: (minSeconds = 5, time) => ask<Fresh>("totpFresh", minSeconds, time),
  });
}
