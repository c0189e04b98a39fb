/** What a vault is made of, as a reader of this package sees it. FORMAT.md in the repository describes the bytes. */

// For projects whose own libraries have no `AsyncDisposable` yet.
/// <reference lib="esnext.disposable" preserve="true" />

import type { SealedTotp } from "./otp.js";
import type { Recipe, Signer, SignerOptions } from "./signing.js";

/**
 * What a field holds: text, or bytes.
 */
export type FieldValue = string | Uint8Array;

/**
 * How a passphrase becomes a key, and at what cost. Make one with {@link Kdf}'s functions, which fill in the defaults; the
 * cost is checked where it is used: `weak_kdf` under the floor, `limit` over the ceiling.
 */
export type Kdf =
  | {
      readonly algorithm: "argon2id";
      /** Memory in KiB, 19,456 to 262,144. */
      readonly memoryKib: number;
      /** Passes over the memory, 1 to 16. */
      readonly passes: number;
      /** Lanes, 1 to 4. They are computed one after the other here, and in parallel by Rust and Python. */
      readonly lanes: number;
    }
  | {
      /** PBKDF2-HMAC-SHA-256. */
      readonly algorithm: "pbkdf2";
      /** 600,000 to 10,000,000. */
      readonly iterations: number;
    }
  | {
      /** PBKDF2-HMAC-SHA-512, for password hashes: a vault takes SHA-256 only. */
      readonly algorithm: "pbkdf2-sha512";
      /** 220,000 to 10,000,000. */
      readonly iterations: number;
    };

/** Makes a {@link Kdf} with the defaults filled in. */
export interface KdfMaker {
  /** Argon2id, version 0x13 (RFC 9106). By default 65,536 KiB, 3 passes and 4 lanes (section 4, second option). */
  argon2id(costs?: { memoryKib?: number; passes?: number; lanes?: number }): Kdf;
  /** PBKDF2-HMAC-SHA-256 (RFC 8018, section 5.2). By default 600,000 iterations. */
  pbkdf2(costs?: { iterations?: number }): Kdf;
  /** PBKDF2-HMAC-SHA-512 (RFC 8018, section 5.2), for password hashes. By default 220,000 iterations. */
  pbkdf2Sha512(costs?: { iterations?: number }): Kdf;
}

/** A passkey that was asked for its PRF output; see `strongroom/passkey`. */
export interface PasskeyOutput {
  /** The WebAuthn credential id, 1 to 1,023 bytes. */
  readonly credentialId: Uint8Array;
  /** The 32 bytes `first` of the PRF extension (WebAuthn level 3, section 10.1.4). */
  readonly prfOutput: Uint8Array;
}

/** What opens a slot: a passphrase, a key, both, or a passkey (with a passphrase where its slot asks for both). */
export interface Factors {
  /** 1 to 1,024 bytes of UTF-8 once in Unicode form NFC, which is done here. It is not trimmed. */
  readonly passphrase?: string;
  /** A key as text, `STRONGROOM-KEY-1-` and 72 characters. White space around it is ignored. */
  readonly key?: string;
  /** A passkey. */
  readonly passkey?: PasskeyOutput;
}

/** What opens a vault, and the conditions of the one who opens. */
export interface Unlock extends Factors {
  /** Refuses, with `rollback`, a vault older than the one that gave this pin ({@link Vault.pin}). */
  readonly pin?: string;
  /** Opens slots whose key derivation is cheaper than this release would write. Only for old or foreign files. */
  readonly allowWeakKdf?: boolean;
  /** The most memory, in KiB, that a slot's Argon2id may ask for; 262,144 by default. */
  readonly maxMemoryKib?: number;
}

/** A passkey's slot, as it stands in the part of a vault that anyone can read, and that nobody vouches for. */
export interface PasskeySlot {
  /** The WebAuthn credential id. */
  readonly credentialId: Uint8Array;
  /** What `eval.first` of the PRF extension must be for this slot. */
  readonly prfInput: Uint8Array;
  /** Whether the slot asks for a passphrase too. */
  readonly needsPassphrase: boolean;
}

/** Through which slot a vault was opened. */
export interface OpenedBy {
  /** The slot's id, 16 hex digits. */
  readonly slotId: string;
  /** The slot's label, which only owners can read. */
  readonly label: string | null;
  /** An owner may do everything, a holder reads and writes its compartments. */
  readonly scope: "owner" | "holder";
}

/** A compartment that this key can open. */
export interface Compartment {
  readonly name: string;
  /** How many entries it has. */
  readonly entries: number;
  /** The code of what is wrong with it as a whole, or `null`. */
  readonly damaged: string | null;
}

