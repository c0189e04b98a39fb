/** Makes the plain objects that Rust gives back. One call an object is far cheaper than one a property. */

import { type ErrorCode, StrongroomError } from "./error.js";
import type { Fresh, Verdict } from "./types/otp.js";
import type { RecipeFacts, SignedRequest } from "./types/signing.js";
import type { Compartment, Damage, Entry, Kdf, OpenedBy, PasskeySlot, Rekeyed, Revoked, Slot } from "./types/vault.js";

/** What an entry is without its secrets, and which record it is, since one that is put again counts its versions from 1 again. */
export type Snapshot = Omit<Entry, "fieldNames" | "reveal" | "hmac" | "totp" | "totpOf" | "signer"> & {
  readonly record: string;
};

/** What a client knows of a vault without asking. `entries` has all of them, or those that were asked for. */
export interface View {
  readonly openedBy: OpenedBy;
  readonly isChanged: boolean;
  readonly compartments: readonly Compartment[];
  readonly slots: readonly Slot[];
  readonly damage: readonly Damage[];
  readonly entries: readonly Snapshot[];
}

/** What a guard says, and what to store before anyone is told. */
export interface Judged {
  readonly verdict: Verdict;
  readonly change: { readonly value: Uint8Array; readonly expiresAt: number } | null;
}

/** Whose code a guard is asked about, as the key in its state, and when. The clock is read once for all rounds. */
export interface Asked {
  readonly key: string;
  readonly now: number;
}

/** What to draw from a state before a request can be signed: a number of at least `atLeast`, in digits. */
export interface Drawing {
  readonly key: string;
  readonly atLeast: bigint;
  /** The time of the request. The clock is read once for all rounds. */
  readonly timestampMs: number;
}

export function asked(key: string, now: number): Asked {
  return { key, now };
}

export function error(code: ErrorCode, message: string): StrongroomError {
  return new StrongroomError(code, message);
}

/** Names and values in turn. No name is looked up on a prototype. */
function named(pairs: readonly string[]): Readonly<Record<string, string>> {
  const entries: [string, string][] = [];
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    entries.push([pairs[at] as string, pairs[at + 1] as string]);
  }
  return Object.freeze(Object.fromEntries(entries));
}

export function entry(
  name: string,
  record: string,
  version: number,
  state: Snapshot["state"],
  kind: string,
  tags: string[],
  note: string | undefined,
  info: string[],
  created: number,
  updated: number,
  expiresAt: number | undefined,
  rotateAfter: number | undefined,
): Snapshot {
  return {
    name,
    record,
    version,
    state,
    kind,
    tags,
    note: note ?? null,
    info: named(info),
    created,
    updated,
    expiresAt: expiresAt ?? null,
    rotateAfter: rotateAfter ?? null,
  };
}

export function view(
  slotId: string,
  label: string | undefined,
  scope: OpenedBy["scope"],
  isChanged: boolean,
  compartments: Compartment[],
  slots: Slot[],
  damage: Damage[],
  entries: Snapshot[],
): View {
  return { openedBy: { slotId, label: label ?? null, scope }, isChanged, compartments, slots, damage, entries };
}

export function compartment(name: string, entries: number, damaged: string | undefined): Compartment {
  return { name, entries, damaged: damaged ?? null };
}

export function slot(
  id: string,
  label: string,
  scope: Slot["scope"],
  factors: Slot["factors"],
  passkey: Uint8Array | undefined,
  kdf: Kdf | null,
  created: number,
  compartments: string[] | undefined,
): Slot {
  return { id, label, scope, factors, passkey: passkey ?? null, kdf, created, compartments: compartments ?? null };
}

export function damage(
  compartment: string,
  record: string | undefined,
  name: string | undefined,
  code: string,
): Damage {
  return { compartment, record: record ?? null, name: name ?? null, code };
}

export function passkeySlot(credentialId: Uint8Array, prfInput: Uint8Array, needsPassphrase: boolean): PasskeySlot {
  return { credentialId, prfInput, needsPassphrase };
}

export function revoked(rotate: string[], dropped: Damage[]): Revoked {
  return { rotate, dropped };
}

export function rekeyed(keys: string[], removed: string[], rotate: string[], dropped: Damage[]): Rekeyed {
  return { keys: named(keys), removed, rotate, dropped };
}

export function kdf(
  isArgon2id: boolean,
  memoryKib: number | undefined,
  passes: number | undefined,
  lanes: number | undefined,
  iterations: number | undefined,
  isSha512: boolean,
): Kdf {
  return isArgon2id
    ? { algorithm: "argon2id", memoryKib: memoryKib ?? 0, passes: passes ?? 0, lanes: lanes ?? 0 }
    : { algorithm: isSha512 ? "pbkdf2-sha512" : "pbkdf2", iterations: iterations ?? 0 };
}

export function fresh(code: string | undefined, seconds: number): Fresh {
  return { code: code ?? null, seconds };
}

export function resync(drift: number, step: number): { drift: number; step: number } {
  return { drift, step };
}

export function verified(ok: boolean, newHash: string | undefined): { ok: boolean; newHash: string | null } {
  return { ok, newHash: newHash ?? null };
}

export function identified(format: string, cost: string): { format: string; cost: string } {
  return { format, cost };
}

export function calibrated(kdf: Kdf, tookMs: number): { kdf: Kdf; tookMs: number } {
  return { kdf, tookMs };
}

export function recoveryCode(code: string, stored: string): { code: string; stored: string } {
  return { code, stored };
}

export function issued(code: string, record: string): { code: string; record: string } {
  return { code, record };
}

export function delivered(outcome: string, record: string | undefined, attemptsLeft: number | undefined): object {
  return outcome === "wrong" ? { outcome, record, attemptsLeft } : { outcome };
}

export function judged(
  outcome: Verdict["outcome"],
  step: number | undefined,
  retryAfter: number | undefined,
  value: Uint8Array | undefined,
  expiresAt: number | undefined,
): Judged {
  const change = value === undefined ? null : { value, expiresAt: expiresAt ?? 0 };
  switch (outcome) {
    case "accepted":
      return { verdict: { outcome, step: step ?? 0 }, change };
    case "throttled":
      return { verdict: { outcome, retryAfter: retryAfter ?? 0 }, change };
    default:
      return { verdict: { outcome }, change };
  }
}

export function recipe(
  exchange: string,
  host: string,
  source: string,
  fields: string[],
  isLogin: boolean,
): RecipeFacts {
  return { exchange, host, source, fields, isLogin };
}

export function signed(method: string, url: string, headers: string[], body: string): SignedRequest {
  return { method, url, headers: named(headers), body: body === "" ? null : body };
}

export function drawing(key: string, atLeast: bigint, timestampMs: number): Drawing {
  return { key, atLeast, timestampMs };
}

export function migration(accounts: object[], parts: number, missing: Uint32Array | number[]): object {
  return { accounts, parts, missing: [...missing] };
}
