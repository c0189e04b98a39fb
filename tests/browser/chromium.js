// The real browser that the tests drive.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { after } from "node:test";
import { chromium } from "playwright-core";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const browsers = [];
after(() => Promise.all(browsers.map((browser) => browser.close())));

/** Starts Chromium, which is closed when the tests of this file have run. */
export async function launch(...flags) {
  const browser = await chromium.launch({ executablePath: onPath("chromium"), args: [...FLAGS, ...flags] });
  browsers.push(browser);
  return browser;
}

function onPath(command) {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(folder, command);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {}
  }
  throw new Error("there is no chromium; on Debian: apt-get install chromium");
}

/** Longer than anything here takes: a test whose page waits for ever fails, and the next one runs. */
const PATIENCE_MS = 60_000;

/** Opens a page, and gives what the promise `globalThis.outcome` that its script left comes to. */
export async function outcome(browser, url) {
  const page = await browser.newPage();
  try {
    await page.goto(url);
    return await page.evaluate((patience) => {
      const hung = new Promise((_, failed) => setTimeout(failed, patience, new Error("the page waits for ever")));
      return Promise.race([globalThis.outcome, hung]);
    }, PATIENCE_MS);
  } finally {
    await page.close();
  }
}

/** All of the page's heap as DevTools sees it. The worker is a target of its own, and not in it. */
export async function heapOf(context, page) {
  const devtools = await context.newCDPSession(page);
  const chunks = [];
  devtools.on("HeapProfiler.addHeapSnapshotChunk", ({ chunk }) => chunks.push(chunk));
  await devtools.send("HeapProfiler.enable");
  await devtools.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
  await devtools.detach();
  return chunks.join("");
}
