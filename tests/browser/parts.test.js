// A page fetches a part of the WebAssembly when it first uses it.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { generateKey, Vault } from "strongroom/sync";
import { PACKAGE } from "../node/project.js";
import { launch, outcome } from "./chromium.js";
import { serve } from "./site.js";

const DIST = join(PACKAGE, "dist");
const PAGE = `<!doctype html><meta charset="utf-8"><title>test</title><script type="module" src="/main.js"></script>`;
const PARTS = ["bg", "change", "keys", "otp", "password", "sealed", "signing"];

const browser = await launch();
const { key, bytes } = stored();

function stored() {
  const key = generateKey();
  const vault = Vault.create({ key });
  const { privateKey } = generateKeyPairSync("ed25519");
  vault.put("binance/hmac", { secret: "hunter2" }, { info: { api_key: "a" } });
  vault.put(
    "binance/ed25519",
    { secret: privateKey.export({ type: "pkcs8", format: "pem" }) },
    { info: { api_key: "b" } },
  );
  return { key, bytes: vault.seal() };
}

/** What becomes of `script` in a page that has a vault, and which parts it asked for; `answers` may stand in for a part. */
async function within(script, answers = {}) {
  const asked = [];
  const parts = PARTS.map((part) => [
    `/strongroom_${part}.wasm`,
    () => {
      asked.push(part);
      return answers[part]?.(asked.filter((other) => other === part).length);
    },
  ]);
  const main = `
    import * as api from "/index.js";
    import { Vault } from "/index.js";
    import * as sync from "/sync.js";
    const told = ({ name, code, message }) => ({ name, code, message });
    globalThis.outcome = (async () => {
      const bytes = await fetch("/bots.vault").then((answer) => answer.arrayBuffer());
      const opened = () => Vault.open(bytes, { key: ${JSON.stringify(key)} });
      ${script}
    })();
  `;
  const files = {
    "/index.html": { type: "text/html", body: PAGE },
    "/main.js": main,
    "/bots.vault": { body: Buffer.from(bytes) },
  };
  const site = await serve(DIST, { answers: { ...files, ...Object.fromEntries(parts) } });
  return { value: await outcome(browser, site), asked };
}

/** What each of these asks for. */
const USES = {
  "opening a vault, and reading it": [
    "const vault = await opened(); return (await vault.entry('binance/hmac').reveal('secret')).length",
    ["bg"],
    7,
  ],
  "signing with HMAC": [
    `const signer = (await opened()).entry("binance/hmac").signer("binance");
     const { url } = await signer.sign("GET", "/api/v3/account?recvWindow=5000");
     return /&signature=[0-9a-f]{64}$/.test(url)`,
    ["bg", "signing"],
    true,
  ],
  "signing with a private key": [
    `const signer = (await opened()).entry("binance/ed25519").signer("binance");
     const { url } = await signer.sign("GET", "/api/v3/account?recvWindow=5000");
     return /&signature=[A-Za-z0-9%]{86,}$/.test(url)`,
    ["bg", "signing", "keys"],
    true,
  ],
  "changing a vault, twice": [
    `const vault = await opened();
     await vault.put("binance/new", { secret: "s" });
     await vault.remove("binance/new");
     return vault.names().length`,
    ["bg", "change"],
    2,
  ],
  "one-time codes, password hashes and sealing": [
    `const hash = await api.hashPassword("hunter2");
     const totp = await api.Totp.fromSecret("JBSWY3DPEHPK3PXP");
     const key = await api.generateKey();
     const sealed = await api.seal(key, "text", { associatedData: "for" });
     return [await api.verifyPassword("hunter2", hash), (await totp.now()).length, (await api.unseal(key, sealed, { associatedData: "for" })).length]`,
    ["bg", "password", "otp", "sealed"],
    [true, 6, 4],
  ],
  "what has no worker, all at once": ["await sync.init(); return sync.exchanges().length > 0", PARTS, true],
};

for (const [what, [script, parts, expected]] of Object.entries(USES)) {
  test(`${what} asks for ${parts.join(", ")}`, async () => {
    const { value, asked } = await within(script);
    assert.deepEqual(value, expected);
    assert.deepEqual(asked.sort(), [...parts].sort());
  });
}

