/** Signing requests to exchanges, with a key that is never handed out. */

import type { State } from "./otp.js";

/** What a signature is made with. The entry's key decides which of a recipe's schemes it is. */
export type SigningAlgorithm =
  | "hmac-sha1"
  | "hmac-sha256"
  | "hmac-sha384"
  | "hmac-sha512"
  | "ed25519"
  | "es256"
  | "rsa-sha256"
  | "rsa-pss-sha256"
  /** Keccak-256 of the message, under Ethereum's curve. */
  | "secp256k1"
  /** Typed data of Ethereum (EIP-712) as JSON. */
  | "eip712";

/** An algorithm, how its secret is written in the entry, and how its signature is written in the request. */
export interface SigningScheme {
  readonly algorithm: SigningAlgorithm;
  /** For HMAC: how the secret is written. `text` by default. */
  readonly secret?: "text" | "base64" | "hex";
  /** `rsv` is a JSON object of `r`, `s` and `v`, for `secp256k1` and `eip712`. */
  readonly encoding: "hex" | "base64" | "base64url" | "rsv";
}

/** Where a parameter goes. `params` is the body if there is one, else the query. */
export type ParameterPlace = "query" | "body" | "params";

/**
 * A recipe of your own, for an exchange that is not in the table: what it wants signed, with what, and where the signature goes.
 *
 * Values, bodies and messages are text with parts in it, such as `<timestamp><method><path_query><body>`, and filters behind
 * them, such as `<nonce+body:sha256:hex>`; the crate's documentation of `signing` lists them.
 *
 * @example
 * ```ts
 * const recipe: Recipe = {
 *   exchange: "example",
 *   host: "https://api.example.com",
 *   schemes: [{ algorithm: "hmac-sha256", encoding: "hex" }],
 *   message: "<timestamp><method><path_query><body>",
 *   headers: { "X-KEY": "<entry.api_key>", "X-TIME": "<timestamp>", "X-SIGN": "<signature>" },
 * };
 * ```
 */
