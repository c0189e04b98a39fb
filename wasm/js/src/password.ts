/** A user's side of password hashes. */

import { type Link, type Links, type Remote, then } from "./link.js";
import { callOn, held } from "./remote.js";
import type { PasswordHasher, PasswordHasherOptions, Passwords } from "./types/password.js";

export function passwordsOn(links: Links): Passwords {
  const hashers = new WeakMap<Link, Promise<PasswordHasher>>();
  const hasher = (): Promise<PasswordHasher> => {
    const link = links.shared();
    const known = hashers.get(link) ?? hasherOn(link, {});
    hashers.set(link, known);
    return known;
  };
  const call = <T>(method: string, ...args: unknown[]) => callOn(links.shared())<T>(method, ...args);
  return {
    hashPassword: (password) => then(hasher(), (made) => made.hash(password)),
    verifyPassword: (password, stored) => then(hasher(), (made) => made.verify(password, stored)),
    verifyAndUpdate: (password, stored) => then(hasher(), (made) => made.verifyAndUpdate(password, stored)),
    needsRehash: (stored) => then(hasher(), (made) => made.needsRehash(stored)),
    verifyDummy: (password) => then(hasher(), (made) => made.verifyDummy(password)),
    identifyHash: (stored) => call("identifyHash", stored),
    calibrate: (targetMs) => call("calibrate", targetMs),
    createPasswordHasher: (options = {}) => hasherOn(links.shared(), options),
  };
}

function hasherOn(link: Link, options: PasswordHasherOptions): Promise<PasswordHasher> {
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
