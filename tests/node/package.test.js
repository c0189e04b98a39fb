// The npm package as it is published: what is in it, and that it works in empty projects. Browsers are in tests/browser.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { generateKey } from "strongroom/sync";
import { executedBlocks, PACKAGE, PASSPHRASE, packed, project, ROOT, run, SECRET, writeVault } from "./project.js";

const MAIN = `
import { readFile } from "node:fs/promises";
import { Vault } from "strongroom";
import * as sync from "strongroom/sync";

const bytes = await readFile("bots.vault");
const key = await readFile("scalper-1.key", "utf8");
const vault = await Vault.open(bytes, { passphrase: process.env.VAULT_PASSPHRASE });
const ofHolder = sync.Vault.open(bytes, { key });
const signature = ofHolder.entry("binance/main").hmac("secret", "timestamp=1700000000000");
console.log(JSON.stringify({
  owner: vault.names(),
  secret: await vault.entry("binance/main").reveal("secret"),
  holder: ofHolder.names(),
  signature: Buffer.from(signature).toString("hex"),
}));
await vault.lock();
`;

const TYPED = `
import { type ErrorCode, StrongroomError, type Unlock, Vault } from "strongroom";
import { hasPasskeys } from "strongroom/passkey";
import * as sync from "strongroom/sync";

export async function names(bytes: Uint8Array, unlock: Unlock): Promise<string[]> {
  await using vault = await Vault.open(bytes, unlock);
  const again: string[] = sync.Vault.open(bytes, unlock).names();
  return hasPasskeys() ? again : vault.names();
}

export function code(error: unknown): ErrorCode | undefined {
  return error instanceof StrongroomError ? error.code : undefined;
}

// @ts-expect-error: a passphrase is text
export const refused = Vault.open(new Uint8Array(), { passphrase: 1 });
`;

/** Reads every file of the package. */
async function contents() {
  const { files } = await packed();
  return Promise.all(files.map(async (name) => [name, await readFile(join(PACKAGE, name), "latin1")]));
}

test("the package has what is built of its sources, and nothing else", async () => {
  const sources = await readdir(join(PACKAGE, "src"), { recursive: true });
  const modules = sources.filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"));
  const built = modules.flatMap((name) => [".js", ".d.ts"].map((end) => `dist/${name.replace(/\.ts$/, end)}`));
  const expected = ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "package.json"];
  const wasm = ["bg", "change", "keys", "otp", "password", "sealed", "signing"];
  expected.push("dist/strongroom.js", ...wasm.map((part) => `dist/strongroom_${part}.wasm`), ...built);
  assert.deepEqual((await packed()).files, expected.sort());
});

/** Whether an entry, in which `*` may stand for a part of a name, is for a file. */
function isFor(entry, file) {
  const [start, end] = entry.split("*");
  return end === undefined ? file === entry : file.startsWith(start) && file.endsWith(end);
}

test("every entry of the package is a file in it, and it needs no other package", async () => {
  const { exports, version, dependencies, engines } = JSON.parse(await readFile(join(PACKAGE, "package.json"), "utf8"));
  const { files } = await packed();
  const entries = Object.values(exports).flatMap((entry) =>
    typeof entry === "string" ? [entry] : Object.values(entry),
  );
  assert.deepEqual(
    entries.map((entry) => entry.replace("./", "")).filter((entry) => !files.some((file) => isFor(entry, file))),
    [],
  );
  for (const entry of Object.values(exports)) {
    assert.ok(typeof entry === "string" || Object.keys(entry)[0] === "types", "TypeScript wants its own first");
  }
  const cargo = await readFile(join(ROOT, "Cargo.toml"), "utf8");
  assert.ok(cargo.includes(`[workspace.package]\nversion = "${version}"`), "one version for all packages");
  assert.equal(dependencies, undefined);
  assert.equal(engines.node, ">=20.16");
});

test("no file tells where it was built", async () => {
  const paths = [ROOT, homedir(), "/usr/src/", "/usr/lib/rustlib", "sourceMappingURL"];
  for (const [name, content] of await contents()) {
    assert.deepEqual(
      paths.filter((path) => path.length > 1 && content.includes(path)),
      [],
      name,
    );
  }
});

