// What a page is told when the browser does not let the package work, or takes its worker away.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { PACKAGE } from "../node/project.js";
import { launch, outcome } from "./chromium.js";
import { CSP, serve } from "./site.js";

const DIST = join(PACKAGE, "dist");
const PAGE = `<!doctype html><meta charset="utf-8"><title>test</title><script type="module" src="/main.js"></script>`;

const browser = await launch();

/** What becomes of `script` in a page: what it returns, or the fault. */
async function within(script, options = {}, chromium = browser) {
  const main = `
    import { Kdf, StrongroomError, Vault } from "/index.js";
    import * as sync from "/sync.js";
    const kdf = Kdf.argon2id({ memoryKib: 19456, passes: 2, lanes: 1 });
    const passphrase = "correct horse battery staple";
    const told = (fault) => {
      if (!(fault instanceof StrongroomError)) throw fault;
      return { code: fault.code, message: fault.message };
    };
    globalThis.outcome = (async () => {${script}})().catch(told);
  `;
  const answers = { "/index.html": { type: "text/html", body: PAGE }, "/main.js": main, ...options.answers };
  return outcome(chromium, await serve(DIST, { ...options, answers }));
}

const WITH_WORKER = "const vault = await Vault.create({ passphrase, kdf }); await vault.lock(); return 'opened'";
const WITHOUT = "await sync.init(); sync.Vault.create({ passphrase, kdf }); return 'opened'";

/** Fails as expected with a worker and without. */
async function bothTell(expected, options, chromium) {
  for (const script of [WITH_WORKER, WITHOUT]) {
    const { code, message } = await within(script, options, chromium);
    assert.equal(code, "io");
    assert.match(message, expected);
  }
}

test("all is well where nothing is in the way", async () => {
  assert.equal(await within(WITH_WORKER), "opened");
  assert.equal(await within(WITHOUT), "opened");
});

test("a Content-Security-Policy without 'wasm-unsafe-eval' is named", async () => {
  await bothTell(/add 'wasm-unsafe-eval' to its script-src/, { csp: CSP.replace(" 'wasm-unsafe-eval'", "") });
});

test("a Content-Security-Policy without connect-src is named", async () => {
  await bothTell(/connect-src 'self'/, { csp: CSP.replace("connect-src 'self'", "connect-src 'none'") });
});

test("a Content-Security-Policy without workers is named", async () => {
  const { code, message } = await within(WITH_WORKER, { csp: CSP.replace("worker-src 'self'", "worker-src 'none'") });
  assert.equal(code, "io");
  assert.match(message, /worker-src 'self'/);
});

test("a browser without WebAssembly is told what that is", async () => {
  // As in Lockdown Mode, and where a user turned the optimising compilers off.
  const withoutWebAssembly = await launch("--js-flags=--jitless");
  await bothTell(/WebAssembly turned off, as Lockdown Mode does/, {}, withoutWebAssembly);
});

test("no WebAssembly where it should be, or a page in its place, is told", async () => {
  const wasm = await readFile(join(DIST, "strongroom_bg.wasm"));
  const instead = [
    { status: 404, type: "text/plain", body: "not found" },
    { status: 200, type: "text/html", body: "<!doctype html><p>log in first" },
    { status: 200, type: "application/wasm", body: "<!doctype html><p>log in first" },
    { status: 200, type: "application/wasm", body: wasm.subarray(0, wasm.length / 2) },
  ];
  for (const answer of instead) {
    await bothTell(/strongroom_bg\.wasm is served beside the script/, { answers: { "/strongroom_bg.wasm": answer } });
  }
});

test("a host that does not know WebAssembly's type serves it all the same", async () => {
  const body = await readFile(join(DIST, "strongroom_bg.wasm"));
  const answers = { "/strongroom_bg.wasm": { type: "application/octet-stream", body } };
  assert.equal(await within(WITH_WORKER, { answers }), "opened");
});

test("a worker's script that is not there, or does not run, is told", async () => {
  const instead = [
    { status: 404, type: "text/plain", body: "not found" },
    { status: 200, type: "text/html", body: "<!doctype html><p>log in first" },
    { status: 200, type: "text/javascript", body: "import '/gone.js';" },
    { status: 200, type: "text/javascript", body: "throw new Error('broken');" },
  ];
  for (const answer of instead) {
    const { code, message } = await within(WITH_WORKER, { answers: { "/worker.js": answer } });
    assert.equal(code, "io");
    assert.match(message, /the worker cannot be started/);
  }
});

