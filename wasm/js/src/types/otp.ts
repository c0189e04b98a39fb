/** One-time codes: made for a login, and verified for a server where each works once. */

/** The hash of one-time codes (RFC 6238, section 1.2). SHA-1 is what nearly all authenticators take. */
export type OtpAlgorithm = "sha1" | "sha256" | "sha512";

/** A point in time: Unix seconds, or a `Date`. */
export type Time = number | Date;

/** A code that was not handed out before and for how many seconds it is good, or `null` and how long to wait. */
export interface Fresh {
  readonly code: string | null;
  readonly seconds: number;
}

/** The time-based codes of an entry. The seed stays sealed in the vault and is never handed out. */
export interface SealedTotp {
  /** The code of now, whether or not it was handed out before. */
  now(): Promise<string>;
  /** The code of a point in time. */
  at(time: Time): Promise<string>;
  /** How many periods have passed since 1970. */
  step(time?: Time): Promise<number>;
  /** For how many seconds more the code is the same: from the whole period down to 1. */
  secondsRemaining(time?: Time): Promise<number>;
  /** The seconds from one code to the next. */
  period(): Promise<number>;
  /**
   * A code that lives for `minSeconds` more (5 by default) and that this open vault did not hand out before, or how long to wait
   * for it: two logins at the same time get two codes.
   */
  fresh(minSeconds?: number, time?: Time): Promise<Fresh>;
}

/** How the codes of a {@link Totp} are made. What is left out is as with nearly all authenticators. */
export interface TotpOptions {
  /** `sha1` by default. */
  readonly algorithm?: OtpAlgorithm;
  /** 6, 7 or 8; 6 by default. */
  readonly digits?: number;
  /** Seconds from one code to the next, 30 by default. */
  readonly period?: number;
  /** Steam's codes of 5 letters and digits. */
  readonly steam?: boolean;
}

/** Time-based one-time codes (RFC 6238) of one secret, which stays on the other side until `revealSecret`. */
export interface Totp {
  readonly algorithm: OtpAlgorithm;
  readonly digits: number;
  /** Seconds. */
  readonly period: number;
  readonly isSteam: boolean;
  /** Whether the secret has less than 128 bits (RFC 4226, section 4, R6). */
  readonly isShort: boolean;
  /** The secret in base32. */
  revealSecret(): Promise<string>;
  /** The `otpauth://` URI, secret and all, for a QR code: {@link qrSvg}. */
  uri(account: string, issuer?: string): Promise<string>;
  /** The same codes with another window of `verify`: steps before (1) and after (0) the present one. */
  withWindow(back: number, ahead: number): Promise<Totp>;
  /** The same codes for a user whose clock is so many steps ahead, as {@link resync} has learnt it. */
  withDrift(steps: number): Promise<Totp>;
  /** The code of now. */
  now(): Promise<string>;
  /** The code of a point in time. */
  at(time: Time): Promise<string>;
  /** How many periods have passed since 1970. */
  step(time?: Time): Promise<number>;
  /** For how many seconds more the code is the same. */
  secondsRemaining(time?: Time): Promise<number>;
  /**
   * The step that a code belongs to, or `null`. Compared in constant time. With `afterStep`, only later steps count: store the
   * step that was accepted, or use a {@link Guard}, so that a code works once.
   */
  verify(code: string, options?: { readonly at?: Time; readonly afterStep?: number }): Promise<number | null>;
  /** Learns from two codes that follow each other by how many steps the user's clock is off, or `null`. */
  resync(
    first: string,
    second: string,
    options?: { readonly at?: Time; readonly steps?: number; readonly afterStep?: number },
  ): Promise<{ readonly drift: number; readonly step: number } | null>;
  /** A code that lives for `minSeconds` more and is of a later step than `afterStep`, or how long to wait for it. */
  fresh(options?: { readonly minSeconds?: number; readonly at?: Time; readonly afterStep?: number }): Promise<Fresh>;
}

/** How to make a {@link Totp}. */
export interface TotpMaker {
  /** From a secret in base32, or as bytes. */
  fromSecret(secret: string | Uint8Array, options?: TotpOptions): Promise<Totp>;
  /** From an `otpauth://totp` URI. */
  fromUri(uri: string): Promise<Totp>;
  /** Under a new random secret of 160 bits. */
  generate(options?: TotpOptions): Promise<Totp>;
}

