/**
 * Loads the WebAssembly, which lies beside this file: what opens a vault and reads it, and parts that are fetched when they are
 * first needed. All of them work on one memory.
 */

import { invalid, StrongroomError } from "./error.js";
import { nodeModule } from "./node.js";
import { PART_OF } from "./parts.js";
import * as wasm from "./strongroom.js";

// Bundlers look for exactly these expressions.
const BASE = new URL("./strongroom_bg.wasm", import.meta.url);
const PARTS = {
  change: new URL("./strongroom_change.wasm", import.meta.url),
  keys: new URL("./strongroom_keys.wasm", import.meta.url),
  otp: new URL("./strongroom_otp.wasm", import.meta.url),
  password: new URL("./strongroom_password.wasm", import.meta.url),
  sealed: new URL("./strongroom_sealed.wasm", import.meta.url),
  signing: new URL("./strongroom_signing.wasm", import.meta.url),
};

export type Part = keyof typeof PARTS;

const OF_A_VAULT = ["change", "signing", "keys"] as const;

/** What a call ends with, before it did anything, that needs a part which is not here yet. */
export class Missing {
  constructor(readonly part: Part) {}
}

let base: WebAssembly.Exports | undefined;
const loaded = new Map<Part, Promise<void> | true>();

/** Starts the base. */
export async function start(): Promise<void> {
  if (startInNode()) {
    return;
  }
  if (typeof WebAssembly === "undefined") {
    throw new StrongroomError(
      "io",
      "this browser has WebAssembly turned off, as Lockdown Mode does; allow it for this site",
    );
  }
  try {
    base = exportsOf(await wasm.default({ module_or_path: BASE }));
  } catch (fault) {
    throw new StrongroomError("io", whyNot(fault, "strongroom_bg.wasm"));
  }
}

/** Starts the base at once where this is Node, and says whether it is. A browser does not wait for a file. */
export function startInNode(): boolean {
  const fs = nodeModule("node:fs");
  if (fs === undefined) {
    return false;
  }
  base ??= exportsOf(wasm.initSync({ module: fs.readFileSync(BASE) }));
  return true;
}

/** The part that a function, or a method of a vault, is in. Objects of other kinds come from a part that is here. */
export function partOf(method: string, ofObject: boolean): Part | undefined {
  const name = ofObject ? `vault_${method}` : method;
  return Object.hasOwn(PART_OF, name) ? PART_OF[name as keyof typeof PART_OF] : undefined;
}

/** Goes on if these are here, of the parts that a vault uses. */
export function needAll(names: readonly unknown[]): void {
  const parts = OF_A_VAULT.filter((part) => names.includes(part));
  if (parts.length !== new Set(names).size) {
    throw invalid(`expected some of these parts: ${OF_A_VAULT.join(", ")}`);
  }
  parts.forEach(need);
}

/** Goes on if the part is here. In Node it is then, and elsewhere {@link load} brings it. */
export function need(part: Part): void {
  if (loaded.get(part) === true) {
    return;
  }
  const fs = nodeModule("node:fs");
  if (fs === undefined) {
    throw new Missing(part);
  }
  try {
    enter(part, new WebAssembly.Module(fs.readFileSync(PARTS[part])));
  } catch (fault) {
    throw new StrongroomError("io", whyNot(fault, `strongroom_${part}.wasm`));
  }
}

/** Fetches a part. If that fails, the next call tries again. */
export async function load(part: Part): Promise<void> {
  let loading = loaded.get(part);
  if (loading === undefined) {
    loading = fetched(part);
    loaded.set(part, loading);
  }
  await loading;
}

/** Fetches all parts that are not here yet. */
export async function loadAll(): Promise<void> {
  await Promise.all(Object.keys(PARTS).map((part) => load(part as Part)));
}

async function fetched(part: Part): Promise<void> {
  try {
    const response = await fetch(PARTS[part]);
    if (!response.ok) {
      throw new Error(response.statusText);
    }
    enter(part, await WebAssembly.compile(await response.arrayBuffer()));
  } catch (fault) {
    loaded.delete(part);
    throw new StrongroomError("io", whyNot(fault, `strongroom_${part}.wasm`));
  }
}

/** A part asks the memory by a name that only the base of its own build has it by. */
function enter(part: Part, module: WebAssembly.Module): void {
  new WebAssembly.Instance(module, { base: base as WebAssembly.ModuleImports });
  loaded.set(part, true);
}

function exportsOf(started: unknown): WebAssembly.Exports {
  return started as WebAssembly.Exports;
}

function whyNot(fault: unknown, file: string): string {
  const text = String(fault);
  if (/unsafe-eval|content security policy|blocked by csp/i.test(text)) {
    return "this page's Content-Security-Policy does not allow WebAssembly; add 'wasm-unsafe-eval' to its script-src";
  }
  if (!WebAssembly.validate(SIMD)) {
    return "this browser cannot run the WebAssembly; it needs Chrome 98, Firefox 94 or Safari 16.4, or later";
  }
  if (fault instanceof WebAssembly.LinkError) {
    return `${file} is of another version than the rest of strongroom; load the page again, or install the package again`;
  }
  if (nodeModule("node:fs") !== undefined) {
    return `${file} cannot be read; install the package strongroom again`;
  }
  return (
    `the WebAssembly cannot be loaded: look whether ${file} is served beside the script, ` +
    "and whether the Content-Security-Policy has connect-src 'self'"
  );
}

/** A module whose one function makes a vector of 128 bits: what our module needs that old browsers have not. */
const SIMD = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // the magic number, and the version
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b], // types: one, from nothing to v128
  ...[0x03, 0x02, 0x01, 0x00], // functions: one, of that type
  ...[0x0a, 0x08, 0x01, 0x06, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0x0b], // code: i32.const 0, i8x16.splat, end
);