test("a failure is not remembered: the next try succeeds", async () => {
  const wasm = await readFile(join(DIST, "strongroom_bg.wasm"));
  let asked = 0;
  const once = () => {
    asked += 1;
    return asked === 1 ? { status: 503, body: "" } : { type: "application/wasm", body: wasm };
  };
  const script = `
    const first = await Vault.create({ passphrase, kdf }).catch(told);
    const second = await Vault.create({ passphrase, kdf });
    return [first.code, second.locked];
  `;
  assert.deepEqual(await within(script, { answers: { "/strongroom_bg.wasm": once } }), ["io", false]);
});

test("a worker that is killed in the middle of a call fails it, and the vault is locked", async () => {
  // The long call is in the worker when it is killed: the short one before it has been answered.
  const script = `
    const worker = new Worker("/worker.js", { type: "module" });
    const vault = await Vault.create({ passphrase, kdf }, { worker });
    const short = vault.pin();
    const long = vault.grant("slow", "owner", {
      passphrase: "another horse battery staple",
      kdf: Kdf.argon2id({ memoryKib: 262144, passes: 16, lanes: 1 }),
    });
    const waiting = vault.seal();
    await short;
    worker.terminate();
    const codes = [];
    for (const call of [long, waiting, vault.seal()]) {
      codes.push(await call.then(() => "done", (fault) => told(fault).code));
    }
    await vault.lock();
    return { codes, locked: vault.locked };
  `;
  assert.deepEqual(await within(script), { codes: ["locked", "locked", "locked"], locked: true });
});

test("a worker is not taken for dead while its request for a lock is slow", async () => {
  // It asks only when the WebAssembly is there, and the host has then been asked for something else, a few times.
  const slow = `
    const { locks } = navigator;
    const request = locks.request.bind(locks);
    const instantiate = WebAssembly.instantiateStreaming;
    const started = new Promise((ready) => {
      WebAssembly.instantiateStreaming = async (...given) => {
        const made = await instantiate(...given);
        ready();
        return made;
      };
    });
    locks.request = async (...asked) => {
      await started;
      for (let times = 0; times < 10; times += 1) await (await fetch("/index.html")).text();
      return request(...asked);
    };
  `;
  const answers = { "/slow.js": `import "/slowly.js"; import "/worker.js";`, "/slowly.js": slow };
  const script = `
    const vault = await Vault.create({ passphrase, kdf }, { worker: new Worker("/slow.js", { type: "module" }) });
    await vault.put("binance/main", { secret: "one" });
    return vault.entry("binance/main").reveal("secret");
  `;
  assert.equal(await within(script, { answers }), "one");
});

test("a worker that runs out of memory says so, and the vault is still there", async () => {
  // WebAssembly gets 100 MiB at most.
  const small = await launch("--js-flags=--wasm-max-mem-pages=1600");
  const script = `
    const vault = await Vault.create({ passphrase, kdf });
    await vault.put("binance/main", { secret: "one" });
    const costs = { passphrase: "another horse battery staple", kdf: Kdf.argon2id({ memoryKib: 262144, passes: 1 }) };
    const refused = await vault.grant("large", "owner", costs).catch(told);
    return [refused, await vault.entry("binance/main").reveal("secret")];
  `;
  const [refused, secret] = await within(script, {}, small);
  assert.equal(refused.code, "io");
  assert.match(refused.message, /memory/);
  assert.equal(secret, "one");
});

test("WebAssembly that ends for want of memory takes its vault with it, and nothing else", async () => {
  // 6 MiB at most: what has no room stops the module at once.
  const tiny = await launch("--js-flags=--wasm-max-mem-pages=100");
  const script = `
    const { generateKey } = await import("/index.js");
    const key = await generateKey();
    const [vault, other] = [await Vault.create({ key }), await Vault.create({ key })];
    const put = async (count) => {
      for (let entry = 0; entry < count; entry += 1) {
        await vault.put("binance/" + entry, { secret: "a".repeat(60000) });
      }
    };
    const refused = await put(200).catch(told);
    await other.put("binance/main", { secret: "one" });
    return [refused, vault.locked, await other.entry("binance/main").reveal("secret"), (await generateKey()).length];
  `;
  const [refused, isLocked, secret, length] = await within(script, {}, tiny);
  assert.equal(refused.code, "locked");
  assert.match(refused.message, /memory/);
  assert.equal(isLocked, true);
  assert.equal(secret, "one");
  assert.equal(length, 89);
});
