// A page without a build: it opens a vault and lists its entries. Copy the package's `dist` folder beside this file, as
// `strongroom`, and serve the folder with
//
//     Content-Security-Policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'

import { StrongroomError, Vault } from "./strongroom/index.js";

const form = document.querySelector("#unlock");
const status = document.querySelector("#status");
const names = document.querySelector("#names");
const lock = document.querySelector("#lock");
let vault;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { file, passphrase } = form.elements;
  status.textContent = "Opening. This takes a second, on purpose.";
  try {
    const bytes = await file.files[0].arrayBuffer();
    vault = await Vault.open(bytes, { passphrase: passphrase.value });
  } catch (error) {
    status.textContent = `It did not open: ${error instanceof StrongroomError ? error.message : "the file cannot be read"}.`;
    return;
  } finally {
    passphrase.value = "";
  }
  show();
});

lock.addEventListener("click", async () => {
  await vault.lock();
  show();
});

// A page that is left, and kept by the browser to come back to, keeps no keys.
addEventListener("pagehide", () => vault?.lock());

function show() {
  const entries = vault.locked ? [] : vault.entries();
  status.textContent = vault.locked ? "Locked." : `Opened as ${vault.openedBy.scope}.`;
  lock.hidden = vault.locked;
  names.replaceChildren(
    ...entries.map((entry) => {
      const item = document.createElement("li");
      item.textContent = entry.name; // as text: a name is not HTML
      return item;
    }),
  );
}
