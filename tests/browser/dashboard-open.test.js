// Getting at a vault, and getting it open: from the host or a file, by passphrase or key.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { dashboard, failure, openTab, row, rowNames, showEntry, unlock } from "./dashboard.js";
import { change, contents } from "./python.js";

const ALL = ["binance/main", "binance/withdraw", "kraken/main", "kraken/old", "mail/alerts"];

/** As in Firefox and Safari, where a page can't write files. */
const withoutPickers = () => {
  delete window.showOpenFilePicker;
  delete window.showSaveFilePicker;
};

test("the link of the command leads to its vault, and is gone from the address bar", async (t) => {
  const { page, passphrase, server } = await dashboard(t);
  await page.getByRole("heading", { name: "sample.vault" }).waitFor();
  assert.equal(page.url(), `${server.origin}/`);
  await unlock(page, passphrase);
  assert.deepEqual(await rowNames(page), ALL);
});

test("reading the page again needs no new link, another browser does", async (t) => {
  const { page, passphrase, link } = await dashboard(t);
  await page.getByRole("heading", { name: "sample.vault" }).waitFor();
  await page.reload();
  await unlock(page, passphrase);
  const other = await openTab(t, link, { expectErrors: true });
  await failure(other.page, "The session has ended");
});

test("a key opens its compartments, typed or from its file", async (t) => {
  const { page, botKey, folder } = await dashboard(t);
  await page.getByRole("button", { name: "Use a key" }).click();
  await page.getByLabel("Key", { exact: true }).fill(botKey);
  await page.getByRole("button", { name: "Unlock", exact: true }).click();
  await page.getByRole("button", { name: "Lock", exact: true }).waitFor();
  assert.deepEqual(await rowNames(page), ["binance/main", "binance/withdraw"]);
  assert.equal(await page.getByRole("button", { name: "Access" }).count(), 0);

  await page.getByRole("button", { name: "Lock", exact: true }).click();
  await writeFile(join(folder, "bot.key"), `${botKey}\n`, { mode: 0o600 });
  await page.getByRole("button", { name: "Use a key" }).click();
  await page.getByLabel("Key file").setInputFiles(join(folder, "bot.key"));
  await page.getByRole("button", { name: "Unlock", exact: true }).click();
  await page.getByRole("button", { name: "Lock", exact: true }).waitFor();
  assert.deepEqual(await rowNames(page), ["binance/main", "binance/withdraw"]);
});

test("a slot of PBKDF2 opens", async (t) => {
  const { page, reportPassphrase } = await dashboard(t);
  await unlock(page, reportPassphrase);
  assert.deepEqual(await rowNames(page), ["kraken/main", "kraken/old", "mail/alerts"]);
});

test("a wrong passphrase or key opens nothing, says so, and can be tried again", async (t) => {
  const { page, passphrase, botKey } = await dashboard(t);
  const submit = page.getByRole("button", { name: "Unlock", exact: true });
  await submit.click();
  await page.getByText("Type the passphrase.").waitFor();
  await page.getByLabel("Passphrase", { exact: true }).fill("not the passphrase");
  await submit.click();
  await failure(page, "That does not open the vault");

  await page.getByLabel("Passphrase", { exact: true }).fill("");
  await page.getByRole("button", { name: "Use a key" }).click();
  await page.getByLabel("Key", { exact: true }).fill(`${botKey.slice(0, -1)}${botKey.endsWith("A") ? "B" : "A"}`);
  await submit.click();
  await page.getByRole("alert").getByText(/key/i).first().waitFor();

  await page.getByLabel("Key", { exact: true }).fill("");
  await unlock(page, passphrase);
  assert.deepEqual(await rowNames(page), ALL);
});

test("a file that is chosen opens, and is downloaded after a change where the browser can't write it", async (t) => {
  const { page, passphrase, path, server, folder } = await dashboard(t, { init: withoutPickers });
  await page.getByRole("button", { name: "Open another vault" }).click();
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Choose a vault file" }).click();
  await (await chooser).setFiles(path);
  await unlock(page, passphrase);
  server.process.kill("SIGKILL"); // the host has no part in what follows
  await showEntry(page, "kraken/old");
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
  await row(page, "kraken/old").waitFor({ state: "detached" });

  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: /Unsaved changes/ }).click();
  const saved = join(folder, "downloaded.vault");
  await (await download).saveAs(saved);
  assert.equal((await download).suggestedFilename(), "sample.vault");
  const { entries } = await contents(saved, { passphrase });
  assert.deepEqual(
    Object.keys(entries),
    ALL.filter((name) => name !== "kraken/old"),
  );
  await page.getByRole("button", { name: /Unsaved changes/ }).waitFor({ state: "detached" });
});

test("a file that the browser can write is saved in place", async (t) => {
  // No driver can answer the browser's own dialog, so a file of the browser's own storage stands in for the chosen one.
  const { page, passphrase, path, folder } = await dashboard(t);
  const bytes = (await readFile(path)).toString("base64");
  await page.evaluate(async (bytes) => {
    const folder = await navigator.storage.getDirectory();
    const handle = await folder.getFileHandle("chosen.vault", { create: true });
    const file = await handle.createWritable();
    await file.write(Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0)));
    await file.close();
    window.showOpenFilePicker = async () => [handle];
  }, bytes);
  const stored = async () => {
    const bytes = await page.evaluate(async () => {
      const [handle] = await window.showOpenFilePicker();
      return [...new Uint8Array(await (await handle.getFile()).arrayBuffer())];
    });
    const copy = join(folder, "copy.vault");
    await writeFile(copy, Buffer.from(bytes));
    return await contents(copy, { passphrase });
  };
  await page.getByRole("button", { name: "Open another vault" }).click();
  await page.getByRole("button", { name: "Choose a vault file" }).click();
  await page.getByRole("heading", { name: "chosen.vault" }).waitFor();
  await unlock(page, passphrase);
  await showEntry(page, "kraken/old");
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
  await row(page, "kraken/old").waitFor({ state: "detached" });
  assert.equal("kraken/old" in (await stored()).entries, false);
  assert.equal("kraken/old" in (await contents(path, { passphrase })).entries, true);
});

test("a dropped file opens, and what others save to it is seen", async (t) => {
  const { page, context, passphrase, path } = await dashboard(t);
  await page.getByRole("button", { name: "Open another vault" }).click();
  const { x, y, width, height } = await page.locator(".drop").boundingBox();
  const devtools = await context.newCDPSession(page);
  for (const type of ["dragEnter", "dragOver", "drop"]) {
    const data = { items: [], files: [path], dragOperationsMask: 1 };
    await devtools.send("Input.dispatchDragEvent", { type, x: x + width / 2, y: y + height / 2, data });
  }
  await unlock(page, passphrase);
  assert.deepEqual(await rowNames(page), ALL);
  await change(path, { passphrase }, "put", ["kraken/new", { secret: "s3cret-of-new" }]);
  await page.evaluate(() => window.dispatchEvent(new Event("focus")));
  await row(page, "kraken/new").waitFor();
});
