// The examples for browsers, built where they are built, and used in Chromium.

import assert from "node:assert/strict";
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { executedBlocks, folder, PACKAGE, PASSPHRASE, ROOT, run, writeVault } from "../node/project.js";
import { launch } from "./chromium.js";
import { serve } from "./site.js";

const EXAMPLES = join(ROOT, "examples");
const browser = await launch();
const vaults = await folder();
await writeVault(vaults);

/** Opens the vault in an example's page, with a wrong passphrase first. */
async function open(page, url) {
  const faults = [];
  page.on("pageerror", (fault) => faults.push(String(fault)));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  await page.goto(url);
  await page.getByLabel("Vault").setInputFiles(join(vaults, "bots.vault"));
  for (const [passphrase, told] of [
    ["wrong", /It did not open: .*passphrase/],
    [PASSPHRASE, "Opened as owner."],
  ]) {
    await page.getByLabel("Passphrase").fill(passphrase);
    await page.getByRole("button", { name: "Open" }).click();
    await page.getByRole("status").filter({ hasText: told }).waitFor();
    assert.equal(await page.getByLabel("Passphrase").inputValue(), "");
  }
  return faults;
}

test("the page without a build lists the entries of a vault", async () => {
  const into = await folder();
  await cp(join(EXAMPLES, "browser"), into, { recursive: true });
  await cp(join(PACKAGE, "dist"), join(into, "strongroom"), { recursive: true });
  const page = await browser.newPage();
  const faults = await open(page, await serve(into));
  assert.deepEqual(await page.getByRole("listitem").allTextContents(), ["binance/main", "zerodha/login"]);
  await page.getByRole("button", { name: "Lock" }).click();
  await page.getByRole("status").filter({ hasText: "Locked." }).waitFor();
  assert.equal(await page.getByRole("listitem").count(), 0);
  assert.deepEqual(faults, []);
});

test("the Vite project builds, and shows the one-time codes of a vault", async () => {
  const into = await folder();
  const project = join(EXAMPLES, "vite");
  await run("npm", ["run", "build", "--silent", "--", "--outDir", into, "--emptyOutDir", "--logLevel", "error"], {
    cwd: project,
  });
  const page = await browser.newPage();
  const faults = await open(page, await serve(into));
  const row = page.getByRole("row", { name: "zerodha/login" });
  await row.filter({ hasText: /\d{6}/ }).waitFor();
  const [, code, left] = await row.getByRole("cell").allTextContents();
  assert.ok(Number(left) >= 1 && Number(left) <= 30);
  const { stdout } = await run(join(ROOT, ".venv", "bin", "python"), ["-c", CODES]);
  assert.ok(JSON.parse(stdout).includes(code), "Python makes the same code");
  await page.getByRole("button", { name: "Lock" }).click();
  await page.getByRole("status").filter({ hasText: "Locked." }).waitFor();
  assert.deepEqual(faults, []);
});

/** The code of now, and those before it: some seconds have passed. */
const CODES = `
import json, time, strongroom
codes = strongroom.Totp("JBSWY3DPEHPK3PXP")
print(json.dumps([codes.at(int(time.time()) - 30 * steps) for steps in range(4)]))
`;

test("the policy that the examples name is the one that they are tested with", async () => {
  const [policy] = await executedBlocks(join(PACKAGE, "README.md"), "csp");
  for (const name of ["browser/main.js", "vite/src/main.ts"]) {
    assert.ok(
      (await readFile(join(EXAMPLES, name), "utf8")).includes(`Content-Security-Policy: ${policy.trim()}\n`),
      name,
    );
  }
});
