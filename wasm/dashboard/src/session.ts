/** An open vault and the place it is stored in: every change is saved at once, and none is lost when that fails. */

import {
  type Compartment,
  type Damage,
  type Entry,
  type OpenedBy,
  preload,
  type Slot,
  StrongroomError,
  type Unlock,
  Vault,
} from "strongroom";

import { PageError, type Source, type Stored } from "./source/source";

/** An entry as the list shows it. */
export interface Row {
  readonly name: string;
  readonly compartment: string;
  /** The name without its compartment. */
  readonly rest: string;
  /** `null` if it cannot be read. */
  readonly entry: Entry | null;
  /** What search looks through, in lower case. Nothing secret is in it. */
  readonly text: string;
}

/** A change; `isForced` if it is to win over what someone else saved to the same entry. */
export type Apply<T> = (vault: Vault, isForced: boolean) => Promise<T>;

/** So often a save is tried again when others keep saving in between. */
const MOST_ATTEMPTS = 5;

export class Session {
  readonly source: Source;
  /** What there is to draw, kept here: a vault whose worker has ended answers nothing, and the page has to stay. */
  openedBy: OpenedBy;
  compartments: readonly Compartment[] = [];
  slots: readonly Slot[] = [];
  damage: readonly Damage[] = [];
  rows: readonly Row[] = [];
  due: ReadonlySet<string> = new Set();
  /** Whether the worker is gone, killed or out of memory. The vault has to be unlocked again. */
  isEnded = false;
  /** Why the page could not look whether others have saved, or `null`. */
  staleness: unknown = null;
  /** Counts what there is to draw anew. */
  revision = 0;

  #vault: Vault;
  #stored: Stored;
  /** A change that is in memory and not stored, and which form made it. */
  #pending: { readonly by: object; readonly result: unknown } | null = null;
  /** What was last sent to be stored, of which it is unknown whether it arrived. */
  #sent: Uint8Array | null = null;
  #isLocking = false;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #listeners = new Set<() => void>();

  static async open(source: Source, stored: Stored, unlock: Unlock): Promise<Session> {
    const session = new Session(source, stored, await opened(stored.bytes, unlock));
    await session.#refresh();
    return session;
  }

  constructor(source: Source, stored: Stored, vault: Vault) {
    this.source = source;
    this.#stored = stored;
    this.#vault = vault;
    this.openedBy = vault.openedBy;
  }

  get vault(): Vault {
    return this.#vault;
  }

  get stored(): Stored {
    return this.#stored;
  }

