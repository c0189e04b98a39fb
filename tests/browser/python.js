// The Python package beside the browser: it makes vaults, changes them, and says what is in them.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export const BIN = `${ROOT}.venv/bin/`;

let python;
let turn = Promise.resolve();

function start() {
  const child = spawn(`${BIN}python`, [`${ROOT}tests/browser/vaults.py`], { stdio: ["pipe", "pipe", "inherit"] });
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

after(async () => {
  if (python !== undefined) {
    const closed = once(python.child, "close");
    python.child.stdin.end();
    await closed;
  }
});

/** Asks for one of the requests that vaults.py lists. */
function ask(...request) {
  const answer = turn.then(async () => {
    python ??= start();
    python.child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value } = await python.lines.next();
    if (value === undefined) throw new Error("Python has ended");
    const { ok, error } = JSON.parse(value);
    if (error !== undefined) throw new Error(error);
    return ok;
  });
  turn = answer.catch(() => undefined);
  return answer;
}

/** Makes the vault that most tests open, and returns what opens it. */
export const makeSample = (path) => ask("sample", path);
/** All that a passphrase or key opens. */
export const contents = (path, factors) => ask("contents", path, factors);
/** Lets somebody else change the vault: `change(path, factors, "put", ["kraken/new", { secret: "..." }])`. */
export const change = (path, factors, method, given, options = {}) =>
  ask("change", path, factors, method, given, options);
/** "ok", or the code of the error that keeps the vault closed. */
export const why = (path, factors) => ask("why", path, factors);
/** The code of a time, and the next one. */
export const codes = (secret, unixSeconds) => ask("codes", secret, unixSeconds);
/** A QR code as SVG. */
export const qrSvg = (text) => ask("qr", text);
export { ask };