test("nothing is evaluated, and no host is named that could be asked", async () => {
  for (const [name, content] of await contents()) {
    if (name.endsWith(".js")) {
      const code = content.replaceAll(/\/\*.*?\*\/|^\s*\/\/.*$/gms, "");
      assert.doesNotMatch(code, /\beval\s*\(|\bFunction\s*\(|https?:\/\//, name);
    }
  }
});

test("a Node project opens a vault that Python wrote, with a worker and without", async () => {
  const into = await project({ "main.js": MAIN });
  await writeVault(into);
  const { stdout } = await run("node", ["main.js"], { cwd: into, env: environment() });
  assert.deepEqual(JSON.parse(stdout), {
    owner: ["binance/main", "zerodha/login"],
    secret: SECRET,
    holder: ["binance/main"],
    signature: createHmac("sha256", SECRET).update("timestamp=1700000000000").digest("hex"),
  });
});

test("strict TypeScript takes the types, with those of a browser, of Node, or of neither", async () => {
  const into = await project({ "main.ts": TYPED });
  const strict = {
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    target: "es2022",
  };
  const nodenext = { module: "nodenext", types: [], lib: ["es2022", "dom"] };
  const projects = {
    nodenext,
    bundler: { ...nodenext, module: "esnext", moduleResolution: "bundler" },
    "a web worker": { ...nodenext, lib: ["es2022", "webworker"] },
    "no browser": { ...nodenext, lib: ["es2022"] },
    Node: { ...nodenext, lib: ["es2022"], types: ["node"], typeRoots: [join(ROOT, "node_modules", "@types")] },
  };
  for (const [what, options] of Object.entries(projects)) {
    const config = { compilerOptions: { ...strict, ...options }, files: ["main.ts"] };
    await writeFile(join(into, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const { stdout } = await run("node", [tsc, "--project", into]).catch((failure) => failure);
    assert.equal(stdout, "", what);
  }
});

test("the package's README runs as it stands there", async () => {
  const into = await project({});
  await writeVault(into);
  const printed = [];
  for (const block of await executedBlocks(join(PACKAGE, "README.md"), "node")) {
    await writeFile(join(into, "block.js"), block);
    printed.push((await run("node", ["block.js"], { cwd: into, env: environment() })).stdout);
  }
  assert.deepEqual(printed, [
    "[ 'binance/main', 'zerodha/login' ]\nmy-api-key\n32 64\ndecrypt\n",
    "true\nPOST https://api.kraken.com/0/private/Balance [ 'Content-Type', 'API-Key', 'API-Sign' ]\n" +
      "wss://stream.bybit.com/v5/private auth\n64\n",
    "true null\n",
    "accepted\nused\n",
    "an OAuth token\nmy-api-secret\n",
    "56666666\n",
  ]);
  const { names } = JSON.parse(
    (await run(join(ROOT, ".venv", "bin", "python"), ["-c", NAMES, PASSPHRASE], { cwd: into })).stdout,
  );
  assert.deepEqual(names, ["binance/main", "kraken/main", "zerodha/login"], "Python opens what JavaScript wrote");
});

test("the first minute in JavaScript of the README runs as it stands there", async () => {
  const [block] = await executedBlocks(join(ROOT, "README.md"), "node");
  const into = await project({ "block.js": block });
  await writeVault(into);
  const { stdout } = await run("node", ["block.js"], { cwd: into });
  const signature = createHmac("sha256", SECRET).update("symbol=BTCUSDT&timestamp=1700000000000").digest("hex");
  assert.equal(stdout, `my-api-key\n${signature}\n`);
});

const NAMES = `
import json, sys, strongroom
with strongroom.open("bots.vault", passphrase=sys.argv[1]) as vault:
    print(json.dumps({"names": list(vault)}))
`;

function environment() {
  return { ...process.env, VAULT_PASSPHRASE: PASSPHRASE, VAULT_KEY: generateKey() };
}
