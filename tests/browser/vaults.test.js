// 200 random vaults, with holders, revocations, re-keyings, passkeys and slots of PBKDF2: what Chromium reads of those that
// Rust and the model wrote, and what both read of Chromium's.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { PACKAGE, ROOT } from "../node/project.js";
import { launch } from "./chromium.js";
import { serve } from "./site.js";

const PAGE = `<!doctype html><meta charset="utf-8"><title>test</title><script type="module" src="/main.js"></script>`;
const SCRIPT = `
import * as workers from "/index.js";
import * as here from "/sync.js";
import { describe, ofBase64, write } from "/exchange.js";

await here.init();
const faces = { strongroom: workers, "strongroom/sync": here };
globalThis.answer = async ({ face, seed, vault, ways }) => {
  if (seed !== undefined) return await write(faces[face], seed);
  const seen = [];
  for (const way of ways) seen.push(await describe(faces[face], ofBase64(vault), way));
  return seen;
};
`;

const browser = await launch();
const exchange = await readFile(join(ROOT, "tests/node/exchange.js"), "utf8");
const answers = {
  "/index.html": { type: "text/html; charset=utf-8", body: PAGE },
  "/main.js": SCRIPT,
  "/exchange.js": exchange,
};
const site = await serve(join(PACKAGE, "dist"), { answers });

for (const [what, exchange] of [
  ["Chromium sees what Rust and the model wrote", "reads"],
  ["Rust and the model see what Chromium wrote", "writes"],
]) {
  test(what, async (t) => {
    const page = await browser.newPage();
    t.after(() => page.close());
    await page.goto(site);
    await page.waitForFunction(() => globalThis.answer !== undefined);
    const command = [join(ROOT, "tests/browser/exchange.py"), exchange];
    const python = spawn(join(ROOT, ".venv/bin/python"), command, { stdio: ["pipe", "pipe", "inherit"] });
    const closed = once(python, "close");
    let count = 0;
    for await (const line of createInterface({ input: python.stdout })) {
      const answer = await page.evaluate((asked) => globalThis.answer(asked), JSON.parse(line));
      python.stdin.write(`${JSON.stringify(answer)}\n`);
      count += 1;
    }
    assert.deepEqual(await closed, [0, null]);
    assert.ok(count >= 100);
  });
}
