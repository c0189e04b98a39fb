// Bad input and bad days: what is no vault, hosts that fail, no room left, a worker that is killed. A person reads what
// happened and what to do, and what was typed is still there and can be saved later.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { dashboard, failure, openEntry, showEntry, unlock } from "./dashboard.js";
import { contents as contentsOf } from "./python.js";

const MOST_BYTES = 64 * 1024 * 1024;

/** What a host can do to a request for the vault, and what a person reads then. */
const BAD_HOSTS = [
  ["answers 500", (route) => route.fulfill({ status: 500, body: "Internal Server Error" }), "The host failed"],
  ["answers 404", (route) => route.fulfill({ status: 404, body: "" }), "The host has no vault there"],
  ["has ended the session", (route) => route.fulfill({ status: 401, body: "" }), "The session has ended"],
  [
    "answers with a web page",
    (route) => route.fulfill({ status: 200, contentType: "text/html", body: "<!doctype html><p>Log in" }),
    "The host answered with a web page",
  ],
  ["does not answer", (route) => route.abort("connectionrefused"), "The host can't be reached"],
];

/** And to a save alone. */
const BAD_SAVES = [
  ["says each time that others have saved", (route) => route.fulfill({ status: 412, body: "" }), "Others keep saving"],
  ["has no room left", (route) => route.fulfill({ status: 507, body: "" }), "There is no room left to save"],
  ["finds it too large", (route) => route.fulfill({ status: 413, body: "" }), "The host finds the vault too large"],
  ["fails at a save", (route) => route.fulfill({ status: 500, body: "" }), "The host failed"],
  ["breaks off at a save", (route) => route.abort("connectionreset"), "The host can't be reached"],
];

/** So that a test can do to the vault's worker what a browser does that is short of memory. */
const rememberWorkers = () => {
  window.workers = [];
  window.Worker = class extends Worker {
    constructor(...given) {
      super(...given);
      window.workers.push(this);
    }
  };
};

const killWorker = (page) => page.evaluate(() => window.workers.at(-1).terminate());

const withoutPickers = () => {
  delete window.showOpenFilePicker;
  delete window.showSaveFilePicker;
};

test("a file that is no vault, of a later version, altered or too large is refused, and another can be chosen", async (t) => {
  const { page, passphrase, path, folder } = await dashboard(t, { init: withoutPickers });
  await page.getByRole("button", { name: "Open another vault" }).click();
  const choose = async (name, bytes) => {
    await writeFile(join(folder, name), bytes);
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Choose a vault file" }).click();
    await (await chooser).setFiles(join(folder, name));
  };
  const tryToOpen = async () => {
    await page.getByLabel("Passphrase", { exact: true }).fill(passphrase);
    await page.getByRole("button", { name: "Unlock", exact: true }).click();
  };
  const back = () => page.getByRole("button", { name: "Open another vault" }).click();
  const good = await readFile(path);

  await choose("large.vault", Buffer.alloc(MOST_BYTES + 1));
  await failure(page, "This file is too large for a vault");
  await choose("picture.png", Buffer.from("no vault at all"));
  await tryToOpen();
  await failure(page, "This is not a vault");
  await back();
  await choose("empty.vault", Buffer.alloc(0));
  await tryToOpen();
  await failure(page, "This is not a vault");
  await back();
  const later = Buffer.from(good);
  later[15] = 2; // the version, behind the magic
  await choose("later.vault", later);
  await tryToOpen();
  await failure(page, "This vault is newer than this page");
  await back();
  await choose("truncated.vault", good.subarray(0, good.length - 40));
  await tryToOpen();
  await failure(page, "This is not a vault");
  await back();
  await choose("good.vault", good);
  await unlock(page, passphrase);
});

for (const [what, answer, title] of BAD_HOSTS) {
  test(`a host that ${what} keeps the door shut, until it is well again`, async (t) => {
    const { page, passphrase } = await dashboard(t, { expectErrors: true });
    await page.getByRole("heading", { name: "sample.vault" }).waitFor();
    await page.route("**/vault", answer);
    await page.reload();
    const alert = await failure(page, title);
    await page.unroute("**/vault");
    if (title === "The session has ended") return; // a new link is needed
    await alert.getByRole("button", { name: "Try again" }).click();
    await unlock(page, passphrase);
  });
}

