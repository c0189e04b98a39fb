// What a page fetches, in bytes after gzip: prints it as JSON.

import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const ROOT = new URL("../../", import.meta.url);
const gzip = (bytes) => gzipSync(bytes, { level: 9 }).length;

/** The client and the worker with the glue, each in one file. */
const { outputFiles } = await build({
  entryPoints: { index: "strongroom", worker: "strongroom/worker" },
  absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
  bundle: true,
  minify: true,
  format: "esm",
  outdir: "/",
  write: false,
  logLevel: "error",
});

const DIST = new URL("wasm/js/dist/", ROOT);
const files = (await readdir(DIST)).filter((name) => name.endsWith(".wasm"));
const sizes = new Map();
for (const name of files) {
  sizes.set(name, gzip(await readFile(new URL(name, DIST))));
}
const sum = (...parts) => parts.reduce((all, part) => all + sizes.get(`strongroom_${part}.wasm`), 0);
// As the compiler wrote it, with the names of its functions.
const named = await readFile(new URL("target/wasm/wasm32-unknown-unknown/wasm/strongroom_wasm.wasm", ROOT));
console.log(
  JSON.stringify({
    open: sum("bg"),
    change: sum("bg", "change"),
    hmac: sum("bg", "signing"),
    keys: sum("bg", "signing", "keys"),
    all: [...sizes.values()].reduce((all, size) => all + size),
    own: gzip(Buffer.concat(ownFunctions(named))),
    loader: outputFiles.reduce((sum, { contents }) => sum + gzip(contents), 0),
  }),
);

/**
 * The code of the functions that `core` and `wasm` define: in a mangled name the first crate is the one that has the function,
 * and what is exported under a plain name is what wasm-bindgen made of ours.
 */
function ownFunctions(bytes) {
  const { bodies, imports, names, exported } = parse(bytes);
  return bodies.filter((_, at) => {
    const name = names.get(at + imports) ?? "";
    const [, crate] = /C(?:s\w*?_)?\d+([a-z]\w*?)(?=\d|[A-Z]|$)/.exec(name) ?? [];
    return name.startsWith("_R") ? crate?.startsWith("strongroom") : exported.has(name);
  });
}

/** The functions of a WebAssembly module, how many are imported before them, their names, and what is exported. */
function parse(bytes) {
  let at = 8;
  const number = () => {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length) => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  const bodies = [];
  const names = new Map();
  const exported = new Set();
  let imports = 0;
  while (at < bytes.length) {
    const section = bytes[at++];
    const end = number() + at;
    if (section === 2) {
      for (let left = number(); left > 0; left -= 1) {
        take(number()); // the module's name
        take(number()); // the import's
        imports += 1;
        at += 1; // a function: wasm-bindgen imports nothing else
        number();
      }
    } else if (section === 7) {
      for (let left = number(); left > 0; left -= 1) {
        exported.add(take(number()).toString());
        at += 1;
        number();
      }
    } else if (section === 10) {
      for (let left = number(); left > 0; left -= 1) bodies.push(take(number()));
    } else if (section === 0 && take(number()).toString() === "name") {
      while (at < end) {
        const kind = bytes[at++];
        const next = number() + at;
        for (let left = kind === 1 ? number() : 0; left > 0; left -= 1) names.set(number(), take(number()).toString());
        at = next;
      }
    }
    at = end;
  }
  return { bodies, imports, names, exported };
}
