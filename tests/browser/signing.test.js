// A page signs with keys that it never has: they stay in the worker.

import assert from "node:assert/strict";
import { createHmac, createPublicKey, generateKeyPairSync, randomBytes, verify } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { generateKey, Vault } from "strongroom/sync";
import { PACKAGE } from "../node/project.js";
import { heapOf, launch } from "./chromium.js";
import { serve } from "./site.js";

const PAGE = `<!doctype html><meta charset="utf-8"><title>test</title><script type="module" src="/main.js"></script>`;
const MAIN = `
import { Vault } from "/index.js";

const [bytes, key] = await Promise.all([
  fetch("/bots.vault").then((answer) => answer.arrayBuffer()),
  fetch("/bots.key").then((answer) => answer.text()),
]);
globalThis.vault = await Vault.open(bytes, { key });
globalThis.entries = ["hmac", "ed25519", "es256", "rsa"].map((name) => globalThis.vault.entry("exchange/" + name));
globalThis.sign = async () => {
  const [hmac, ed25519, es256, rsa] = globalThis.entries;
  const own = { exchange: "example", host: "https://api.example.com", message: "<body>", headers: { Sign: "<signature>" } };
  const signed = [];
  for (const [entry, scheme] of [
    [hmac, { algorithm: "hmac-sha256", encoding: "base64" }],
    [ed25519, { algorithm: "ed25519", encoding: "base64" }],
    [es256, { algorithm: "es256", encoding: "base64" }],
    [rsa, { algorithm: "rsa-sha256", encoding: "base64" }],
  ]) {
    const signer = entry.signer({ ...own, schemes: [scheme] });
    const { url, headers, body } = await signer.sign("POST", "/order", { body: "symbol=BTCUSDT" });
    signed.push([url, headers.Sign, body]);
  }
  return signed;
};
`;

test("requests are signed in the worker, and no key is in the page", async (t) => {
  const canary = randomBytes(30).toString("hex");
  const pairs = [
    generateKeyPairSync("ed25519"),
    generateKeyPairSync("ec", { namedCurve: "P-256" }),
    generateKeyPairSync("rsa", { modulusLength: 2048 }),
  ];
  const pems = pairs.map(({ privateKey }) => privateKey.export({ type: "pkcs8", format: "pem" }));
  const { bytes, key } = vaultOf([canary, ...pems]);

  const browser = await launch();
  const answers = {
    "/index.html": { type: "text/html; charset=utf-8", body: PAGE },
    "/main.js": MAIN,
    "/bots.vault": { body: Buffer.from(bytes) },
    "/bots.key": key,
  };
  const page = await browser.newPage();
  t.after(() => page.close());
  await page.goto(await serve(join(PACKAGE, "dist"), { answers }));
  await page.waitForFunction(() => globalThis.sign !== undefined);
  const signed = await page.evaluate(() => globalThis.sign());

  const message = Buffer.from("symbol=BTCUSDT");
  const signatures = signed.map(([url, signature, body]) => {
    assert.deepEqual([url, body], ["https://api.example.com/order", "symbol=BTCUSDT"]);
    return Buffer.from(signature, "base64");
  });
  assert.deepEqual(signatures[0], createHmac("sha256", canary).update(message).digest());
  for (const [at, { privateKey }] of pairs.entries()) {
    const options = { key: createPublicKey(privateKey), dsaEncoding: "ieee-p1363" };
    assert.ok(verify(at === 0 ? null : "sha256", message, options, signatures[at + 1]), pems[at]);
  }

  const secrets = [canary, ...pems.flatMap((pem) => pem.split("\n").filter((line) => /^[\w+/=]{40,}$/.test(line)))];
  const heap = await heapOf(page.context(), page);
  assert.ok(heap.includes("symbol=BTCUSDT"), "what the page has is in the snapshot");
  assert.deepEqual(
    secrets.filter((secret) => heap.includes(secret)),
    [],
  );
  await page.evaluate(async () => {
    globalThis.revealed = await globalThis.entries[0].reveal("secret");
  });
  assert.ok((await heapOf(page.context(), page)).includes(canary), "the search finds one that is there");
});

/** A vault with a key in each of four entries, and the key that opens it. */
function vaultOf(secrets) {
  const key = generateKey();
  const vault = Vault.create({ key });
  for (const [at, secret] of secrets.entries()) {
    vault.put(`exchange/${["hmac", "ed25519", "es256", "rsa"][at]}`, { secret });
  }
  const bytes = vault.seal();
  vault.lock();
  return { bytes, key };
}
