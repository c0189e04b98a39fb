// The npm package in empty projects for browsers: each opens, in Chromium, a vault that Python wrote. The pages that are
// built, or need no build, have the Content-Security-Policy that the package's README gives.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import test, { after } from "node:test";
import { build, createServer } from "vite";
import { executedBlocks, PACKAGE, PASSPHRASE, project, SECRET, writeVault } from "../node/project.js";
import { launch, outcome } from "./chromium.js";
import { serve } from "./site.js";

const PAGE = `<!doctype html><meta charset="utf-8"><title>test</title><script type="module" src="/main.js"></script>`;

/** What each project does. `globalThis.outcome` is what the test waits for. */
const MAIN = `
async function use() {
  const bytes = await (await fetch("/bots.vault")).arrayBuffer();
  const vault = await Vault.open(bytes, { passphrase: ${JSON.stringify(PASSPHRASE)} });
  const entry = vault.entry("binance/main");
  const signature = await entry.hmac("secret", "timestamp=1700000000000");
  const names = vault.names();
  const secret = await entry.reveal("secret");
  await vault.lock();
  return { names, secret, signature: [...signature] };
}
`;
const FROM_PACKAGE = `import { Vault } from "strongroom";\n${MAIN}globalThis.outcome = use();`;

const EXPECTED = {
  names: ["binance/main", "zerodha/login"],
  secret: SECRET,
  signature: [...createHmac("sha256", SECRET).update("timestamp=1700000000000").digest()],
};

const browser = await launch();

test("a plain module imports the package by its path", async () => {
  const main = FROM_PACKAGE.replace('"strongroom"', '"/node_modules/strongroom/dist/index.js"');
  const into = await project({ "index.html": PAGE, "main.js": main });
  await writeVault(into);
  assert.deepEqual(await outcome(browser, await serve(into)), EXPECTED);
});

test("a plain module imports the package by an import map", async () => {
  const map = `<script type="importmap">{ "imports": { "strongroom": "/node_modules/strongroom/dist/index.js" } }</script>`;
  const into = await project({ "index.html": PAGE.replace("<script", `${map}<script`), "main.js": FROM_PACKAGE });
  await writeVault(into);
  assert.deepEqual(await outcome(browser, await serve(into, { csp: null })), EXPECTED);
});

test("a worker of the page's own uses strongroom/sync", async () => {
  const main = `
    const worker = new Worker("/own.js", { type: "module" });
    globalThis.outcome = new Promise((told) => { worker.onmessage = ({ data }) => told(data); });
  `;
  const own = `
    import { init, Vault } from "/node_modules/strongroom/dist/sync.js";
    ${MAIN}
    let early;
    try { Vault.passkeys(new Uint8Array()); } catch (error) { early = error.code; }
    await init();
    postMessage({ early, ...(await use()) });
  `;
  const into = await project({ "index.html": PAGE, "main.js": main, "own.js": own });
  await writeVault(into);
  assert.deepEqual(await outcome(browser, await serve(into)), { early: "io", ...EXPECTED });
});

test("Vite builds a page that opens it, with nothing set up", async () => {
  const into = await project({ "index.html": PAGE, "main.js": FROM_PACKAGE });
  await writeVault(join(into, "public"));
  await build({ root: into, configFile: false, logLevel: "error" });
  assert.deepEqual(await outcome(browser, await serve(join(into, "dist"))), EXPECTED);
});

test("Vite's development server serves a page that opens it, with nothing set up", async () => {
  const into = await project({ "index.html": PAGE, "main.js": FROM_PACKAGE });
  await writeVault(join(into, "public"));
  const server = await createServer({
    root: into,
    configFile: false,
    logLevel: "error",
    server: { host: "localhost", port: 0 },
  });
  after(() => server.close());
  await server.listen();
  assert.deepEqual(await outcome(browser, server.resolvedUrls.local[0]), EXPECTED);
});

test("the passkeys of the package's README enrol and open in a page", async () => {
  const [block] = await executedBlocks(join(PACKAGE, "README.md"), "browser");
  const dist = "/node_modules/strongroom/dist";
  const here = block
    .replace('"strongroom"', `"${dist}/index.js"`)
    .replace('"strongroom/passkey"', `"${dist}/passkey.js"`);
  const main = `
    import { Vault } from "${dist}/index.js";
    import { enrol, open } from "/readme.js";
    globalThis.outcome = (async () => {
      const bytes = await (await fetch("/bots.vault")).arrayBuffer();
      const vault = await Vault.open(bytes, { passphrase: ${JSON.stringify(PASSPHRASE)} });
      const opened = await open(await enrol(vault));
      return { by: opened.openedBy.label, names: opened.names() };
    })();
  `;
  const into = await project({ "index.html": PAGE, "main.js": main, "readme.js": here });
  await writeVault(into);
  const page = await browser.newPage();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      ctap2Version: "ctap2_1",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      hasPrf: true,
      automaticPresenceSimulation: true,
    },
  });
  await page.goto(await serve(into));
  const found = await page.evaluate(() => globalThis.outcome);
  assert.deepEqual(found, { by: "laptop", names: EXPECTED.names });
});