test("a part that cannot be fetched fails the call that needs it, and no other; the next one tries again", async () => {
  const script = `
    const vault = await opened();
    const refused = await vault.put("binance/new", { secret: "s" }).catch(told);
    const { length } = await vault.entry("binance/hmac").reveal("secret");
    await vault.put("binance/new", { secret: "s" });
    return [refused, length, vault.names().length];
  `;
  for (const body of ["", "<!doctype html><p>log in first"]) {
    const once = (time) => (time === 1 ? { status: body === "" ? 503 : 200, body } : undefined);
    const { value, asked } = await within(script, { change: once });
    const [{ name, code, message }, ...rest] = value;
    assert.deepEqual([name, code, ...rest], ["StrongroomError", "io", 7, 3]);
    assert.match(message, /strongroom_change\.wasm is served beside the script/);
    assert.deepEqual(asked, ["bg", "change", "change"]);
  }
});

test("a part of another build is refused", async () => {
  const part = await readFile(join(DIST, "strongroom_signing.wasm"));
  const at = part.indexOf("m0-") + "m0-".length;
  part[at] = part[at] === 0x30 ? 0x31 : 0x30;
  const other = () => ({ type: "application/wasm", body: part });
  const { value } = await within("return await api.exchanges().catch(told)", { signing: other });
  assert.equal(value.code, "io");
  assert.match(value.message, /strongroom_signing\.wasm is of another version .*load the page again/);
});

test("what is asked while a part is on its way waits for its turn", async () => {
  const script = `
    const vault = await opened();
    const put = vault.put("binance/new", { secret: "s" });
    const found = vault.find();
    await put;
    return (await found).length;
  `;
  assert.equal((await within(script)).value, 3);
});

test("a signer whose code could not be fetched signs when it can be", async () => {
  const script = `
    const signer = (await opened()).entry("binance/hmac").signer("binance");
    const refused = await signer.sign("GET", "/api/v3/account").catch(told);
    const { url } = await signer.sign("GET", "/api/v3/account");
    return [refused.code, url.length > 100];
  `;
  const once = (time) => (time === 1 ? { status: 503, body: "" } : undefined);
  const { value, asked } = await within(script, { signing: once });
  assert.deepEqual(value, ["io", true]);
  assert.deepEqual(asked, ["bg", "signing", "signing"]);
});

test("a vault is read and locked while a part that is fetched never comes", async () => {
  const script = `
    const vault = await opened();
    const preload = vault.preload("keys").catch(told);
    const found = await vault.find();
    const put = vault.put("binance/new", { secret: "s" }).catch(told);
    await vault.lock();
    return [found.length, (await preload).code, (await put).code];
  `;
  const never = () => new Promise(() => {});
  assert.deepEqual((await within(script, { keys: never, change: never })).value, [2, "locked", "locked"]);
});

test("a fetch that throws is tried again by what has no worker", async () => {
  const script = `
    const fetched = globalThis.fetch;
    globalThis.fetch = (url, options) => {
      if (String(url).includes("signing")) throw new TypeError("blocked");
      return fetched(url, options);
    };
    const refused = await sync.init().catch(told);
    globalThis.fetch = fetched;
    await sync.init();
    return [refused.code, sync.exchanges().length > 0];
  `;
  assert.deepEqual((await within(script)).value, ["io", true]);
});

test("what was preloaded is there when the host is gone", async () => {
  const script = `
    const vault = await opened();
    const refused = await vault.preload("change", "nothing").catch(told);
    await api.preload("otp");
    await vault.preload("change", "signing", "keys");
    await vault.preload("change");
    globalThis.fetch = undefined;
    await vault.put("binance/new", { secret: "s" });
    const { url } = await vault.entry("binance/ed25519").signer("binance").sign("GET", "/api/v3/account");
    const { length } = await api.qrSvg("otpauth://totp/a?secret=JBSWY3DPEHPK3PXP");
    return [refused.code, refused.message, vault.names().length, url.length > 100, length > 1000];
  `;
  const { value, asked } = await within(script);
  const message = "expected some of these parts: change, keys, otp, password, sealed, signing";
  assert.deepEqual(value, ["invalid_input", message, 3, true, true]);
  assert.deepEqual(asked.sort(), ["bg", "bg", "change", "keys", "otp", "signing"]);
});