export interface Recipe {
  /** Its name, for errors. */
  readonly exchange: string;
  /** Where the exchange documents this. */
  readonly source?: string;
  /** Where a request with a bare path goes: `https://api.example.com`; `wss://...` for the login of a WebSocket. */
  readonly host?: string;
  /** The front of the path that `<route>` leaves off. */
  readonly base?: string;
  /** The entry's field with the key, `secret` by default. */
  readonly secret?: string;
  readonly schemes?: readonly SigningScheme[];
  /** How times are written, `ms` by default. */
  readonly time?: "ms" | "s" | "iso-ms" | "iso-s";
  /** How much later than the time `<expires>` is. */
  readonly expires_seconds?: number;
  /** A number that grows with each request and is at least the time in that unit, or one at random. */
  readonly nonce?: "s" | "ms" | "us" | "ns" | "uuid" | "hex";
  /** Parameters in front of the caller's: place, name, value. */
  readonly add?: readonly (readonly [ParameterPlace, string, string])[];
  /** Whether the query's parameters are sorted by name. */
  readonly sort_query?: boolean;
  /** Names for use further on: name, value, and what must not be empty for it. */
  readonly parts?: readonly (readonly [string, string] | readonly [string, string, string])[];
  /** What is sent in the place of the caller's body. */
  readonly body?: string;
  /** What is signed. */
  readonly message?: string;
  /** Parameters behind all others, as in `add`; the signature may be one. */
  readonly append?: readonly (readonly [ParameterPlace, string, string])[];
  /** One whose value is empty is left out. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What is known of a recipe without a key. */
export interface RecipeFacts {
  readonly exchange: string;
  /** Where a request with a bare path goes, such as `https://api.kraken.com`; may be empty. */
  readonly host: string;
  /** The address of the exchange's own description of this; may be empty. */
  readonly source: string;
  /** What an entry must have for it, in secret fields or in its info: `["api_key", "password", "secret"]`. */
  readonly fields: readonly string[];
  /** Whether it makes the login of a WebSocket, and no request: {@link Signer.login}. */
  readonly isLogin: boolean;
}

/** What a login is made of, and a request beside its method and URL. */
export interface LoginOptions {
  /** The time in milliseconds since 1970; by default this machine's, corrected by {@link Signer.learnClock}. */
  readonly timestampMs?: number;
  /**
   * The nonce, instead of one that the signer draws; one over 2^53-1 is given as text. It is taken as it is, and not remembered:
   * give each of them, or none.
   */
  readonly nonce?: string | number;
  /** What a recipe needs that no request has, such as Backpack's `instruction`, or the `challenge` of a login. */
  readonly values?: Readonly<Record<string, string>>;
}

/** A `URL`, in words that need no browser's types. */
export interface AnyURL {
  readonly href: string;
  readonly searchParams: AnyURLSearchParams;
}

/** A `URLSearchParams`. */
export interface AnyURLSearchParams {
  getAll(name: string): string[];
  toString(): string;
}

/** A `Headers`. */
export interface AnyHeaders {
  get(name: string): string | null;
  has(name: string): boolean;
  append(name: string, value: string): void;
}

/** What a request is made of, beside its method and URL. */
export interface SignOptions extends LoginOptions {
  /** JSON, or a form (`a=1&b=2`), as text or as its UTF-8. It is signed and sent as it is. */
  readonly body?: string | Uint8Array | AnyURLSearchParams;
  /** Headers beside those of the recipe. */
  readonly headers?: Readonly<Record<string, string>> | AnyHeaders;
}

/** A request to be sent as it is, `fetch(signed.url, signed)`: one byte changed, and the signature is another's. */
export interface SignedRequest {
  readonly method: string;
  /** The whole URL. */
  readonly url: string;
  /** The caller's headers, the content type of a body, and those of the recipe. */
  readonly headers: Readonly<Record<string, string>>;
  /** `null` for an empty one. */
  readonly body: string | null;
}

/** The login of a WebSocket. */
export interface SignedLogin {
  /** The address to connect to. */
  readonly url: string;
  /** What the connection is to be opened with, where the exchange wants the login there. */
  readonly headers: Readonly<Record<string, string>>;
  /** The message to send first. */
  readonly body: string;
}

/** The conditions of a {@link Signer}. */
export interface SignerOptions {
  /**
   * Where the last nonce of the account is kept, for several processes that use one API key; by default in this open vault alone. A
   * number is stored as 8 bytes, the highest first, until the second `Number.MAX_SAFE_INTEGER`, which means for ever.
   */
  readonly state?: State;
}

/**
 * Signs requests with an entry's key, which stays on the other side: in the vault's worker, or with `strongroom/sync` in
 * WebAssembly's memory. It is wiped when nobody has the signer any more, and when the vault is locked or the compartment has a
 * new key; from then on every use is `locked`.
 *
 * @example
 * ```ts
 * const signer = vault.entry("kraken/main").signer("kraken");
 * const signed = await signer.sign("POST", "/0/private/Balance");
 * const response = await fetch(signed.url, signed);
 * ```
 */
export interface Signer {
  /**
   * The request with everything that the exchange wants to see, signed. A URL is a whole one, or a path from the slash on for
   * the exchange's own host; its query is signed and sent as it is.
   *
   * @throws `invalid_input` for what is missing or cannot be signed, for an unknown exchange, and for a key that is not of its
   * kind; `limit` for what is too long; `conflict` if the entry was changed before the signer had its key; `locked`.
   */
  sign(method: string, url: string | AnyURL, options?: SignOptions): Promise<SignedRequest>;
  /** The login of a WebSocket, for an exchange such as `okx/websocket`. */
  login(options?: LoginOptions): Promise<SignedLogin>;
  /**
   * Learns how far the server's clock is ahead of this machine's, and returns that: `serverMs` is what its time request
   * answered, `sentMs` and `receivedMs` what `Date.now()` was before and after. As in NTP (RFC 5905, section 8), the server is
   * taken to have read its clock half way in between.
   *
   * @throws `invalid_input` for times that cannot be, and for clocks more than a day apart.
   */
  learnClock(serverMs: number, sentMs: number, receivedMs: number): Promise<number>;
  /** The server's clock minus this machine's, in milliseconds; 0 until it is learnt or set. */
  clockOffsetMs(): Promise<number>;
  /**
   * Sets it.
   *
   * @throws `invalid_input` for more than a day.
   */
  setClockOffsetMs(offsetMs: number): Promise<void>;
}

/** What there is to sign for. */
export interface Signing {
  /** The names of all exchanges of the table, sorted. One with `/websocket` behind is the exchange's login there. */
  exchanges(): Promise<string[]>;
  /**
   * What a recipe is for: that of an exchange of the table by its name, or one of your own, as an object or as JSON.
   *
   * @throws `invalid_input` for an exchange that is not in the table, with the nearest ones that are, and for a recipe with
   * something wrong in it, which the text names; `limit` over 64 KiB.
   */
  readRecipe(recipe: string | Recipe): Promise<RecipeFacts>;
}
