// `node chromium.js VAULT`: the comparisons in Chromium, the longest task of a page that opens a vault, and the memory of its
// renderer. Prints the figures as JSON. The key and the passphrase come on standard input, a line each.

import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { launch } from "./browser.js";
import { median } from "./jobs.js";

const DIST = new URL("../../wasm/js/dist/", import.meta.url);

const vault = await readFile(process.argv[2]);
const [key, passphrase] = (await text(process.stdin)).split("\n");
const server = createServer(answer);
await new Promise((ready) => server.listen(0, "localhost", ready));
const url = `http://localhost:${server.address().port}/`;
const files = await bundled();

console.log(
  JSON.stringify({
    ...(await inPage((page) => page.evaluate((key) => globalThis.compareHere(key), key))),
    longestTask: await longestTask(),
    memory: await memory(),
  }),
);
server.closeAllConnections();
server.close();

/** The page and the worker, each in one file. */
async function bundled() {
  const { outputFiles } = await build({
    entryPoints: { page: fileURLToPath(new URL("page.js", import.meta.url)), worker: "strongroom/worker" },
    absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
    bundle: true,
    format: "esm",
    outdir: "/",
    external: ["node:*", "crypto", "fs", "path"], // what libsodium asks for in Node
    write: false,
    logLevel: "error",
  });
  const wasm = (await readdir(DIST)).filter((name) => name.endsWith(".wasm"));
  const scripts = outputFiles.map(({ path, contents }) => [path, ["text/javascript", contents]]);
  return Object.fromEntries([
    ["/", ["text/html", `<!doctype html><title>bench</title><script type="module" src="/page.js"></script>`]],
    ...(await Promise.all(
      wasm.map(async (name) => [`/${name}`, ["application/wasm", await readFile(new URL(name, DIST))]]),
    )),
    ["/bench.vault", ["application/octet-stream", vault]],
    ...scripts,
  ]);
}

function answer(request, response) {
  const [type, body] = files[request.url] ?? ["text/plain", "there is no such file"];
  response.writeHead(request.url in files ? 200 : 404, { "Content-Type": type });
  response.end(body);
}

/** Uses a page in a browser of its own. `pid` is the renderer's. */
async function inPage(use) {
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(url);
    const devtools = await browser.newBrowserCDPSession();
    const renderers = async () => {
      const { processInfo } = await devtools.send("SystemInfo.getProcessInfo");
      return processInfo.filter(({ type }) => type === "renderer");
    };
    // There is a spare one as well. The page's is the one that works when the page does.
    const idle = new Map((await renderers()).map(({ id, cpuTime }) => [id, cpuTime]));
    await page.evaluate(() => {
      for (const end = performance.now() + 1000; performance.now() < end; );
    });
    const worked = ({ id, cpuTime }) => cpuTime - (idle.get(id) ?? 0);
    const [{ id: pid }] = (await renderers()).sort((one, other) => worked(other) - worked(one));
    return await use(page, pid);
  } finally {
    await browser.close();
  }
}

/** The longest of five unlocks, in seconds. */
async function longestTask() {
  return inPage(async (page) => {
    const longest = [];
    for (let unlocks = 0; unlocks < 5; unlocks += 1) {
      longest.push(await page.evaluate((passphrase) => globalThis.longestTask(passphrase), passphrase));
    }
    return Math.max(...longest);
  });
}

/** The renderer's share of memory (PSS) in bytes before a vault was opened, while it is, and 3 s after it was locked. */
async function memory() {
  const rounds = [];
  for (let round = 0; round < 5; round += 1) {
    rounds.push(
      await inPage(async (page, pid) => {
        await settled();
        const before = await pss(pid);
        await page.evaluate((passphrase) => globalThis.unlock(passphrase), passphrase);
        const open = await pss(pid);
        await page.evaluate(() => globalThis.lock());
        await settled();
        return [before, open, await pss(pid)];
      }),
    );
  }
  return [0, 1, 2].map((at) => median(rounds.map((round) => round[at])));
}

function settled() {
  return new Promise((next) => setTimeout(next, 3000));
}

async function pss(pid) {
  const [, kilobytes] = /^Pss:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/smaps_rollup`, "utf8"));
  return Number(kilobytes) * 1024;
}
