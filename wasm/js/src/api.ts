/** Everything that this package offers, over one kind of link. */

import type { Links } from "./link.js";
import { hotpMaker, otpOn, totpMaker } from "./otp.js";
import { passwordsOn } from "./password.js";
import { callOn } from "./remote.js";
import { fernetMaker, sealingOn } from "./sealed.js";
import { signingOn } from "./signing.js";
import type { HotpMaker, Otp, TotpMaker } from "./types/otp.js";
import type { Passwords } from "./types/password.js";
import type { FernetMaker, Sealing } from "./types/sealed.js";
import type { Signing } from "./types/signing.js";
import type { VaultMaker } from "./types/vault.js";
import { vaultMaker } from "./vault.js";

export interface Api extends Otp, Passwords, Sealing, Signing {
  readonly Vault: VaultMaker;
  readonly Totp: TotpMaker;
  readonly Hotp: HotpMaker;
  readonly Fernet: FernetMaker;
  /** Makes a new random key, for a slot that does not exist yet. */
  generateKey(): Promise<string>;
  /**
   * Fetches code that is else fetched when it is first used outside of vaults: `otp`, `password` and `sealed` for what the types
   * of these files say, and `signing` for `exchanges` and `readRecipe`. For a page that has to go on while its host cannot be
   * reached; `Vault.preload` has the rest. Does nothing in Node, which has files.
   *
   * @throws `io` if it cannot be fetched. The next use tries again.
   */
  preload(...parts: ("otp" | "password" | "sealed" | "signing")[]): Promise<void>;
}

export function apiOn(links: Links): Api {
  return {
    Vault: vaultMaker(links),
    Totp: totpMaker(links),
    Hotp: hotpMaker(links),
    Fernet: fernetMaker(links),
    generateKey: () => callOn(links.shared())("generateKey"),
    preload: (...parts) => callOn(links.shared())("preload", ...parts),
    ...otpOn(links),
    ...passwordsOn(links),
    ...sealingOn(links),
    ...signingOn(links),
  };
}
