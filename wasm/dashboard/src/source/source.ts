/** Where a vault's bytes lie, and how they get back there. All that passes through here is sealed. */

export interface Stored {
  readonly bytes: Uint8Array;
  /** What tells this state from a later one: an ETag, or a file's time and size. `null` where the place has none. */
  readonly tag: string | null;
}

export interface Source {
  /** What people call it: the file's name. */
  readonly name: string;
  readonly kind: "host" | "file" | "download";
  /** Whether there are changes that only this page has. */
  readonly isUnsaved: boolean;
  /** Asks for what saving needs, while the click that led here still counts. */
  prepare(): Promise<void>;
  read(): Promise<Stored>;
  /** What is stored now if that is not `since`, else `null`. */
  readLater(since: Stored): Promise<Stored | null>;
  /** Replaces `since`. Fails with `changed` if something else is stored by now. Returns the new state. */
  write(bytes: Uint8Array, since: Stored): Promise<Stored>;
}

/** What a person has to be told of a source, by a code that messages.ts puts into words. */
export class PageError extends Error {
  readonly code: PageErrorCode;
  /** A number or a name that the message uses. */
  readonly about: string;

  constructor(code: PageErrorCode, about = "") {
    super(code);
    this.name = "PageError";
    this.code = code;
    this.about = about;
  }
}

export type PageErrorCode =
  | "changed"
  | "file_gone"
  | "file_permission"
  | "host_answer"
  | "host_forbidden"
  | "host_html"
  | "host_missing"
  | "host_no_etag"
  | "host_other_origin"
  | "host_session"
  | "host_silent"
  | "host_too_large"
  | "keeps_changing"
  | "no_code"
  | "no_wasm"
  | "not_yours"
  | "other_unsaved"
  | "storage_full"
  | "too_large"
  | "wasm_blocked"
  | "worker_ended";

/** The most that a vault can be (FORMAT.md, Limits). */
export const MAX_VAULT_BYTES = 64 * 1024 * 1024;

export function checkSize(bytes: number): void {
  if (bytes > MAX_VAULT_BYTES) {
    throw new PageError("too_large", String(bytes));
  }
}
