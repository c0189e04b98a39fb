/** What went wrong, as a stable word to program against; the same in Rust, Python and JavaScript. */
export type ErrorCode =
  /** A wrong passphrase or key, or altered data. These are not told apart, on purpose. */
  | "decrypt"
  /** Something of this name is there already. */
  | "exists"
  /** The bytes are not what FORMAT.md says. */
  | "format"
  /** The vault's version is not one that this release reads. */
  | "unsupported_version"
  /** A count, a size or a cost is over its ceiling. */
  | "limit"
  /** A key derivation cost is under its floor. */
  | "weak_kdf"
  /** The key that opened this vault gives no access to that part of it. */
  | "no_access"
  | "not_found"
  /** Someone else changed the same thing first. */
  | "conflict"
  /** The vault was locked, or its worker has ended: open it again. */
  | "locked"
  /** This part fails its checks and cannot be used; the rest can. */
  | "damaged"
  /** An argument is not of the form that is expected. */
  | "invalid_input"
  /** The vault is older than, or forked from, what this reader has already seen. */
  | "rollback"
  /** The browser or the operating system refused: memory, a worker, WebAssembly. Or the code of a call could not be fetched. */
  | "io"
  /** There were no random bytes. */
  | "random";

/** The one error of this package. `code` is the part to program against; the message is for people and may change. */
export class StrongroomError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.name = "StrongroomError";
    this.code = code;
  }
}

export function invalid(expected: string): StrongroomError {
  return new StrongroomError("invalid_input", expected);
}
