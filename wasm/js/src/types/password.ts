/** Password hashes: one call that verifies every format people have, and writes the best of them. */

import type { Kdf } from "./vault.js";

/** A password: its UTF-8 is hashed as it is, not normalised. 1 to 4,096 bytes. */
export type Password = string | Uint8Array;

/** Functions on password hashes. Argon2id with 64 MiB, 3 passes and 4 lanes is written; every known format is verified. */
export interface Passwords {
  /** A hash to store, as a PHC string with a fresh salt. */
  hashPassword(password: Password): Promise<string>;
  /**
   * Whether the stored hash, of any known format, was made from this password.
   *
   * @throws `invalid_input` for a stored hash of no known format; `limit` for a cost over the ceilings, before any work.
   */
  verifyPassword(password: Password, stored: string): Promise<boolean>;
  /** Verifies, and if the password is right and the hash is out of date, also gives a new hash to store. */
  verifyAndUpdate(
    password: Password,
    stored: string,
  ): Promise<{ readonly ok: boolean; readonly newHash: string | null }>;
  /** Whether a stored hash is not what `hashPassword` would write. */
  needsRehash(stored: string): Promise<boolean>;
  /** Takes as long as `verifyPassword`, and returns `false`: for a user that does not exist. */
  verifyDummy(password: Password): Promise<boolean>;
  /** Which format a stored hash has (passlib's name where it has one), and its cost as people write it. */
  identifyHash(stored: string): Promise<{ readonly format: string; readonly cost: string }>;
  /** The highest cost of Argon2id that takes at most `targetMs` here (250 by default), and how long it took. */
  calibrate(targetMs?: number): Promise<{ readonly kdf: Kdf; readonly tookMs: number }>;
  /** A hasher with settings of its own. */
  createPasswordHasher(options?: PasswordHasherOptions): Promise<PasswordHasher>;
}

/** The settings of a {@link PasswordHasher}. */
export interface PasswordHasherOptions {
  /** What new hashes are made with. */
  readonly kdf?: Kdf;
  /** A secret that is kept apart from the hashes, 16 bytes or more, and the id under which it is named in them. */
  readonly pepper?: { readonly keyId: string; readonly secret: Uint8Array };
  /** The most memory in KiB that a stored hash may ask for; 262,144 by default. */
  readonly maxMemoryKib?: number;
  /** 16 by default. */
  readonly maxPasses?: number;
  /** 16 by default. */
  readonly maxLanes?: number;
  /** 10,000,000 by default. */
  readonly maxIterations?: number;
  /** 16 by default. */
  readonly maxBcryptCost?: number;
  /** Cut passwords at bcrypt's 72 bytes, as other libraries do, instead of refusing them. */
  readonly truncateBcrypt?: boolean;
}

/** Hashes and verifies passwords with settings of its own; the calls are those of {@link Passwords}. */
export interface PasswordHasher {
  hash(password: Password): Promise<string>;
  verify(password: Password, stored: string): Promise<boolean>;
  verifyAndUpdate(
    password: Password,
    stored: string,
  ): Promise<{ readonly ok: boolean; readonly newHash: string | null }>;
  needsRehash(stored: string): Promise<boolean>;
  verifyDummy(password: Password): Promise<boolean>;
  /** What the stored hash would be, had it been made from this password: the same format, costs and salt. */
  hashLike(password: Password, stored: string): Promise<string>;
}
