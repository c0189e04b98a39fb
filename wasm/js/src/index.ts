/**
 * Credentials for trading bots in one encrypted file that Rust, Python and browsers open.
 *
 * The work is done in a worker, so that the page stays responsive and secrets stay out of it. Every failure is a
 * {@link StrongroomError} with a `code`.
 *
 * @packageDocumentation
 */

import { apiOn } from "./api.js";
import type * as types from "./types/index.js";
import { Kdf as kdf } from "./vault.js";
import { workers } from "./workers.js";

export { type ErrorCode, StrongroomError } from "./error.js";
export type * from "./types/index.js";

export type Vault = types.Vault;
export type Totp = types.Totp;
export type Hotp = types.Hotp;
export type Fernet = types.Fernet;
export type Kdf = types.Kdf;
export const Kdf = kdf;

export const {
  Vault,
  Totp,
  Hotp,
  Fernet,
  generateKey,
  preload,
  hashPassword,
  verifyPassword,
  verifyAndUpdate,
  needsRehash,
  verifyDummy,
  identifyHash,
  calibrate,
  createPasswordHasher,
  readAccount,
  readMigration,
  writeMigration,
  qrSvg,
  qrTerminal,
  generateRecoveryCodes,
  verifyRecoveryCode,
  createGuard,
  raiseTo,
  createDeliveredCodes,
  seal,
  unseal,
  exchanges,
  readRecipe,
} = apiOn(workers);
