// Two tabs with one vault: whoever saves second loses nothing, and overwrites nothing unseen.

import assert from "node:assert/strict";
import { test } from "node:test";

import { dashboard, failure, notice, openEntry, showEntry, unlock } from "./dashboard.js";
import { change, why } from "./python.js";

test("saving different entries at the same moment stores both", async (t) => {
  const { left, right, passphrase, contents, context } = await twoTabs(t);
  await edit(left, "kraken/main", "from the left");
  await edit(right, "mail/alerts", "from the right");
  // Both have read the same state before either of them writes.
  let waiting = 2;
  const both = Promise.withResolvers();
  await context.route("**/vault", async (route) => {
    if (route.request().method() === "PUT" && waiting > 0) {
      waiting -= 1;
      if (waiting === 0) both.resolve();
      await both.promise;
    }
    await route.fallback();
  });
  await Promise.all([save(left), save(right)]);
  await Promise.all([left, right].map((page) => page.getByRole("button", { name: "Edit" }).waitFor()));
  const { entries } = await contents({ passphrase });
  assert.equal(entries["kraken/main"].note, "from the left");
  assert.equal(entries["mail/alerts"].note, "from the right");
  assert.equal(entries["kraken/main"].fields.secret, "s3cret-of-kraken");
});

test("what was saved in one tab is seen in the other once it is looked at", async (t) => {
  const { left, right, passphrase } = await twoTabs(t);
  await showEntry(right, "kraken/main");
  await edit(left, "kraken/main", "from the left");
  await save(left);
  await left.getByRole("button", { name: "Edit" }).waitFor();
  await right.evaluate(() => window.dispatchEvent(new Event("focus")));
  await right.getByText("from the left").waitFor();
  assert.ok(passphrase);
});

test("a conflict over one entry is shown, and keeping mine keeps what only the other has changed", async (t) => {
  const { left, right, passphrase, contents } = await twoTabs(t);
  await conflict(left, right);
  const { note: stored } = (await contents({ passphrase })).entries["kraken/main"];
  assert.equal(stored, "from the left");
  await right.getByRole("button", { name: "Keep mine" }).click();
  await right.getByRole("button", { name: "Edit" }).waitFor();
  const { note, tags, fields, version } = (await contents({ passphrase })).entries["kraken/main"];
  assert.equal(note, "from the right");
  assert.deepEqual(tags, ["left"]);
  assert.equal(fields.secret, "s3cret-of-kraken");
  assert.equal(version, 3);
});

test("a conflict over one entry is shown, and taking theirs drops what was typed", async (t) => {
  const { left, right, passphrase, contents } = await twoTabs(t);
  await conflict(left, right);
  await right.getByRole("button", { name: "Take theirs" }).click();
  await right.getByText("from the left").waitFor();
  assert.equal((await contents({ passphrase })).entries["kraken/main"].note, "from the left");
  assert.equal(await right.getByText("from the right").count(), 0);
});

test("an entry that is removed in one tab while the other edits it is a conflict", async (t) => {
  const { left, right, passphrase, contents } = await twoTabs(t);
  await edit(right, "kraken/old", "from the right");
  await showEntry(left, "kraken/old");
  await left.getByRole("button", { name: "Remove", exact: true }).click();
  await left.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
  await notice(left, "kraken/old removed");
  await save(right);
  await right.getByRole("alert").locator("strong").first().waitFor();
  assert.equal(await right.getByLabel("Note").inputValue(), "from the right");
  assert.equal("kraken/old" in (await contents({ passphrase })).entries, false);
});

test("a holder who is revoked in one tab stays revoked when the other saves an entry of that compartment", async (t) => {
  const { left, right, passphrase, path, botKey, contents } = await twoTabs(t);
  await edit(right, "binance/main", "from the right");
  await left.getByRole("navigation", { name: "Views" }).getByRole("button", { name: "Access" }).click();
  await left.getByRole("button", { name: "Revoke scalper-1" }).click();
  await left.getByRole("dialog").getByRole("button", { name: "Revoke", exact: true }).click();
  await left.getByRole("region", { name: "Rotate these at the exchange" }).waitFor();
  await save(right);
  await failure(right, "Someone else changed it meanwhile");
  assert.equal(await right.getByLabel("Note").inputValue(), "from the right");
  await right.getByRole("button", { name: "Keep mine" }).click();
  await right.getByRole("button", { name: "Edit" }).waitFor();
  const seen = await contents({ passphrase });
  assert.equal(seen.entries["binance/main"].note, "from the right");
  assert.equal(seen.entries["binance/main"].fields.secret, "s3cret-of-binance-main");
  assert.deepEqual(Object.keys(seen.slots).sort(), ["owner", "owner-key", "report"]);
  assert.equal(await why(path, { key: botKey }), "decrypt");
});

test("a slot that is granted in one tab is kept when the other saves an entry", async (t) => {
  const { left, right, passphrase, contents } = await twoTabs(t);
  await edit(right, "binance/main", "from the right");
  await left.getByRole("navigation", { name: "Views" }).getByRole("button", { name: "Access" }).click();
  await left.getByRole("button", { name: "Grant access" }).click();
  await left.getByLabel("Label").fill("scalper-2");
  await left.getByLabel("binance").check();
  await left.getByRole("dialog").getByRole("button", { name: "Grant", exact: true }).click();
  await left.getByRole("dialog", { name: "Store this key now" }).waitFor();
  const key = await left.locator(".key-text").textContent();
  await save(right);
  await right.getByRole("button", { name: "Edit" }).waitFor();
  assert.equal((await contents({ passphrase })).entries["binance/main"].note, "from the right");
  assert.equal((await contents({ key })).entries["binance/main"].note, "from the right");
});

test("a bot that saves while a form is open loses nothing, and neither does the form", async (t) => {
  const { page, passphrase, path, botKey, contents } = await dashboard(t);
  await openEntry(page, passphrase, "kraken/main");
  await edit(page, "kraken/main", "from the page");
  await change(path, { key: botKey }, "update", ["binance/main", { secret: "s3cret-rotated" }]);
  await save(page);
  await page.getByRole("button", { name: "Edit" }).waitFor();
  const { entries } = await contents({ passphrase });
  assert.equal(entries["kraken/main"].note, "from the page");
  assert.equal(entries["binance/main"].fields.secret, "s3cret-rotated");
});

/** A dashboard in two tabs, as "duplicate tab" makes them: the second has the session of the first. */
async function twoTabs(t) {
  const opened = await dashboard(t, { expectErrors: true });
  const { page: left, context, passphrase } = opened;
  await unlock(left, passphrase);
  const popup = context.waitForEvent("page");
  await left.evaluate(() => void window.open(location.href));
  const right = await popup;
  await unlock(right, passphrase);
  return { ...opened, left, right };
}

async function edit(page, name, note) {
  await showEntry(page, name);
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Note").fill(note);
}

async function save(page) {
  await page.getByRole("button", { name: "Save" }).click();
}

/** The left saves a note and a tag while the right has another note in its form, and then saves. */
async function conflict(left, right) {
  await edit(right, "kraken/main", "from the right");
  await edit(left, "kraken/main", "from the left");
  await left.getByLabel("Tags").fill("left");
  await save(left);
  await left.getByRole("button", { name: "Edit" }).waitFor();
  await save(right);
  await failure(right, "Someone else changed it meanwhile");
  assert.equal(await right.getByLabel("Note").inputValue(), "from the right");
}
