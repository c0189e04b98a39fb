/**
 * The same as `strongroom`, without a worker: every call does its work here and gives its value, not a promise of it. For Node,
 * for a worker of your own, and for tests. In a browser call {@link init} first, and mind that deriving a key from a passphrase
 * stops the page for a while.
 *
 * @packageDocumentation
 */

import { type Api, apiOn } from "./api.js";
import { Engine } from "./engine.js";
import { StrongroomError } from "./error.js";
import { copied } from "./given.js";
import type { Links, Reply, Request } from "./link.js";
import { loadAll, start, startInNode } from "./load.js";
import type * as types from "./types/index.js";
import { Kdf as kdf } from "./vault.js";

export { type ErrorCode, StrongroomError } from "./error.js";
export type * from "./types/index.js";

/** A value in place of a promise of it, all the way down: in what is given, and in what is taken, such as a Totp of this face. */
export type Sync<T> =
  T extends Promise<infer Value>
    ? Sync<Value>
    : T extends Uint8Array | ArrayBuffer | Date | NonNullable<types.WorkerOptions["worker"]>
      ? T
      : T extends (...args: infer Args) => infer Value
        ? (...args: { [Key in keyof Args]: Sync<Args[Key]> }) => Sync<Value>
        : T extends object
          ? { [Key in keyof T]: Key extends typeof Symbol.asyncDispose ? T[Key] : Sync<T[Key]> }
          : T;

export type Vault = Sync<types.Vault>;
export type Entry = Sync<types.Entry>;
export type SealedTotp = Sync<types.SealedTotp>;
export type Totp = Sync<types.Totp>;
export type Hotp = Sync<types.Hotp>;
export type Fernet = Sync<types.Fernet>;
export type Account = Sync<types.Account>;
export type Migration = Sync<types.Migration>;
export type State = Sync<types.State>;
export type Guard = Sync<types.Guard>;
export type DeliveredCodes = Sync<types.DeliveredCodes>;
export type Signer = Sync<types.Signer>;
export type SignerOptions = Sync<types.SignerOptions>;
export type PasswordHasher = Sync<types.PasswordHasher>;
export type Kdf = types.Kdf;
export const Kdf = kdf;

let isStarted = startInNode();
let starting: Promise<void> | undefined;

/** Loads the WebAssembly, all of it and once. In Node it is there from the start. */
export async function init(): Promise<void> {
  if (!isStarted) {
    starting ??= start().then(loadAll);
    try {
      await starting;
      isStarted = true;
    } finally {
      starting = undefined;
    }
  }
}

/** What is passed is copied first, as on its way to a worker, so that no getter or proxy of the caller's runs within a call. */
class Here extends Engine {
  override call(request: Request): Reply {
    return super.call({ ...request, args: request.args.map(copied) });
  }
}

let engine: Here | undefined;

/** The one engine. After a failure there can be no other: the WebAssembly is loaded once. */
function here(): Engine {
  if (!isStarted) {
    throw new StrongroomError("io", "the WebAssembly is not loaded yet; await init() first");
  }
  engine ??= new Here();
  return engine;
}

const links: Links = { own: here, shared: here };

const api = apiOn(links) as unknown as Sync<Api>;
// One by one, so that each keeps its comment where it is used.
export const Vault: Sync<Api>["Vault"] = api.Vault;
export const Totp: Sync<Api>["Totp"] = api.Totp;
export const Hotp: Sync<Api>["Hotp"] = api.Hotp;
export const Fernet: Sync<Api>["Fernet"] = api.Fernet;
export const generateKey: Sync<Api>["generateKey"] = api.generateKey;
export const preload: Sync<Api>["preload"] = api.preload;
export const hashPassword: Sync<Api>["hashPassword"] = api.hashPassword;
export const verifyPassword: Sync<Api>["verifyPassword"] = api.verifyPassword;
export const verifyAndUpdate: Sync<Api>["verifyAndUpdate"] = api.verifyAndUpdate;
export const needsRehash: Sync<Api>["needsRehash"] = api.needsRehash;
export const verifyDummy: Sync<Api>["verifyDummy"] = api.verifyDummy;
export const identifyHash: Sync<Api>["identifyHash"] = api.identifyHash;
export const calibrate: Sync<Api>["calibrate"] = api.calibrate;
export const createPasswordHasher: Sync<Api>["createPasswordHasher"] = api.createPasswordHasher;
export const readAccount: Sync<Api>["readAccount"] = api.readAccount;
export const readMigration: Sync<Api>["readMigration"] = api.readMigration;
export const writeMigration: Sync<Api>["writeMigration"] = api.writeMigration;
export const qrSvg: Sync<Api>["qrSvg"] = api.qrSvg;
export const qrTerminal: Sync<Api>["qrTerminal"] = api.qrTerminal;
export const generateRecoveryCodes: Sync<Api>["generateRecoveryCodes"] = api.generateRecoveryCodes;
export const verifyRecoveryCode: Sync<Api>["verifyRecoveryCode"] = api.verifyRecoveryCode;
export const createGuard: Sync<Api>["createGuard"] = api.createGuard;
export const raiseTo: Sync<Api>["raiseTo"] = api.raiseTo;
export const createDeliveredCodes: Sync<Api>["createDeliveredCodes"] = api.createDeliveredCodes;
export const seal: Sync<Api>["seal"] = api.seal;
export const unseal: Sync<Api>["unseal"] = api.unseal;
export const exchanges: Sync<Api>["exchanges"] = api.exchanges;
export const readRecipe: Sync<Api>["readRecipe"] = api.readRecipe;
