/** The other end of a link: keeps the objects of WebAssembly and calls them. */

import { StrongroomError } from "./error.js";
import type { Link, Remote, Reply, Request } from "./link.js";
import { Missing, need, partOf, partsOf } from "./load.js";
import type { View } from "./shapes.js";
import * as wasm from "./strongroom.js";

type Callable = (...args: unknown[]) => unknown;

interface Kept {
  free(): void;
}

export class Engine implements Link {
  readonly #objects = new Map<number, Kept>();
  #last = 0;
  #failed = false;

  get hasEnded(): boolean {
    return this.#failed;
  }

  /** Throws {@link Missing} if a part of the WebAssembly has to be loaded first. */
  call({ target, method, args, remoteArg, view }: Request): Reply {
    if (this.#failed) {
      throw gone();
    }
    try {
      if (method === "free" || method === "lock") {
        this.#free(target);
        return { value: undefined };
      }
      const object = target === undefined ? wasm : this.#objects.get(target);
      if (object === undefined) {
        throw new StrongroomError("locked", "the vault is locked; open it again");
      }
      if (method === "preload") {
        need(...partsOf(args));
        return { value: undefined };
      }
      const part = partOf(method, target !== undefined);
      if (part !== undefined) {
        need(part);
      }
      const call = (object as unknown as Record<string, Callable>)[method] as Callable;
      const received = args.map((arg, at) => (at === remoteArg ? this.#objects.get(arg as number) : arg));
      const value = this.#sent(call.apply(object, received));
      return view === undefined ? { value } : { value, view: this.#view(target, value, view) };
    } catch (fault) {
      if (fault instanceof StrongroomError || fault instanceof Missing) {
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
