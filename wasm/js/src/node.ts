/**
 * What Node has in its own modules, reached without `import`, so that one build serves Node and browsers and no bundler looks
 * for modules that a browser does not have.
 */

import type * as fs from "node:fs";
import type * as threads from "node:worker_threads";

interface Modules {
  "node:fs": typeof fs;
  "node:worker_threads": typeof threads;
}

/** One of Node's modules, or `undefined` where this is not Node. Node has no `Worker` of its own; Deno and Bun have. */
export function nodeModule<Name extends keyof Modules>(name: Name): Modules[Name] | undefined {
  const process = (globalThis as { process?: Partial<NodeJS.Process> }).process;
  return process?.versions?.node === undefined || typeof Worker !== "undefined"
    ? undefined
    : (process.getBuiltinModule?.(name) as Modules[Name] | undefined);
}
