// Secrets stay in the worker: the page has none before it is asked to show one.

import assert from "node:assert/strict";
import { test } from "node:test";

import { heapOf } from "./chromium.js";
import { dashboard, openEntry } from "./dashboard.js";

// Never sent to the page by the test itself: a locator that looks for it would put it there.
const CANARY = "s3cret-of-kraken";

test("a secret is not in the page's memory until it is shown, and not in the document once it is hidden", async (t) => {
  const { page, context, passphrase } = await dashboard(t);
  await openEntry(page, passphrase, "kraken/main");
  await page.getByRole("button", { name: "Show secret" }).waitFor();
  const before = await heapOf(context, page);
  assert.ok(before.includes("public-id-of-kraken"), "what is shown is in the snapshot");
  assert.ok(!before.includes(CANARY), "a secret that nobody asked for is in the page");
  assert.ok(!before.includes("s3cret-of-"), "no other entry's secret is");

  await page.getByRole("button", { name: "Show secret" }).click();
  await page.getByRole("button", { name: "Hide secret" }).waitFor();
  assert.ok((await heapOf(context, page)).includes(CANARY), "the search finds one that is there");
  assert.ok((await page.content()).includes(CANARY));

  await page.getByRole("button", { name: "Hide secret" }).click();
  await page.getByRole("button", { name: "Show secret" }).waitFor();
  assert.ok(!(await page.content()).includes(CANARY));
});
