// What a user starts from: an empty project with the packed package installed, and a vault that Python wrote.

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const PACKAGE = join(ROOT, "wasm", "js");
export const run = promisify(execFile);

export const PASSPHRASE = "correct horse battery staple";
export const SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";

/** An owner's passphrase, and a holder's key for one of two compartments. */
const IN_PYTHON = `
import sys, strongroom
passphrase, secret, folder = sys.argv[1:]
kdf = strongroom.Kdf.argon2id(memory_kib=19456, passes=2, lanes=1)
vault = strongroom.create(folder + "/bots.vault", passphrase=passphrase, kdf=kdf)
vault.put("binance/main", {"secret": secret}, info={"api_key": "my-api-key"})
vault.put("zerodha/login", {"password": "hunter2", "totp": "otpauth://totp/Zerodha:AB1234?secret=JBSWY3DPEHPK3PXP"})
vault.grant("scalper-1", ["binance"]).write(folder + "/scalper-1.key")
`;

const folders = [];
after(() => Promise.all(folders.map((made) => rm(made, { recursive: true, force: true }))));

/** A folder that is gone when the tests of this file have run. */
export async function folder() {
  const made = await mkdtemp(join(tmpdir(), "strongroom-"));
  folders.push(made);
  return made;
}

/** Writes `bots.vault` and `scalper-1.key`. */
export async function writeVault(into) {
  await mkdir(into, { recursive: true });
  await run(join(ROOT, ".venv", "bin", "python"), ["-c", IN_PYTHON, PASSPHRASE, SECRET, into]);
}

let tarball;

/** Packs what `wasm/build` made, once for each file of tests. */
export function packed() {
  tarball ??= folder().then(async (into) => {
    const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", into], {
      cwd: PACKAGE,
    });
    const [{ filename, files }] = JSON.parse(stdout);
    return { path: join(into, filename), files: files.map((file) => file.path).sort() };
  });
  return tarball;
}

/** A project with these files (by name) and the package, installed without a network. */
export async function project(files) {
  const [into, { path }] = await Promise.all([folder(), packed()]);
  await writeFile(join(into, "package.json"), JSON.stringify({ private: true, type: "module" }));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(into, name, ".."), { recursive: true });
    await writeFile(join(into, name), content);
  }
  const install = ["install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", path];
  await run("npm", install, { cwd: into });
  return into;
}

/** The code blocks of one language in a Markdown file that are marked as executed. */
export async function executedBlocks(path, language) {
  const text = await readFile(path, "utf8");
  const marked = new RegExp(`<!-- executed: ${language} -->\\n\`\`\`\\w+\\n(.*?)\`\`\``, "gs");
  return [...text.matchAll(marked)].map(([, block]) => block);
}