for (const [what, answer, title] of BAD_SAVES) {
  test(`a host that ${what} loses no edit`, async (t) => {
    const { page, passphrase, contents } = await dashboard(t, { expectErrors: true });
    await openEntry(page, passphrase, "kraken/main");
    const before = await contents({ passphrase });
    await page.route("**/vault", (route) => (route.request().method() === "PUT" ? answer(route) : route.fallback()));
    await page.getByRole("button", { name: "Edit" }).click();
    await page.getByLabel("Note").fill("typed with care");
    await page.getByRole("button", { name: "Replace secret" }).click();
    await page.getByLabel("Value of secret").fill("s3cret-typed");
    await page.getByRole("button", { name: "Save" }).click();
    const alert = await failure(page, title);
    assert.deepEqual(await contents({ passphrase }), before);
    assert.equal(await page.getByLabel("Note").inputValue(), "typed with care");
    assert.equal(await page.getByLabel("Value of secret").inputValue(), "s3cret-typed");
    await page.unroute("**/vault");
    await alert.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("button", { name: "Edit" }).waitFor();
    const { note, fields, version } = (await contents({ passphrase })).entries["kraken/main"];
    assert.deepEqual([note, fields.secret, version], ["typed with care", "s3cret-typed", 2]);
  });
}

test("a save whose answer got lost is found stored, and not made twice", async (t) => {
  const { page, passphrase, contents } = await dashboard(t, { expectErrors: true });
  await openEntry(page, passphrase, "kraken/main");
  await page.route("**/vault", async (route) => {
    if (route.request().method() !== "PUT") return await route.fallback();
    await route.fetch();
    await route.abort("connectionreset");
  });
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Note").fill("arrived");
  await page.getByRole("button", { name: "Save" }).click();
  const alert = await failure(page, "The host can't be reached");
  await page.unroute("**/vault");
  await alert.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("button", { name: "Edit" }).waitFor();
  const { note, version } = (await contents({ passphrase })).entries["kraken/main"];
  assert.deepEqual([note, version], ["arrived", 2]);
});

test("a change that can't be saved before the lock is kept, sealed, to be downloaded", async (t) => {
  const { page, passphrase, folder, server } = await dashboard(t, { expectErrors: true });
  await openEntry(page, passphrase, "kraken/main");
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Note").fill("kept");
  server.process.kill("SIGKILL");
  await page.getByRole("button", { name: "Save" }).click();
  const alert = await failure(page, "The host can't be reached");
  const first = page.waitForEvent("download");
  await alert.getByRole("button", { name: "Download the vault with your changes" }).click();
  await (await first).saveAs(join(folder, "first.vault"));
  assert.equal((await first).suggestedFilename(), "sample.changed.vault");
  await page.getByRole("button", { name: "Lock", exact: true }).click();
  const second = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download them" }).click();
  await (await second).saveAs(join(folder, "second.vault"));
  for (const name of ["first.vault", "second.vault"]) {
    const { entries } = await contentsOf(join(folder, name), { passphrase });
    assert.equal(entries["kraken/main"].note, "kept");
    assert.equal(entries["kraken/main"].fields.secret, "s3cret-of-kraken");
  }
});

test("a worker that is killed asks for the passphrase again, and the form is still filled in", async (t) => {
  const { page, passphrase, contents } = await dashboard(t, { init: rememberWorkers });
  await openEntry(page, passphrase, "kraken/main");
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Note").fill("typed before");
  await killWorker(page);
  const dialog = page.getByRole("dialog", { name: "Unlock again" });
  await dialog.getByText("The vault was closed by the browser").waitFor();
  await dialog.getByLabel("Passphrase", { exact: true }).fill("wrong");
  await dialog.getByRole("button", { name: "Unlock", exact: true }).click();
  await dialog.getByText("That does not open the vault").waitFor();
  await dialog.getByLabel("Passphrase", { exact: true }).fill(passphrase);
  await dialog.getByRole("button", { name: "Unlock", exact: true }).click();
  await dialog.waitFor({ state: "detached" });
  assert.equal(await page.getByLabel("Note").inputValue(), "typed before");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Edit" }).waitFor();
  assert.equal((await contents({ passphrase })).entries["kraken/main"].note, "typed before");
  await page.getByRole("button", { name: "Show secret" }).click();
  await page.getByText("s3cret-of-kraken").waitFor();
});

