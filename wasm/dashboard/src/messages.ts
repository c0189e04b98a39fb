/** What a person reads when something went wrong: what happened, and what to do next. */

import { StrongroomError } from "strongroom";

import { PageError, type PageErrorCode } from "./source/source";

export interface Message {
  readonly code: string;
  readonly title: string;
  readonly text: string;
}

export function explain(error: unknown): Message {
  if (error instanceof PageError) {
    const [title, text] = PAGE[error.code](error.about);
    return { code: error.code, title, text };
  }
  if (error instanceof StrongroomError) {
    const [title, text] = VAULT[error.code] ?? ["That did not work", sentence(error.message)];
    return { code: error.code, title, text: text || sentence(error.message) };
  }
  if (error instanceof DOMException) {
    return { code: error.name, ...browserMessage(error) };
  }
  // Whatever it is, it may hold what was typed: its text is not shown.
  const text =
    error instanceof RangeError
      ? "The browser has too little memory for it. Close other tabs, then try again."
      : "An unexpected error. Try again; if it stays, read the page again.";
  return { code: "unknown", title: "That did not work", text };
}

/** The core's own words are clear, and need only be made a sentence. */
export function sentence(message: string): string {
  return message === "" ? "" : `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}

type Words = readonly [title: string, text: string];

/** By the codes that never change. An empty text is filled with the error's own message, which names what is concerned. */
const VAULT: Readonly<Record<string, Words>> = {
  decrypt: [
    "That does not open the vault",
    "The passphrase, key or passkey is wrong or belongs to another vault, or the file was altered; these can't be told apart. Check it and try again.",
  ],
  format: [
    "This is not a vault",
    "The file is damaged, or it is something else. Choose another file, or restore it from a copy.",
  ],
  unsupported_version: [
    "This vault is newer than this page",
    "A later release of Strongroom wrote it. Update Strongroom, then open it again.",
  ],
  limit: ["Too much", ""],
  weak_kdf: [
    "The passphrase of this vault is protected too weakly",
    "Its cost is under the floor, so that someone may have lowered it. The command opens it with allow_weak_kdf, and can strengthen it.",
  ],
  no_access: ["This key does not open that", ""],
  not_found: ["It is not there", ""],
  exists: ["That is taken", ""],
  conflict: ["Someone else changed it meanwhile", ""],
  damaged: ["A part is damaged", ""],
  invalid_input: ["Something is not as expected", ""],
  rollback: [
    "This vault is older than one seen before",
    "What is stored now is not the newest: an old copy was put back, or two copies went apart. Nothing was overwritten. Look for the newest copy before you go on.",
  ],
  locked: ["The vault is locked", "Unlock it again."],
  io: ["That did not work", ""],
  random: ["No random numbers", "The browser gave none, and without them nothing can be sealed. Read the page again."],
};

const PAGE: Readonly<Record<PageErrorCode, (about: string) => Words>> = {
  changed: () => ["Someone else has just saved", "Try again."],
  file_gone: (name) => [
    "The file can't be read any more",
    `${name} was moved, removed or replaced. Put it back or choose it again.`,
  ],
  file_permission: (name) => [
    "The browser may not write the file",
    `Allow this page to change ${name} when the browser asks, or check that the file is not read-only. Then try again.`,
  ],
  host_answer: (said) => ["The host failed", `It answered ${said}. It may be better in a moment.`],
  host_forbidden: () => ["The host refuses", "It answered 403: your login there may not do this."],
  host_html: () => [
    "The host answered with a web page",
    "A vault was expected. Your login there may have ended: log in again in another tab, then try again here.",
  ],
  host_missing: () => ["The host has no vault there", "It answered 404. Check that the vault was not moved."],
  host_no_etag: () => [
    "This host can't save safely",
    "It gives no ETag with the vault, so that saving could overwrite what others saved. Nothing was sent.",
  ],
  host_other_origin: () => [
    "The vault is on another host",
    "This page opens vaults of its own origin only. Whoever runs this host has to correct its strongroom-vault setting.",
  ],
  host_session: () => [
    "The session has ended",
    "Run strongroom dashboard again, or log in again at the host. What you typed here stays while this tab is open.",
  ],
  host_silent: () => [
    "The host can't be reached",
    "No answer came. Check that you are online and that the host is running, then try again.",
  ],
  host_too_large: () => [
    "The host finds the vault too large",
    "It answered 413. Raise its limit for uploads, or remove entries.",
  ],
  keeps_changing: () => ["Others keep saving", "The vault changed at each try. Wait a moment, then try again."],
  no_code: () => ["No QR code found", "Take a sharper or larger picture of it, with some margin around it."],
  no_wasm: () => [
    "This browser has WebAssembly switched off",
    "The vault is opened by it. In Lockdown Mode (Apple) make an exception for this site; elsewhere switch WebAssembly on, or use another browser.",
  ],
  not_yours: () => [
    "That QR code holds something else",
    "One for a time-based one-time code begins with otpauth://totp.",
  ],
  other_unsaved: () => ["Another change is not saved yet", "Save or discard that one first."],
  storage_full: () => ["There is no room left to save", "Free some space, then try again."],
  too_large: (bytes) => [
    "This file is too large for a vault",
    `It has ${Number(bytes).toLocaleString("en")} bytes, and a vault has at most 64 MiB. Choose another file.`,
  ],
  wasm_blocked: () => [
    "The host does not let this page run WebAssembly",
    "Its Content-Security-Policy needs 'wasm-unsafe-eval' in script-src. Whoever runs the host can add it.",
  ],
  worker_ended: () => [
    "The vault was closed by the browser",
    "The part that holds the keys was ended, most likely for lack of memory. Unlock the vault again: what you typed is still here.",
  ],
};

function browserMessage(error: DOMException): { title: string; text: string } {
  switch (error.name) {
    case "NotAllowedError":
      return {
        title: "The browser did not allow it",
        text: "It was cancelled, timed out, or is blocked for this site. Try again.",
      };
    case "QuotaExceededError":
      return { title: "There is no room left", text: "Free some space, then try again." };
    case "NotFoundError":
      return { title: "Nothing found", text: "There is no such device or file." };
    case "InvalidStateError":
      return {
        title: "That is there already",
        text: "This authenticator has a passkey for this vault. Use another one.",
      };
    default:
      return { title: "The browser refused", text: "Try again, or use another browser." };
  }
}

/** Whether WebAssembly can run here; the answer for a person if not. */
export function wasmProblem(): PageError | null {
  if (typeof WebAssembly === "undefined") {
    return new PageError("no_wasm");
  }
  try {
    // The smallest module there is: the magic number and the version.
    new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
    return null;
  } catch {
    return new PageError("wasm_blocked");
  }
}