  /** Whether a change is in memory only. */
  get hasPending(): boolean {
    return this.#pending !== null;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Makes a change and saves it. What could not be saved stays in memory, for `again` by the same form. */
  async change<T>(by: object, apply: Apply<T>, isForced = false): Promise<T> {
    return await this.#inTurn(async () => {
      if (this.#pending !== null && this.#pending.by !== by) {
        throw new PageError("other_unsaved");
      }
      await this.source.prepare();
      await this.#drop();
      try {
        this.#pending = { by, result: await apply(this.#vault, isForced) };
      } catch (error) {
        // Half of a change must not stay.
        await this.#drop(true);
        throw error;
      }
      return await this.#save<T>();
    });
  }

  /** Saves what the same form could not save before; `null` if there is nothing. */
  async again<T>(by: object): Promise<{ readonly result: T } | null> {
    return await this.#inTurn(async () => {
      if (this.#pending?.by !== by) {
        return null;
      }
      await this.source.prepare();
      return { result: await this.#save<T>() };
    });
  }

  /** Drops what a form could not save. */
  async forget(by: object): Promise<void> {
    if (this.#pending?.by === by && !this.#vault.locked) {
      await this.#inTurn(() => this.#drop(true));
    }
  }

  /** Drops what is not saved, and takes what someone else has saved. */
  async takeTheirs(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#drop(true);
      this.#stored = await this.source.read();
      await this.#vault.reload(this.#stored.bytes);
      await this.#refresh();
    });
  }

  /** Takes over what others have saved, unless something is unsaved here. */
  async poll(): Promise<void> {
    if (this.#pending !== null || this.isEnded || this.#isLocking) {
      return;
    }
    await this.#inTurn(async () => {
      try {
        const later = await this.source.readLater(this.#stored);
        if (later !== null) {
          await this.#vault.reload(later.bytes);
          this.#stored = later;
        }
        this.staleness = null;
      } catch (error) {
        this.staleness = error;
      }
      await this.#refresh();
    });
  }

  /** The vault with the changes that are not stored, sealed: to be kept as a file of its own. */
  async sealedWithChanges(): Promise<Uint8Array> {
    return this.#pending === null
      ? this.#stored.bytes
      : await this.#inTurn(() => this.#vault.splice(this.#stored.bytes));
  }

  /** Opens the vault again after its worker has ended. Forms that are open stay so, and make their change anew. */
  async reopen(unlock: Unlock): Promise<void> {
    const stored = await this.source.read().catch(() => this.#stored);
    this.#vault = await opened(stored.bytes, unlock);
    this.#stored = stored;
    this.#pending = null;
    this.#turn = Promise.resolve();
    this.isEnded = false;
    await this.#refresh();
  }

  async lock(): Promise<void> {
    this.#isLocking = true;
    Object.assign(this, { compartments: [], slots: [], damage: [], rows: [] });
    await this.#vault.lock();
  }

  /** Reads names and dates again: what is due changes with time alone. */
  async look(): Promise<void> {
    if (this.#pending === null && !this.isEnded) {
      await this.#inTurn(() => this.#refresh());
    }
  }

  /** Finds out whether the worker has ended without being asked to. */
  checkAlive(): void {
    if (this.#vault.locked) {
      this.#noteEnd();
    }
  }

  /** What went wrong in the vault, where the worker may be what went. */
  whatFailed(error: unknown): unknown {
    const isGone = this.#vault.locked || (error instanceof StrongroomError && error.code === "locked");
    if (isGone && !this.#isLocking) {
      this.#noteEnd();
      return new PageError("worker_ended");
    }
    return error;
  }

  async #save<T>(): Promise<T> {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const now = await this.source.read();
      if (this.#sent !== null && isSame(now.bytes, this.#sent)) {
        return await this.#saved<T>(now); // it had arrived, only the answer was lost
      }
      const bytes = await this.#vault.splice(now.bytes);
      this.#sent = bytes;
      try {
        return await this.#saved<T>(await this.source.write(bytes, now));
      } catch (error) {
        if (!(error instanceof PageError && error.code === "changed")) {
          throw error;
        }
      }
    }
    throw new PageError("keeps_changing");
  }

  async #saved<T>(stored: Stored): Promise<T> {
    await this.#vault.saved(stored.bytes);
    const result = this.#pending?.result as T;
    this.#stored = stored;
    this.#pending = null;
    this.#sent = null;
    await this.#refresh();
    return result;
  }

  async #drop(always = false): Promise<void> {
    if (this.#pending !== null || always) {
      await this.#vault.discard();
      this.#pending = null;
      this.#sent = null;
    }
  }

  async #refresh(): Promise<void> {
    this.due = new Set(await this.#vault.find({ due: true }));
    const { openedBy, compartments, slots, damage } = this.#vault;
    Object.assign(this, { openedBy, compartments, slots, damage });
    this.rows = this.#vault.names().map((name) => rowOf(this.#vault, name));
    this.#draw();
  }

  #noteEnd(): void {
    if (!this.isEnded && !this.#isLocking) {
      this.isEnded = true;
      this.#draw();
    }
  }

  #draw(): void {
    this.revision++;
    for (const listener of this.#listeners) {
      listener();
    }
  }

  /** One thing at a time: `splice` and `saved` allow no change between them. */
  #inTurn<T>(job: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(job).catch((error: unknown) => {
      throw this.whatFailed(error);
    });
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}

/** The host may end while the page is open, and what is changed then must still be changed and sealed. */
async function opened(bytes: Uint8Array, unlock: Unlock): Promise<Vault> {
  const vault = await Vault.open(bytes, unlock);
  vault.preload("change").catch(() => {}); // told by the first use, which tries again
  preload("otp").catch(() => {});
  return vault;
}

function rowOf(vault: Vault, name: string): Row {
  const slash = name.indexOf("/");
  const place = { name, compartment: name.slice(0, slash), rest: name.slice(slash + 1) };
  try {
    const entry = vault.entry(name);
    const info = Object.entries(entry.info).flat();
    const text = [name, entry.kind, entry.note ?? "", ...entry.tags, ...info].join("\n").toLowerCase();
    return { ...place, entry, text };
  } catch {
    return { ...place, entry: null, text: name.toLowerCase() };
  }
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}