test("a worker that is killed in the middle of a save loses nothing", async (t) => {
  const { page, passphrase, contents } = await dashboard(t, { expectErrors: true, init: rememberWorkers });
  await openEntry(page, passphrase, "kraken/main");
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Note").fill("typed before");
  const isSaving = Promise.withResolvers();
  const isKilled = Promise.withResolvers();
  await page.route("**/vault", async (route) => {
    if (route.request().method() !== "PUT") return await route.fallback();
    isSaving.resolve();
    await isKilled.promise;
    await route.abort("connectionreset");
  });
  await page.getByRole("button", { name: "Save" }).click();
  await isSaving.promise;
  await killWorker(page);
  isKilled.resolve();
  const dialog = page.getByRole("dialog", { name: "Unlock again" });
  await dialog.getByLabel("Passphrase", { exact: true }).fill(passphrase);
  await page.unroute("**/vault");
  await dialog.getByRole("button", { name: "Unlock", exact: true }).click();
  await dialog.waitFor({ state: "detached" });
  assert.equal((await contents({ passphrase })).entries["kraken/main"].note, null);
  assert.equal(await page.getByLabel("Note").inputValue(), "typed before");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Edit" }).waitFor();
  const { note, version } = (await contents({ passphrase })).entries["kraken/main"];
  assert.deepEqual([note, version], ["typed before", 2]);
});

test("a file that there is no room for keeps its old contents, and the edit", async (t) => {
  const { page, context, passphrase, path, server } = await dashboard(t);
  const bytes = (await readFile(path)).toString("base64");
  await page.evaluate(async (bytes) => {
    const folder = await navigator.storage.getDirectory();
    const handle = await folder.getFileHandle("full.vault", { create: true });
    const file = await handle.createWritable();
    await file.write(Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0)));
    await file.close();
    window.showOpenFilePicker = async () => [handle]; // no driver can answer the browser's own dialog
  }, bytes);
  await page.getByRole("button", { name: "Open another vault" }).click();
  await page.getByRole("button", { name: "Choose a vault file" }).click();
  await page.getByRole("heading", { name: "full.vault" }).waitFor();
  await openEntry(page, passphrase, "kraken/main");
  const devtools = await context.newCDPSession(page);
  await devtools.send("Storage.overrideQuotaForOrigin", { origin: server.origin, quotaSize: 100 });
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Note").fill("no room");
  await page.getByRole("button", { name: "Save" }).click();
  const alert = await failure(page, "There is no room left");
  const same = await page.evaluate(async (bytes) => {
    const [handle] = await window.showOpenFilePicker();
    const stored = new Uint8Array(await (await handle.getFile()).arrayBuffer());
    return btoa(String.fromCharCode(...stored)) === bytes;
  }, bytes);
  assert.ok(same, "the file was changed");
  await devtools.send("Storage.overrideQuotaForOrigin", { origin: server.origin });
  await alert.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("button", { name: "Edit" }).waitFor();
  await page.getByText("no room").waitFor();
  await showEntry(page, "binance/main");
});

test("a host whose policy forbids WebAssembly is told so", async (t) => {
  const { page } = await dashboard(t, { expectErrors: true, expectPolicy: true });
  await page.getByRole("heading", { name: "sample.vault" }).waitFor();
  await page.route("**/", async (route) => {
    const response = await route.fetch();
    const policy = response.headers()["content-security-policy"].replace(" 'wasm-unsafe-eval'", "");
    await route.fulfill({ response, headers: { ...response.headers(), "content-security-policy": policy } });
  });
  await page.reload();
  await failure(page, "The host does not let this page run WebAssembly");
});

test("a page that can't load its worker says so", async (t) => {
  const { page, passphrase } = await dashboard(t, { expectErrors: true });
  await page.getByRole("heading", { name: "sample.vault" }).waitFor();
  await page.route("**/assets/worker-*", (route) => route.abort("connectionreset"));
  await page.reload();
  await page.getByLabel("Passphrase", { exact: true }).fill(passphrase);
  await page.getByRole("button", { name: "Unlock", exact: true }).click();
  await page.getByRole("alert").locator("strong").waitFor();
});
