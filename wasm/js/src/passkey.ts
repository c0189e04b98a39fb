/**
 * Passkeys as a way into a vault: asks the browser for the PRF output of a WebAuthn credential (WebAuthn level 3, section
 * 10.1.4), which is the key of a slot.
 *
 * @example
 * ```ts
 * import { Vault } from "strongroom";
 * import { createPasskey, getPasskey } from "strongroom/passkey";
 *
 * await vault.grant("laptop", "owner", { passkey: await createPasskey(vault, { label: "laptop" }) });
 *
 * const slots = await Vault.passkeys(bytes);
 * const vault = await Vault.open(bytes, { passkey: await getPasskey(slots) });
 * ```
 *
 * @packageDocumentation
 */

import { StrongroomError } from "./error.js";
import type { NewPasskey, PasskeyOutput, PasskeySlot, Vault } from "./types/vault.js";

/** How long the user has, in milliseconds. */
const TIMEOUT_MS = 120_000;

export interface NewPasskeyOptions {
  /** The name under which the user finds the passkey again, such as the slot's label. */
  readonly label: string;
  /** The domain that the passkey is for; this page's by default. */
  readonly rpId?: string;
}

/** Whether this browser has passkeys at all, in this page. */
export function hasPasskeys(): boolean {
  return typeof PublicKeyCredential !== "undefined" && typeof navigator.credentials?.create === "function";
}

/**
 * Makes a new passkey and asks it for the key of a slot that does not exist yet; {@link Vault.grant} then makes that. Must be
 * called in answer to a click or a key.
 *
 * @throws `io` if the user declines, or the browser or the authenticator has no PRF extension.
 */
export async function createPasskey(vault: Vault, { label, rpId }: NewPasskeyOptions): Promise<NewPasskey> {
  const prfInput = bytes(await vault.generatePrfInput());
  const enrolled = vault.slots.flatMap((slot) => (slot.passkey ? [descriptor(slot.passkey)] : []));
  const credential = await asked(() =>
    navigator.credentials.create({
      publicKey: {
        rp: { name: "Strongroom", ...(rpId === undefined ? {} : { id: rpId }) },
        // An id of its own for each, or the authenticator would replace the one before.
        user: { id: crypto.getRandomValues(new Uint8Array(16)), name: label, displayName: label },
        challenge: crypto.getRandomValues(new Uint8Array(32)), // nobody verifies an assertion: the key is what counts
        pubKeyCredParams: [
          { type: "public-key", alg: -7 }, // ES256
          { type: "public-key", alg: -8 }, // Ed25519
          { type: "public-key", alg: -257 }, // RS256
        ],
        authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
        excludeCredentials: enrolled,
        extensions: { prf: { eval: { first: prfInput } } },
        timeout: TIMEOUT_MS,
      },
    }),
  );
  const { prf } = credential.getClientExtensionResults();
  if (!prf?.enabled) {
    throw new StrongroomError(
      "io",
      "this passkey cannot open vaults: its authenticator has no PRF extension; use another",
    );
  }
  const credentialId = new Uint8Array(credential.rawId);
  // Many authenticators answer only once the passkey is there.
  const { prfOutput } = prf.results
    ? { prfOutput: output(prf.results) }
    : await evaluated([{ credentialId, prfInput }], rpId);
  return { credentialId, prfInput, prfOutput };
}

/**
 * Asks for one of these passkeys, whichever the user has at hand. Must be called in answer to a click or a key.
 *
 * @throws `io` if the user declines or has none of them; `not_found` if there is no slot of a passkey.
 */
export async function getPasskey(
  slots: readonly PasskeySlot[],
  options: { readonly rpId?: string } = {},
): Promise<PasskeyOutput> {
  if (slots.length === 0) {
    throw new StrongroomError("not_found", "no passkey opens this vault; use its passphrase or key");
  }
  return evaluated(slots, options.rpId);
}

async function evaluated(
  slots: readonly Pick<PasskeySlot, "credentialId" | "prfInput">[],
  rpId: string | undefined,
): Promise<PasskeyOutput> {
  const evalByCredential: Record<string, AuthenticationExtensionsPRFValues> = {};
  for (const { credentialId, prfInput } of slots) {
    evalByCredential[base64url(credentialId)] = { first: bytes(prfInput) };
  }
  const credential = await asked(() =>
    navigator.credentials.get({
      publicKey: {
        challenge: crypto.getRandomValues(new Uint8Array(32)),
        allowCredentials: slots.map(({ credentialId }) => descriptor(credentialId)),
        userVerification: "required",
        ...(rpId === undefined ? {} : { rpId }),
        extensions: { prf: { evalByCredential } },
        timeout: TIMEOUT_MS,
      },
    }),
  );
  const { prf } = credential.getClientExtensionResults();
  if (!prf?.results) {
    throw new StrongroomError(
      "io",
      "this browser or authenticator has no PRF extension; use the passphrase or the key",
    );
  }
  return { credentialId: new Uint8Array(credential.rawId), prfOutput: output(prf.results) };
}

async function asked(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  if (!hasPasskeys()) {
    throw new StrongroomError("io", "this browser has no passkeys here; use the passphrase or the key");
  }
  try {
    return (await ask()) as PublicKeyCredential;
  } catch (fault) {
    const name = fault instanceof DOMException ? fault.name : "";
    throw new StrongroomError(name === "InvalidStateError" ? "exists" : "io", message(name));
  }
}

/** The browser does not tell apart, on purpose, whether a passkey is not there or the user declined. */
function message(name: string): string {
  switch (name) {
    case "InvalidStateError":
      return "this authenticator has a passkey for this vault already";
    case "SecurityError":
      return "passkeys need a page from https or localhost, under the name they were made for; an IP address has none";
    default:
      return "no passkey was given: it is not on this device, or the request was declined or took too long; try again";
  }
}

function output({ first }: AuthenticationExtensionsPRFValues): Uint8Array {
  return first instanceof ArrayBuffer
    ? new Uint8Array(first)
    : new Uint8Array(first.buffer, first.byteOffset, first.byteLength);
}

function descriptor(id: Uint8Array): PublicKeyCredentialDescriptor {
  return { type: "public-key", id: bytes(id) };
}

/** A copy in a buffer of its own, as the browser's types want it. */
function bytes(view: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(view);
}

function base64url(view: Uint8Array): string {
  return btoa(String.fromCharCode(...view))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
