/** Bytes under a key, outside any vault. */

import type { Time } from "./otp.js";

/** Text, of which the UTF-8 is taken, or bytes; 64 MiB at most. */
export type Data = string | Uint8Array;

/** Seals and opens any bytes. */
export interface Sealing {
  /**
   * Seals under a key, as text: 24 bytes of nonce, fresh at each call, the ciphertext, and 16 bytes of tag. It is C2SP
   * XAES-256-GCM under the key's 32 bytes and nothing else (FORMAT.md, section 12). The associated data is not in the result:
   * whoever opens it has to know it, so that what was sealed for one use or user is no good for another. Take a key for this
   * alone.
   */
  seal(key: string, data: Data, options?: { readonly associatedData?: Data }): Promise<Uint8Array>;
  /**
   * Opens what {@link seal} sealed, with the same associated data.
   *
   * @throws `decrypt` for another key or other associated data, and for bytes that were altered or cut off.
   */
  unseal(key: string, sealed: Uint8Array, options?: { readonly associatedData?: Data }): Promise<Uint8Array>;
}

/**
 * Makes and reads [Fernet tokens](https://github.com/fernet/spec/blob/master/Spec.md), as Python's cryptography has them, under
 * one key or several. Prefer {@link Sealing.seal} for what only Strongroom reads.
 */
export interface Fernet {
  /** Encrypts under the first key. Everyone can read the time in the token: now, or `at`. */
  encrypt(data: Data, options?: { readonly at?: Time }): Promise<string>;
  /**
   * Decrypts, with `ttlSeconds` only if the token is at most so old now, or `at` another time, and at most 60 seconds from the
   * future. White space at its ends is passed over.
   *
   * @throws `decrypt` for what is no token, was altered, is of another time or under another key; `limit` for more than 64 MiB.
   */
  decrypt(token: Data, options?: { readonly ttlSeconds?: number; readonly at?: Time }): Promise<Uint8Array>;
  /** When a token was made, in Unix seconds, by the clock of who made it. Throws as {@link decrypt}. */
  extractTimestamp(token: Data): Promise<number>;
  /** Encrypts under the first key what was encrypted under any, with the time that it had. Throws as {@link decrypt}. */
  rotate(token: Data): Promise<string>;
}

/** How to make a {@link Fernet}. */
export interface FernetMaker {
  /** A new random key: 32 bytes in base64url, 44 characters. */
  generateKey(): Promise<string>;
  /** Tokens under a key, and with older keys to read what was made under them. */
  fromKey(key: string, olderKeys?: readonly string[]): Promise<Fernet>;
}
