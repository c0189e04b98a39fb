/** The other end of a link: keeps the objects of WebAssembly and calls them. */

import { StrongroomError } from "./error.js";
import type { Link, Remote, Reply, Request } from "./link.js";
import { nodeModule } from "./node.js";
import type { View } from "./shapes.js";
import * as wasm from "./strongroom.js";

type Callable = (...args: unknown[]) => unknown;

interface Kept {
  free(): void;
}

/** Starts the WebAssembly, which lies beside this file. */
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
    await wasm.default({ module_or_path: new URL("./strongroom_bg.wasm", import.meta.url) });
  } catch (fault) {
    throw new StrongroomError("io", whyNot(fault));
  }
}

/** Starts it at once where this is Node, and says whether it is. A browser does not wait for a file. */
export function startInNode(): boolean {
  const fs = nodeModule("node:fs");
  if (fs === undefined) {
    return false;
  }
  wasm.initSync({ module: fs.readFileSync(new URL("./strongroom_bg.wasm", import.meta.url)) });
  return true;
}

function whyNot(fault: unknown): string {
  const text = String(fault);
  if (/unsafe-eval|content security policy|blocked by csp/i.test(text)) {
    return "this page's Content-Security-Policy does not allow WebAssembly; add 'wasm-unsafe-eval' to its script-src";
  }
  if (!WebAssembly.validate(SIMD)) {
    return "this browser cannot run the WebAssembly; it needs Chrome 98, Firefox 94 or Safari 16.4, or later";
  }
  return (
    "the WebAssembly cannot be loaded: look whether strongroom_bg.wasm is served beside the script, " +
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

export class Engine implements Link {
  readonly #objects = new Map<number, Kept>();
  #last = 0;
  #failed = false;

  get hasEnded(): boolean {
    return this.#failed;
  }

  call({ target, method, args, remoteArg, view }: Request): Reply {
    if (this.#failed) {
      throw gone();
    }
    try {
      if (method === "free") {
        this.#free(target);
        return { value: undefined };
      }
      const object = target === undefined ? wasm : this.#objects.get(target);
      if (object === undefined) {
        throw new StrongroomError("locked", "the vault is locked; open it again");
      }
      const call = (object as unknown as Record<string, Callable>)[method] as Callable;
      const received = args.map((arg, at) => (at === remoteArg ? this.#objects.get(arg as number) : arg));
      const value = this.#sent(call.apply(object, received));
      return view === undefined ? { value } : { value, view: this.#view(target, value, view) };
    } catch (fault) {
      if (fault instanceof StrongroomError) {
        throw fault;
      }
      // A trap: out of memory, or a fault of ours. What the module's memory holds now is anyone's guess.
      this.#failed = true;
      this.#objects.clear();
      throw gone();
    } finally {
      if (!this.#failed) {
        wasm.wipeStack();
      }
    }
  }

  refuse(fault: StrongroomError): never {
    throw fault;
  }

  end(): void {
    // Others use it too.
  }

  #view(target: number | undefined, value: unknown, names: readonly string[] | "all"): View {
    const vault = this.#objects.get(target ?? (value as Remote).remote) as unknown as wasm.Vault;
    return vault.view(names === "all" ? undefined : names) as View;
  }

  #free(target: number | undefined): void {
    if (target !== undefined) {
      this.#objects.get(target)?.free();
      this.#objects.delete(target);
    }
  }

  /** An object of WebAssembly stays here, and a number goes in its place. */
  #sent(value: unknown): unknown {
    if (Array.isArray(value)) {
      return value.map((item) => this.#sent(item));
    }
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) {
      return value;
    }
    const shape = Object.getPrototypeOf(value) as object;
    if (shape === Object.prototype) {
      const properties = Object.entries(value).map(([name, item]) => [name, this.#sent(item)]);
      return Object.fromEntries(properties);
    }
    const remote = ++this.#last;
    this.#objects.set(remote, value as Kept);
    const facts: Record<string, unknown> = {};
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(shape))) {
      if (property.get) {
        facts[name] = this.#sent((value as Record<string, unknown>)[name]);
      }
    }
    return { remote, facts } satisfies Remote;
  }
}

function gone(): StrongroomError {
  return new StrongroomError(
    "locked",
    "the WebAssembly ran out of memory or failed, and was ended; open the vault again",
  );
}
