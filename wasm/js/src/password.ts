/** A user's side of password hashes. */

import { type Link, type Links, type Remote, then } from "./link.js";
import { callOn, held } from "./remote.js";
import type { PasswordHasher, PasswordHasherOptions, Passwords } from "./types/password.js";

export function passwordsOn(links: Links): Passwords {
  const call = <T>(method: string, ...args: unknown[]) => callOn(links.shared())<T>(method, ...args);
  return {
    hashPassword: (password) => call("hashPassword", password),
    verifyPassword: (password, stored) => call("verifyPassword", password, stored),
    verifyAndUpdate: (password, stored) => call("verifyAndUpdate", password, stored),
    needsRehash: (stored) => call("needsRehash", stored),
    verifyDummy: (password) => call("verifyDummy", password),
    identifyHash: (stored) => call("identifyHash", stored),
    calibrate: (targetMs) => call("calibrate", targetMs),
    createPasswordHasher: (options) => hasherOn(links.shared(), options),
  };
}

function hasherOn(link: Link, options: PasswordHasherOptions | undefined): Promise<PasswordHasher> {
  return then(callOn(link)<Remote>("passwordHasher", options), (remote) =>
    held<PasswordHasher>(
      link,
      remote,
      (call): PasswordHasher => ({
        hash: (password) => call("hash", password),
        verify: (password, stored) => call("verify", password, stored),
        verifyAndUpdate: (password, stored) => call("verifyAndUpdate", password, stored),
        needsRehash: (stored) => call("needsRehash", stored),
        verifyDummy: (password) => call("verifyDummy", password),
        hashLike: (password, stored) => call("hashLike", password, stored),
      }),
    ),
  );
}