/** A way into the vault, as an owner sees it. */
export interface Slot {
  /** 16 hex digits. */
  readonly id: string;
  readonly label: string;
  readonly scope: "owner" | "holder";
  /** What it asks for. */
  readonly factors: "passphrase" | "key" | "passphrase+key";
  /** The credential id, if its key is a passkey. */
  readonly passkey: Uint8Array | null;
  /** The cost of its passphrase. */
  readonly kdf: Kdf | null;
  /** When it was made, in Unix seconds. */
  readonly created: number;
  /** A holder's compartments. `null` for an owner, and for a slot whose payload is damaged. */
  readonly compartments: readonly string[] | null;
}

/** A part of the vault that fails its checks. The rest works without it. */
export interface Damage {
  readonly compartment: string;
  /** The record, 32 hex digits, or `null` for the compartment as a whole. */
  readonly record: string | null;
  /** The entry's name, where it can be read. */
  readonly name: string | null;
  /** The error code of the check that failed. */
  readonly code: string;
}

/** What `put`, `update` and `stage` take besides the secret fields. */
export interface EntryOptions {
  /** What is sealed but not secret: a username, an API key's id. */
  readonly info?: Readonly<Record<string, string>>;
  /** Your own word for what kind of entry this is. */
  readonly kind?: string;
  readonly tags?: readonly string[];
  readonly note?: string;
  /** When the credential stops working: Unix seconds, or a `Date`. */
  readonly expiresAt?: number | Date;
  /** When the credential is due for rotation: Unix seconds, or a `Date`. */
  readonly rotateAfter?: number | Date;
}

/** What to look for with {@link Vault.find}: entries that fulfil every condition given. */
export interface Find {
  readonly tag?: string;
  readonly kind?: string;
  readonly compartment?: string;
  /** Has expired, or is due for rotation. */
  readonly due?: boolean;
}

/** What a revocation comes to. */
export interface Revoked {
  /** The entries that the revoked holder has been able to read: rotate these at the exchange. */
  readonly rotate: readonly string[];
  /** What was damaged and is left out of the vault. */
  readonly dropped: readonly Damage[];
}

/** What a re-keying comes to. */
export interface Rekeyed {
  /** The new key of every slot that was made again and asks for a key, by label. */
  readonly keys: Readonly<Record<string, string>>;
  /** The labels of the slots that are gone. */
  readonly removed: readonly string[];
  /** Every entry: whoever held the old root key has been able to read them all. */
  readonly rotate: readonly string[];
  /** What was damaged and is left out of the vault. */
  readonly dropped: readonly Damage[];
}

/** What a new slot opens: everything, or some compartments. */
export type Access = "owner" | { readonly compartments: readonly string[] };

/** The new slot of a passkey, with what its authenticator answered to `prfInput`. */
export interface NewPasskey extends PasskeyOutput {
  /** What {@link Vault.generatePrfInput} gave. */
  readonly prfInput: Uint8Array;
}

/**
 * One version of an entry as it was when it was read, without its secrets: these stay sealed in the vault until they are
 * used.
 *
 * Once the entry has been changed, every use of a secret is `conflict`: take the entry again. So a key is never used with the
 * secret of another version.
 */
export interface Entry {
  /** The full name, such as `binance/main`. */
  readonly name: string;
  /** From 1; one more at each put, update and stage of this name. */
  readonly version: number;
  readonly state: "current" | "pending" | "previous";
  /** The writer's own word for what kind of entry this is; may be empty. */
  readonly kind: string;
  /** Sorted. */
  readonly tags: readonly string[];
  readonly note: string | null;
  /** What is sealed but not secret. */
  readonly info: Readonly<Record<string, string>>;
  /** When it was first put, in Unix seconds. */
  readonly created: number;
  /** When it was last changed, in Unix seconds. */
  readonly updated: number;
  /** When the credential stops working, in Unix seconds. */
  readonly expiresAt: number | null;
  /** When the credential is due for rotation, in Unix seconds. */
  readonly rotateAfter: number | null;

  /** The names of the secret fields, sorted. */
  fieldNames(): Promise<string[]>;
  /**
   * The plaintext of a secret field. This is the one call that hands a secret out; a JavaScript string cannot be wiped.
   *
   * @throws `not_found` if there is no such field, `conflict` if the entry was changed, `locked`.
   */
  reveal(field: string): Promise<FieldValue>;
  /**
   * HMAC (RFC 2104) of a message under a secret field's bytes, which stay in the vault: 32, 48 or 64 bytes.
   *
   * @throws `not_found` if there is no such field, `conflict` if the entry was changed, `locked`.
   */
  hmac(field: string, message: string | Uint8Array, algorithm?: "sha256" | "sha384" | "sha512"): Promise<Uint8Array>;
  /** The time-based one-time codes of the field `totp`. */
  readonly totp: SealedTotp;
  /** The time-based one-time codes of another field: an `otpauth://totp` URI, or a secret in base32. */
  totpOf(field: string): SealedTotp;
  /**
   * Signs requests with this entry's key, for an exchange of the table ({@link Signing.exchanges}) or by a recipe of your own.
   * The key is read and parsed at once and once; a fault in it is told by the signer's first use.
   */
  signer(recipe: string | Recipe, options?: SignerOptions): Signer;
}