/** Counter-based one-time codes (RFC 4226) of one secret. */
export interface Hotp {
  readonly algorithm: OtpAlgorithm;
  readonly digits: number;
  /** Whether the secret has less than 128 bits (RFC 4226, section 4, R6). */
  readonly isShort: boolean;
  /** The secret in base32. */
  revealSecret(): Promise<string>;
  /** The `otpauth://` URI, secret and all, for a QR code. */
  uri(account: string, issuer?: string, counter?: number): Promise<string>;
  /** The code of a counter. */
  at(counter: number): Promise<string>;
  /** The counter to store if the code is of `counter` or of the next `lookAhead` (0 by default), else `null`. */
  verify(code: string, counter: number, lookAhead?: number): Promise<number | null>;
  /** The counter to store if two codes that follow each other are among the next ones (100 by default), else `null`. */
  resync(first: string, second: string, counter: number, lookAhead?: number): Promise<number | null>;
}

/** How to make a {@link Hotp}. */
export interface HotpMaker {
  /** From a secret in base32, or as bytes. */
  fromSecret(
    secret: string | Uint8Array,
    options?: { readonly algorithm?: OtpAlgorithm; readonly digits?: number },
  ): Promise<Hotp>;
  /** Under a new random secret of 160 bits. */
  generate(options?: { readonly algorithm?: OtpAlgorithm; readonly digits?: number }): Promise<Hotp>;
}

/** An account as an authenticator keeps it: its codes, and whose they are. */
export interface Account {
  readonly issuer: string | null;
  /** The user's name there; may be empty. */
  readonly name: string;
  /** Its codes, if they are made from the time. */
  readonly totp: Totp | null;
  /** Its codes, if they are made from a counter. */
  readonly hotp: Hotp | null;
  /** The counter of the next code, if they are made from one. */
  readonly counter: number | null;
  /** The `otpauth://` URI, secret and all. */
  toUri(): Promise<string>;
}

/** What was read of a Google Authenticator export. */
export interface Migration {
  readonly accounts: readonly Account[];
  /** How many QR codes the export has. */
  readonly parts: number;
  /** Which of them are missing, counted from 1 as the phone counts them. */
  readonly missing: readonly number[];
}

/**
 * Where a {@link Guard} remembers, and what {@link Otp.raiseTo} draws from: a store of small values under short keys, each with a
 * time at which it is forgotten. Times are in Unix seconds, and come from the caller.
 */
export interface State {
  /** The value under `key` that was stored to last longer than `unixSeconds`, or `null`. */
  load(key: string, unixSeconds: number): Promise<Uint8Array | null> | Uint8Array | null;
  /**
   * If what is there is `expected`, `null` being nothing, stores `value` until `expiresAt` and answers `true`, in one step; else
   * changes nothing and answers `false`.
   */
  compareAndSet(
    key: string,
    expected: Uint8Array | null,
    value: Uint8Array,
    expiresAt: number,
    unixSeconds: number,
  ): Promise<boolean> | boolean;
  /**
   * For a store that can do it in one step: draws a number, one more than the last one of `key`, or `atLeast` if that is more,
   * and never forgets it. Without it, the same is done with the other two.
   */
  raiseTo?(key: string, atLeast: bigint, unixSeconds: number): Promise<bigint> | bigint;
}

/** What became of a code. */
export type Verdict =
  /** The code is right, and is used up from now on. */
  | { readonly outcome: "accepted"; readonly step: number }
  /** It would be right, but it or a later one was accepted before. Wait for the next one. */
  | { readonly outcome: "used" }
  | { readonly outcome: "wrong" }
  /** There were too many wrong codes. This one was not looked at; in `retryAfter` seconds one will be. */
  | { readonly outcome: "throttled"; readonly retryAfter: number }
  /** There were so many wrong codes that none is looked at any more, until {@link Guard.reset}. */
  | { readonly outcome: "locked" };

