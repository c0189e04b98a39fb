// The dashboard as people have it: `strongroom dashboard` serves the built page and a vault, and Chromium opens it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { launch } from "./chromium.js";
import { BIN, contents, makeSample } from "./python.js";

/** Pictures of the dashboard, for people to look at. */
export const SCREENSHOTS = fileURLToPath(new URL("../../.cache/screenshots", import.meta.url));

/** When to give up on what does not come; no test waits for so long where all is well. */
const LONGEST_MS = 30_000;

const browser = await launch();

/**
 * Makes a vault, serves it, and opens the page at its door. All that the page must never do is looked for until the test ends:
 * a request to another origin, a broken policy, an error in the console.
 */
export async function dashboard(t, { vault = "sample.vault", make = makeSample, ...options } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "strongroom-browser-"));
  atEnd(t, () => rm(folder, { recursive: true }));
  const path = join(folder, vault);
  const has = await make(path);
  const server = await serve(t, path);
  const tab = await openTab(t, server.link, options);
  return { ...tab, ...has, folder, path, link: server.link, server, contents: (factors) => contents(path, factors) };
}

const endings = new WeakMap();

/** Undoes things in the opposite order: a page goes before its host, and that before its file. */
function atEnd(t, undo) {
  if (!endings.has(t)) {
    endings.set(t, []);
    t.after(async () => {
      for (const undo of endings.get(t).reverse()) await undo();
    });
  }
  endings.get(t).push(undo);
}

/** Runs `strongroom dashboard` until the test ends. */
export async function serve(t, path) {
  const server = spawn(`${BIN}strongroom`, ["dashboard", "--no-open", "--vault", path], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let told = "";
  server.stderr.on("data", (data) => (told += data));
  atEnd(t, async () => {
    if (server.exitCode === null && server.signalCode === null) {
      server.kill("SIGKILL");
      await once(server, "close");
    }
  });
  for await (const link of createInterface({ input: server.stdout })) {
    assert.match(link, /^http:\/\/localhost:\d+\/#token=[\w-]+$/);
    return { link, origin: new URL(link).origin, process: server };
  }
  throw new Error(`strongroom dashboard did not start: ${told}`);
}

/** Opens a page in a browser profile of its own. */
export async function openTab(t, link, options = {}) {
  const { clock, init, expectErrors = false, expectPolicy = false, ...rest } = options;
  const context = await browser.newContext({ locale: "en-GB", timezoneId: "UTC", ...rest });
  atEnd(t, async () => {
    if (t.error) await picture(context, t);
    await context.close();
  });
  context.setDefaultTimeout(LONGEST_MS);
  const faults = watch(context, new URL(link).origin, expectErrors, expectPolicy);
  t.after(() => assert.deepEqual(faults, []));
  if (clock !== undefined) await context.clock.install({ time: clock });
  if (init !== undefined) await context.addInitScript(init);
  const page = await context.newPage();
  await page.goto(link);
  return { context, page, faults };
}

/** Shows what a test that failed saw last. */
async function picture(context, t) {
  for (const [at, page] of context.pages().entries()) {
    const path = join(SCREENSHOTS, "failed", `${t.name.replace(/\W+/g, "-")}-${at + 1}.png`);
    await page.screenshot({ path });
    t.diagnostic(`the page when it failed: ${path}`);
  }
}

/**
 * Collects what must not happen. `expectErrors` is for tests where the host fails: Chromium writes that to the console.
 * `expectPolicy` is for those whose host has a policy that the page can't run under.
 */
function watch(context, origin, expectErrors, expectPolicy) {
  const faults = [];
  context.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && url.protocol !== "blob:" && url.protocol !== "data:")
      faults.push(`request to ${url.origin}`);
  });
  context.on("console", (message) => {
    const text = message.text();
    const isExpected =
      (expectErrors && text.startsWith("Failed to load resource")) ||
      (expectPolicy && text.includes("Content Security Policy"));
    if (["error", "warning"].includes(message.type()) && !isExpected) faults.push(`console: ${text}`);
  });
  context.on("weberror", (error) => faults.push(`uncaught: ${error.error()}`));
  void context.exposeBinding("tellOfPolicy", (_, what) => expectPolicy || faults.push(`policy: ${what}`));
  void context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      window.tellOfPolicy(`${event.effectiveDirective} ${event.blockedURI}`);
    });
  });
  return faults;
}

/** Opens the vault at whose door the page stands. */
export async function unlock(page, passphrase) {
  await page.getByLabel("Passphrase", { exact: true }).fill(passphrase);
  await page.getByRole("button", { name: "Unlock", exact: true }).click();
  await page.getByRole("button", { name: "Lock", exact: true }).waitFor();
}

/** Opens the vault and shows one of its entries. */
export async function openEntry(page, passphrase, name) {
  await unlock(page, passphrase);
  await showEntry(page, name);
}

/** Chooses an entry in the list. */
export async function showEntry(page, name) {
  await row(page, name).click();
  await page.getByRole("heading", { level: 2, name, exact: true }).waitFor();
}

/** An entry's row in the list. */
export function row(page, name) {
  return page
    .getByRole("region", { name: "Entries" })
    .getByRole("listitem")
    .filter({ hasText: name })
    .getByRole("button");
}

/** The names in the list, top down, with their compartments. */
export function rowNames(page) {
  return page.getByRole("region", { name: "Entries" }).locator(".row-name").allTextContents();
}

/** Waits for a short word on what was done. */
export async function notice(page, text) {
  await page.locator(".notices").getByText(text).waitFor();
}

/** Waits for what a person reads of a failure, and checks that it says both what happened and what to do. */
export async function failure(page, title) {
  const alert = page.getByRole("alert").filter({ hasText: title });
  await alert.waitFor();
  const text = await alert.locator("p").first().textContent();
  assert.ok(text.length > 10, `no advice beside "${title}"`);
  return alert;
}