/**
 * An open vault in memory, with the changes that are not stored yet.
 *
 * Keys and plaintext stay on the other side: in a worker, or with `strongroom/sync` in WebAssembly's memory. What is sealed but
 * not secret (names, info, tags, notes, times) is here at once; secrets are asked for one at a time.
 *
 * A change is made in memory. What to store after it is made by {@link seal}, where nobody else writes the vault, and else by
 * {@link splice} and {@link saved}.
 *
 * @example
 * ```ts
 * import { Vault } from "strongroom";
 *
 * await using vault = await Vault.open(bytes, { passphrase });
 * const entry = vault.entry("binance/main");
 * const signature = await entry.hmac("secret", "timestamp=1700000000000");
 * await vault.put("kraken/main", { secret }, { info: { api_key: "..." } });
 * const sealed = await vault.seal();
 * ```
 */
export interface Vault extends AsyncDisposable {
  /** Through which slot it was opened. */
  readonly openedBy: OpenedBy;
  /** Whether {@link lock} was called, or the vault's worker has ended. */
  readonly locked: boolean;
  /** Whether there are changes that are not stored. */
  readonly isChanged: boolean;
  /** The compartments that this key can open, by name. */
  readonly compartments: readonly Compartment[];
  /** All slots, in the order of the file; none for a holder. */
  readonly slots: readonly Slot[];
  /** What fails its checks, so that the rest has to do without it. */
  readonly damage: readonly Damage[];

  /** The names of all entries that this key can see and that have a current version, sorted. */
  names(): string[];
  /** Whether there is such an entry. */
  has(name: string): boolean;
  /**
   * The current version of an entry.
   *
   * @throws `not_found`, and for what cannot be read: `no_access`, `damaged`, `format`; `locked`.
   */
  entry(name: string): Entry;
  /** The current version of every entry, by name. */
  entries(): Entry[];
  /** The names of the entries that fulfil every condition, sorted. */
  find(conditions?: Find): Promise<string[]>;
  /** Every version of an entry, the newest first. */
  versions(name: string): Promise<Entry[]>;

  /**
   * Creates an entry, or replaces the whole of it, and returns its version. The first segment of the name is its compartment,
   * which an owner's `put` makes where it is new.
   */
  put(name: string, fields?: Readonly<Record<string, FieldValue>>, options?: EntryOptions): Promise<number>;
  /**
   * Changes only what is given, and returns the new version.
   *
   * @throws `not_found`; `conflict` if `ifVersion` is not the current version.
   */
  update(
    name: string,
    fields?: Readonly<Record<string, FieldValue>>,
    options?: EntryOptions & { readonly ifVersion?: number },
  ): Promise<number>;
  /** Removes an entry with all its versions. */
  remove(name: string): Promise<void>;
  /** Removes a secret field, or a piece of info, and returns the entry's new version. */
  removeField(name: string, field: string): Promise<number>;
  /** Renames an entry, also into another compartment. */
  rename(oldName: string, newName: string): Promise<void>;
  /** Copies an entry, also into another compartment. */
  copy(oldName: string, newName: string): Promise<void>;
  /** Puts a new version beside the current one, which stays in use until {@link promote}. Returns its version. */
  stage(name: string, fields?: Readonly<Record<string, FieldValue>>, options?: EntryOptions): Promise<number>;
  /** Makes the staged version the current one, and the current one a previous one. Returns the version. */
  promote(name: string): Promise<number>;
  /** Removes the previous versions. */
  retire(name: string): Promise<void>;