/**
 * Verifies the codes of a login: each is accepted once, and wrong ones make the account wait (RFC 6238, section 5.2; RFC 4226,
 * section 7.3; NIST SP 800-63B-4, section 3.2.2). Ask for the code only after the password.
 */
export interface Guard {
  /** `account` is the user's id, 1 to 512 bytes, always the same for one account. */
  verify(account: string, totp: Totp, code: string, options?: { readonly at?: Time }): Promise<Verdict>;
  /** Forgets the wrong codes of an account. Its used codes stay used. */
  reset(account: string, options?: { readonly at?: Time }): Promise<void>;
}

/** The numbers of a {@link Guard}. */
export interface GuardOptions {
  /** After how many wrong codes in a row the first wait comes: 1 to 20, 5 by default. */
  readonly freeAttempts?: number;
  /** The first wait in seconds, 30 by default. */
  readonly delaySeconds?: number;
  /** The longest wait in seconds, 3,600 by default; at most a day. */
  readonly maxDelaySeconds?: number;
  /** After how many wrong codes in a row the account is locked: 10 to 100, 100 by default. */
  readonly maxAttempts?: number;
}

/** Codes that are sent to a user by SMS or e-mail. */
export interface DeliveredCodes {
  /** Makes a code for an account: the code to send, and the record to store. */
  issue(account: string, options?: { readonly at?: Time }): Promise<{ readonly code: string; readonly record: string }>;
  /**
   * Verifies a code against the record of the account. After `wrong`, store the new record in the old one's place before
   * answering; after anything else remove it.
   */
  verify(
    record: string,
    account: string,
    code: string,
    options?: { readonly at?: Time },
  ): Promise<
    | { readonly outcome: "accepted" | "expired" | "exhausted" }
    | { readonly outcome: "wrong"; readonly record: string; readonly attemptsLeft: number }
  >;
}

/** The numbers of {@link DeliveredCodes}. */
export interface DeliveredCodesOptions {
  /** 6, 7 or 8; 6 by default. */
  readonly digits?: number;
  /** 1 to 86,400; 600 by default. */
  readonly lifetimeSeconds?: number;
  /** 1 to 100; 5 by default. */
  readonly attempts?: number;
}

/** One-time codes, beside {@link TotpMaker} and {@link HotpMaker}. */
export interface Otp {
  /** Reads an `otpauth://` URI. */
  readAccount(uri: string): Promise<Account>;
  /** Reads Google Authenticator's export: the URIs of one or more of its QR codes, in any order. */
  readMigration(uris: readonly string[]): Promise<Migration>;
  /** Writes accounts as Google Authenticator exports them: one URI, secrets and all, for each QR code. */
  writeMigration(accounts: readonly Account[]): Promise<string[]>;
  /** A QR code (ISO/IEC 18004) of a text of at most 2,953 bytes, as an SVG picture that holds the secret of the text. */
  qrSvg(text: string): Promise<string>;
  /** A QR code as lines of text for a terminal. */
  qrTerminal(text: string, background?: "dark" | "light"): Promise<string>;
  /** Makes recovery codes, 10 by default: each a code to show once, and its hash to store. */
  generateRecoveryCodes(count?: number): Promise<{ readonly code: string; readonly stored: string }[]>;
  /** The place of the stored hash that this code is of, or `null`. Remove that one: each works once. */
  verifyRecoveryCode(code: string, stored: readonly string[]): Promise<number | null>;
  /** A guard that remembers in `state`, by default in this process alone. */
  createGuard(options?: GuardOptions & { readonly state?: State }): Promise<Guard>;
  /**
   * Draws a number: one more than the last one of `key`, or `atLeast` if that is more. So numbers follow a clock for as long as it
   * goes forward, and rise strictly over all who share the state, also when a clock is set back: what an exchange asks of a
   * nonce. There is no way back from an `atLeast` that was too high; the largest number is 2^63 - 1. A key is drawn from, or
   * else loaded and set, and not both.
   */
  raiseTo(state: State, key: string, atLeast: bigint | number, options?: { readonly at?: Time }): Promise<bigint>;
  /** Issues and verifies codes that are sent, under a key of 16 bytes or more. */
  createDeliveredCodes(key: Uint8Array, options?: DeliveredCodesOptions): Promise<DeliveredCodes>;
}
