// A page that opens a vault and shows the one-time codes in it. The seeds stay in the vault's worker: what comes out is a
// code. `npm run dev` serves it while you change it; `npm run build` makes the folder `dist`, to be served with
//
//     Content-Security-Policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'

import { type Entry, StrongroomError, Vault } from "strongroom";

const form = element("unlock", HTMLFormElement);
const file = input("file");
const passphrase = input("passphrase");
const status = element("status", HTMLElement);
const codes = element("codes", HTMLElement);
const lock = element("lock", HTMLButtonElement);
let vault: Vault | undefined;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const chosen = file.files?.[0];
  if (!chosen) {
    return;
  }
  status.textContent = "Opening. This takes a second, on purpose.";
  try {
    await vault?.lock();
    vault = await Vault.open(await chosen.arrayBuffer(), { passphrase: passphrase.value });
    status.textContent = `Opened as ${vault.openedBy.scope}.`;
    lock.hidden = false;
    await show(vault);
  } catch (error) {
    status.textContent = `It did not open: ${error instanceof StrongroomError ? error.message : "the file cannot be read"}.`;
  } finally {
    passphrase.value = "";
  }
});

lock.addEventListener("click", () => void close());

// A page that is left, and kept by the browser to come back to, keeps no keys.
addEventListener("pagehide", () => void close());

async function close(): Promise<void> {
  await vault?.lock();
  codes.replaceChildren();
  lock.hidden = true;
  status.textContent = "Locked.";
}

/** A row for each entry; those with a seed count down for as long as the vault is open. */
async function show(opened: Vault): Promise<void> {
  codes.replaceChildren();
  for (const entry of opened.entries()) {
    const row = document.createElement("tr");
    const name = row.insertCell();
    const code = row.insertCell();
    const left = row.insertCell();
    name.textContent = entry.name;
    codes.append(row);
    if ((await entry.fieldNames()).includes("totp")) {
      void countDown(opened, entry, code, left);
    }
  }
}

async function countDown(opened: Vault, entry: Entry, code: HTMLElement, left: HTMLElement): Promise<void> {
  try {
    while (!opened.locked) {
      code.textContent = await entry.totp.now();
      left.textContent = String(await entry.totp.secondsRemaining());
      await new Promise((next) => setTimeout(next, 1000));
    }
  } catch (error) {
    code.textContent = opened.locked || !(error instanceof StrongroomError) ? "" : error.message;
  }
}

function input(name: string): HTMLInputElement {
  return form.elements.namedItem(name) as HTMLInputElement;
}

function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) {
    throw new Error(`there is no ${id} in the page`);
  }
  return found;
}
