// Finding entries, and what is shown and copied of their secrets, for how long.

import assert from "node:assert/strict";
import { test } from "node:test";

import { dashboard, notice, openEntry, row, rowNames, showEntry, unlock } from "./dashboard.js";
import { codes } from "./python.js";

const NOON = Date.UTC(2026, 11, 24, 12, 0, 0);

test("search finds by name, tag, info and kind, every word in any order, and never by a secret", async (t) => {
  const { page, passphrase } = await dashboard(t);
  await unlock(page, passphrase);
  const search = page.getByRole("searchbox", { name: "Search entries" });
  for (const [words, found] of [
    ["main", ["binance/main", "kraken/main"]],
    ["MAIN kraken", ["kraken/main"]],
    ["cold", ["binance/withdraw"]],
    ["public-id-of-main", ["binance/main"]],
    ["alerts@example.com", ["mail/alerts"]],
    ["hmac", ["binance/main"]],
    ["office", ["binance/main"]],
    ["s3cret", []],
  ]) {
    await search.fill(words);
    assert.deepEqual(await rowNames(page), found, words);
  }
  await page.getByText("No entry matches.").waitFor();
  await search.press("Escape");
  assert.equal((await rowNames(page)).length, 5);
});

test("compartments and what is due narrow the list", async (t) => {
  const { page, passphrase } = await dashboard(t);
  await unlock(page, passphrase);
  const side = page.getByRole("navigation", { name: "Compartments" });
  await side.getByRole("button", { name: "Due 2" }).click();
  assert.deepEqual(await rowNames(page), ["binance/withdraw", "kraken/old"]);
  await row(page, "binance/withdraw").getByText("rotate").waitFor();
  await row(page, "kraken/old")
    .getByText(/^expired/)
    .waitFor();
  await side.getByRole("button", { name: "kraken 2" }).click();
  assert.deepEqual(await rowNames(page), ["main", "old"]);
  await side.getByRole("button", { name: "All entries 5" }).click();
  assert.equal((await rowNames(page)).length, 5);
});

test("a secret is masked, shown when asked, and hides itself after 20 seconds", async (t) => {
  const { page, passphrase } = await dashboard(t, { clock: NOON });
  await openEntry(page, passphrase, "kraken/main");
  const field = page.getByRole("group", { name: "secret" });
  assert.ok(!(await page.content()).includes("s3cret-of-kraken"));
  await page.clock.pauseAt(NOON + 60_000);
  await field.getByRole("button", { name: "Show secret" }).click();
  await field.getByText("s3cret-of-kraken").waitFor();
  await page.clock.runFor(19_000);
  assert.ok(await field.getByText("s3cret-of-kraken").isVisible());
  await page.clock.runFor(1_500);
  await field.getByText("hidden", { exact: true }).waitFor();
  assert.ok(!(await page.content()).includes("s3cret-of-kraken"));
});

test("a secret hides when asked, when another entry is chosen, and when the window is left", async (t) => {
  const { page, passphrase } = await dashboard(t);
  await openEntry(page, passphrase, "kraken/main");
  const field = page.getByRole("group", { name: "secret" });
  const show = async () => {
    await field.getByRole("button", { name: "Show secret" }).click();
    await field.getByText("s3cret-of-kraken").waitFor();
  };
  await show();
  await field.getByRole("button", { name: "Hide secret" }).click();
  await field.getByText("hidden", { exact: true }).waitFor();
  await show();
  await page.evaluate(() => window.dispatchEvent(new Event("blur")));
  await field.getByText("hidden", { exact: true }).waitFor();
  await show();
  await showEntry(page, "binance/main");
  await showEntry(page, "kraken/main");
  await field.getByText("hidden", { exact: true }).waitFor();
  assert.ok(!(await page.content()).includes("s3cret-of-kraken"));
});

test("a secret that was copied leaves the clipboard after 30 seconds", async (t) => {
  const { page, passphrase } = await dashboard(t, { clock: NOON, permissions: ["clipboard-write"] });
  await openEntry(page, passphrase, "kraken/main");
  await page.clock.pauseAt(NOON + 60_000);
  await page.getByRole("button", { name: "Copy secret" }).click();
  await notice(page, "secret copied");
  assert.equal(await pasted(page), "s3cret-of-kraken");
  await page.clock.runFor(29_000);
  assert.equal(await pasted(page), "s3cret-of-kraken");
  await page.clock.runFor(2_000);
  await notice(page, "Clipboard emptied");
  assert.equal(await pasted(page), "");
});

test("locking empties the clipboard of a secret, and leaves what is none", async (t) => {
  const { page, passphrase } = await dashboard(t, { permissions: ["clipboard-write"] });
  await openEntry(page, passphrase, "kraken/main");
  await page.getByRole("button", { name: "Copy secret" }).click();
  await notice(page, "secret copied");
  await page.getByRole("button", { name: "Lock", exact: true }).click();
  await notice(page, "Clipboard emptied");
  await openEntry(page, passphrase, "kraken/main");
  assert.equal(await pasted(page), "");
  await page.getByRole("button", { name: "Copy api_key" }).click();
  await notice(page, "api_key copied");
  await page.getByRole("button", { name: "Lock", exact: true }).click();
  await openEntry(page, passphrase, "kraken/main");
  assert.equal(await pasted(page), "public-id-of-kraken");
});

test("one-time codes are those of Python, with the next one and the seconds left", async (t) => {
  const { page, passphrase, seed } = await dashboard(t, { clock: NOON, permissions: ["clipboard-write"] });
  await unlock(page, passphrase);
  const at = NOON + 70_000;
  await page.clock.setFixedTime(at);
  await showEntry(page, "binance/main");
  const group = page.getByRole("group", { name: "Codes of totp" });
  const shows = async (unixMs, left) => {
    const [now, next] = await codes(seed, Math.floor(unixMs / 1000));
    await group.getByText(`Code ${spaced(now)}`).waitFor();
    assert.equal(await group.locator(".code-next").textContent(), spaced(next));
    await group.getByRole("timer", { name: `${left} seconds left` }).waitFor();
  };
  await shows(at, 20);
  await group.getByRole("button", { name: "Copy code" }).click();
  await notice(page, "Code copied");
  assert.equal(await pasted(page), (await codes(seed, at / 1000))[0]);
  await page.clock.setFixedTime(at + 17_000);
  await group.getByRole("timer", { name: "3 seconds left" }).waitFor();
  await page.clock.setFixedTime(at + 20_000);
  await shows(at + 20_000, 30);
});

test("the seed is shown as a QR code that hides itself", async (t) => {
  const { page, passphrase } = await dashboard(t, { clock: NOON });
  await openEntry(page, passphrase, "binance/main");
  await page.getByRole("button", { name: "QR code of totp" }).click();
  const picture = page.getByRole("img", { name: "The seed of binance/main as a QR code" });
  await picture.waitFor();
  assert.ok(await picture.evaluate((image) => image.decode().then(() => image.naturalWidth > 100)));
  await page.clock.fastForward(21_000);
  await picture.waitFor({ state: "detached" });
});

/** What a person gets who pastes now. */
async function pasted(page) {
  const search = page.getByRole("searchbox", { name: "Search entries" });
  await search.press("ControlOrMeta+V");
  const text = await search.inputValue();
  await search.fill("");
  return text;
}

function spaced(code) {
  return `${code.slice(0, 3)} ${code.slice(3)}`;
}