  /** Removes a compartment with everything in it; for owners. A holder that is left with none is removed. */
  removeCompartment(name: string): Promise<void>;
  /**
   * Makes a new way in, for owners. Without factors it makes a new key and returns it, once: keep it where only its user can
   * read it. Otherwise it returns `null`.
   *
   * @throws `exists` for a label, a key, a passkey or a passphrase that is in use; `not_found` for a compartment; `limit`;
   * `no_access` for a holder.
   */
  grant(
    label: string,
    access: Access,
    factors?: {
      readonly passphrase?: string;
      readonly key?: string;
      readonly passkey?: NewPasskey;
      readonly kdf?: Kdf;
    },
  ): Promise<string | null>;
  /** What to give a passkey's PRF extension as `eval.first`, for a slot that {@link grant} then makes with the answer. */
  generatePrfInput(): Promise<Uint8Array>;
  /**
   * Removes a holder's slot, or takes some compartments from it, and gives every compartment concerned a new key; for owners.
   * All other holders keep their access without being present. The revoked holder keeps what it has read.
   *
   * @throws `not_found`; `invalid_input` for an owner's slot, which only {@link rekey} removes; `damaged` where something
   * damaged would be lost and `dropDamaged` is not set.
   */
  revoke(
    label: string,
    options?: { readonly compartments?: readonly string[]; readonly dropDamaged?: boolean },
  ): Promise<Revoked>;
  /**
   * Gives a slot a new passphrase and cost. The key of a slot that asks for both stays and must be given; a passkey with its
   * answer to a new {@link generatePrfInput}. It protects only against people without an earlier copy of the file; after a leak
   * use {@link rekey}.
   */
  changePassphrase(
    label: string,
    passphrase: string,
    options?: { readonly key?: string; readonly passkey?: NewPasskey; readonly kdf?: Kdf },
  ): Promise<void>;
  /** Gives a slot's passphrase another cost. The factors must open the slot, else `decrypt`. */
  strengthen(label: string, factors: Omit<Factors, "passkey">, kdf?: Kdf): Promise<void>;
  /**
   * Gives the vault a new id and new keys, and discards every slot but those that `keep` opens: for when an owner's secret may
   * be known to another, and the one way to remove an owner's slot. Slots with a key get a new one; passkeys are enrolled
   * again.
   */
  rekey(keep: readonly Omit<Factors, "passkey">[], options?: { readonly dropDamaged?: boolean }): Promise<Rekeyed>;

  /** What this reader has seen of the vault, as text to keep apart from it; see {@link Unlock.pin}. */
  pin(): Promise<string>;
  /** A pin for the holder of a slot: give it to the remaining holders after a revocation. */
  pinFor(label: string): Promise<string>;

  /** Seals the vault with its changes, for one that nobody else writes. */
  seal(): Promise<Uint8Array>;
  /**
   * What to store, given what is stored now: this vault's changes applied to it, everything else as it is there. Call
   * {@link saved} with the result once it is stored. The vault itself stays as it is.
   *
   * @throws `conflict` if someone else saved a change to the same entry, or to the slots while they are changed here;
   * `rollback` if what is stored is older than what was opened.
   */
  splice(storedNow: Uint8Array): Promise<Uint8Array>;
  /** Takes over what {@link splice} made, which is stored now. Make no change in between. */
  saved(stored: Uint8Array): Promise<void>;
  /** Drops the changes that are not stored. */
  discard(): Promise<void>;
  /**
   * Reads the vault again from what is stored now, without deriving a key. Returns whether anything is different.
   *
   * @throws `rollback` if that is older; `conflict` if there are unsaved changes, or the vault was re-keyed and has to be opened
   * again.
   */
  reload(storedNow: Uint8Array): Promise<boolean>;

  /**
   * Fetches code that is else fetched when it is first used: `change` for whatever changes or seals the vault, `signing` for
   * {@link Entry.signer}, and `keys` for signers with a private key. For a page that has to go on while its host cannot be
   * reached. Does nothing in Node, which has files.
   *
   * @throws `io` if it cannot be fetched. The next use tries again.
   */
  preload(...parts: ("change" | "signing" | "keys")[]): Promise<void>;

  /** Wipes the keys and ends the vault's worker, which frees its memory. Every later use is `locked`. Can be called twice. */
  lock(): Promise<void>;
}

/** How to open or make a vault. */
export interface VaultMaker {
  /**
   * Opens a vault. Nothing is derived before the frame and every slot's cost have been checked. What is damaged inside one
   * compartment does not keep the vault from opening: see {@link Vault.damage}.
   *
   * @throws `decrypt` for a wrong passphrase or key, or altered data, which are not told apart; `format`,
   * `unsupported_version`, `limit`, `weak_kdf` for bytes that this release does not open; `invalid_input` where a passphrase or
   * a key is missing beside the other; `rollback` with a pin.
   */
  open(bytes: Uint8Array | ArrayBuffer, unlock: Unlock, options?: WorkerOptions): Promise<Vault>;
  /** Makes a new vault with one slot, labelled `owner`, and no compartment. */
  create(
    factors: { readonly passphrase?: string; readonly key?: string; readonly kdf?: Kdf },
    options?: WorkerOptions,
  ): Promise<Vault>;
  /** The slots of passkeys in a vault that is still closed, to ask the authenticator with. */
  passkeys(bytes: Uint8Array | ArrayBuffer): Promise<PasskeySlot[]>;
}

/** Where the work is done. */
export interface WorkerOptions {
  /**
   * A worker of your own that runs `strongroom/worker`, for bundlers that cannot find it by themselves. The vault takes it over
   * and ends it.
   */
  readonly worker?: WebWorker;
}

/** A `Worker` of a browser, by what counts here: not every project has the types of a browser. */
export interface WebWorker {
  postMessage(message: unknown): void;
  terminate(): void;
}
