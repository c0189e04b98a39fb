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
}

export function apiOn(links: Links): Api {
  return {
    Vault: vaultMaker(links),
    Totp: totpMaker(links),
    Hotp: hotpMaker(links),
    Fernet: fernetMaker(links),
    generateKey: () => callOn(links.shared())("generateKey"),
    ...otpOn(links),
    ...passwordsOn(links),
    ...sealingOn(links),
    ...signingOn(links),
  };
}
