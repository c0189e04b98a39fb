/** Copies, and takes secrets out of the clipboard again. */

import { notify } from "./notice";

export const CLIPBOARD_SECONDS = 30;

let timer: ReturnType<typeof setTimeout> | undefined;
let digestOfSecret: string | null = null;

export async function copyPlain(what: string, text: string): Promise<void> {
  if (await wrote(text)) {
    stopClearing();
    notify(`${what} copied`);
  }
}

/** Copies a secret, and empties the clipboard later. Only a digest of it is kept until then. */
export async function copySecret(what: string, text: string): Promise<void> {
  if (!(await wrote(text))) {
    return;
  }
  stopClearing();
  digestOfSecret = await digest(text);
  timer = setTimeout(() => void clearClipboard(), CLIPBOARD_SECONDS * 1000);
  notify(`${what} copied; the clipboard is emptied in ${CLIPBOARD_SECONDS} seconds`);
}

/** Empties the clipboard, unless it can be seen to hold something else by now. */
export async function clearClipboard(): Promise<void> {
  const expected = digestOfSecret;
  if (expected === null) {
    return;
  }
  if (!document.hasFocus()) {
    // Browsers let only the page in front touch the clipboard.
    window.addEventListener("focus", () => void clearClipboard(), { once: true });
    return;
  }
  stopClearing();
  try {
    if (await holdsOther(expected)) {
      return;
    }
    await navigator.clipboard.writeText("");
    notify("Clipboard emptied");
  } catch {
    notify("The browser did not let the clipboard be emptied; copy something else over it");
  }
}

async function wrote(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    notify("The browser did not allow copying");
    return false;
  }
}

function stopClearing(): void {
  clearTimeout(timer);
  digestOfSecret = null;
}

/** Whether something else was copied since. The page never asks to read the clipboard: where it may not, it can't know. */
async function holdsOther(expected: string): Promise<boolean> {
  try {
    const name = "clipboard-read" as PermissionName; // not every browser knows it
    const { state } = await navigator.permissions.query({ name });
    return state === "granted" && (await digest(await navigator.clipboard.readText())) !== expected;
  } catch {
    return false; // a host's policy forbids it, whatever a person has granted
  }
}

async function digest(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return bytes.join();
}
