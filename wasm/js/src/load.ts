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

const ALL = Object.keys(PARTS) as Part[];

/** What a call ends with, before it did anything, that needs parts which are not here yet. */
export class Missing {
  constructor(readonly parts: readonly Part[]) {}
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

/**
 * The part that a function, or a method of a vault, is in. Objects of other kinds come from a part that is here: for a method
 * that is called as one of a vault's, one may be fetched that it does not need.
 */
export function partOf(method: string, ofObject: boolean): Part | undefined {
  const name = ofObject ? `vault_${method}` : method;
  return Object.hasOwn(PART_OF, name) ? PART_OF[name as keyof typeof PART_OF] : undefined;
}

/** The parts of these names. */
export function partsOf(names: readonly unknown[]): Part[] {
  const parts = ALL.filter((part) => names.includes(part));
  if (parts.length !== new Set(names).size) {
    throw invalid(`expected some of these parts: ${ALL.join(", ")}`);
  }
  return parts;
}

/** Goes on if these are here. In Node they are then, and elsewhere {@link load} brings them. */
export function need(...parts: Part[]): void {
  const missing = parts.filter((part) => loaded.get(part) !== true);
  const fs = nodeModule("node:fs");
  if (fs === undefined && missing.length > 0) {
    throw new Missing(missing);
  }
  for (const part of missing) {
    try {
      const module = new WebAssembly.Module(fs?.readFileSync(PARTS[part]) as BufferSource);
      new WebAssembly.Instance(module, imports());
      loaded.set(part, true);
    } catch (fault) {
      throw new StrongroomError("io", whyNot(fault, `strongroom_${part}.wasm`));
    }
  }
}

/** Fetches parts that are not here yet. What fails is tried again by the next call. */
export async function load(...parts: readonly Part[]): Promise<void> {
  await Promise.all(
    parts.map((part) => {
      const loading = loaded.get(part) ?? fetched(part);
      if (!loaded.has(part)) {
        loaded.set(part, loading);
        Promise.resolve(loading).catch(() => loaded.delete(part));
      }
      return loading;
    }),
  );
}

export function loadAll(): Promise<void> {
  return load(...ALL);
}

async function fetched(part: Part): Promise<void> {
  try {
    const response = await fetch(PARTS[part]);
    if (!response.ok) {
      throw new Error(response.statusText);
    }
    await WebAssembly.instantiate(await response.arrayBuffer(), imports());
    loaded.set(part, true);
  } catch (fault) {
    throw new StrongroomError("io", whyNot(fault, `strongroom_${part}.wasm`));
  }
}

/** A part asks the memory by a name that only the base of its own build has it by. */
function imports(): WebAssembly.Imports {
  return { base: base as WebAssembly.ModuleImports };
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
