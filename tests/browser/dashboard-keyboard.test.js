// The main flow without a mouse: every step is reached by keys alone, and the focus is where a person expects it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { dashboard, notice } from "./dashboard.js";

test("unlocking, finding, showing, editing, granting and locking need no mouse", async (t) => {
  const { page, passphrase, contents } = await dashboard(t);
  const { keyboard } = page;
  await page.getByRole("heading", { name: "sample.vault" }).waitFor();
  await focusOn(page, "Passphrase");
  await keyboard.type(passphrase);
  await keyboard.press("Enter");
  await page.getByRole("button", { name: "Lock", exact: true }).waitFor();

  await keyboard.press("/");
  await focusOn(page, "Search entries");
  await keyboard.type("main");
  await keyboard.press("ArrowDown");
  await focusOn(page, "binance/main hmac · live · spot");
  await keyboard.press("ArrowDown");
  await focusOn(page, "kraken/main credentials");
  await keyboard.press("ArrowDown"); // the last one stays
  await focusOn(page, "kraken/main credentials");
  await keyboard.press("ArrowUp");
  await keyboard.press("ArrowUp");
  await focusOn(page, "Search entries");
  await keyboard.press("ArrowDown");
  await keyboard.press("ArrowDown");
  await keyboard.press("Enter");
  await focusOn(page, "kraken/main");

  await tabTo(page, "Show secret");
  await keyboard.press("Enter");
  await page.getByText("s3cret-of-kraken").waitFor();
  await focusOn(page, "Hide secret");
  await keyboard.press("Enter");
  await page.getByText("hidden", { exact: true }).waitFor();

  await tabTo(page, "Edit", { back: true });
  await keyboard.press("Enter");
  await focusOn(page, "Edit kraken/main");
  await tabTo(page, "Note");
  await keyboard.type("typed by keys");
  await tabTo(page, "Save");
  await keyboard.press("Enter");
  await notice(page, "Saved");
  assert.equal((await contents({ passphrase })).entries["kraken/main"].note, "typed by keys");
  await focusOn(page, "kraken/main");

  // A dialog keeps the focus inside, and gives it back.
  await tabTo(page, "Rename");
  await keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  for (let count = 0; count < 8; count++) {
    await keyboard.press("Tab");
    // Between the last and the first, the focus visits the browser's own bar.
    assert.ok(
      await page.evaluate(() => document.activeElement.closest("dialog") || document.activeElement === document.body),
    );
  }
  await keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await focusOn(page, "Rename");

  await tabTo(page, "Access", { back: true });
  await keyboard.press("Enter");
  await focusOn(page, "Access");
  await tabTo(page, "Grant access");
  await keyboard.press("Enter");
  await dialog.waitFor();
  await tabTo(page, "Label");
  await keyboard.type("keys-only");
  await tabTo(page, "mail");
  await keyboard.press("Space");
  await tabTo(page, "Grant");
  await keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Store this key now" }).waitFor();
  await tabTo(page, "I have stored it");
  await keyboard.press("Space");
  await tabTo(page, "Done");
  await keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
  await focusOn(page, "Grant access");
  assert.ok("keys-only" in (await contents({ passphrase })).slots);

  await tabTo(page, "Revoke keys-only");
  await keyboard.press("Enter");
  await dialog.waitFor();
  await tabTo(page, "Revoke");
  await keyboard.press("Enter");
  await page.getByRole("region", { name: "Rotate these at the exchange" }).waitFor();
  assert.equal("keys-only" in (await contents({ passphrase })).slots, false);

  await keyboard.press("ControlOrMeta+Shift+L");
  await focusOn(page, "Passphrase");
});

test("what has the focus can be seen", async (t) => {
  const { page, passphrase } = await dashboard(t);
  await page.getByRole("heading", { name: "sample.vault" }).waitFor();
  await page.keyboard.type(passphrase);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Lock", exact: true }).waitFor();
  const seen = new Set();
  for (let count = 0; count < 20; count++) {
    await page.keyboard.press("Tab");
    const { name, isMarked } = await page.evaluate(() => {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement);
      const isMarked = (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none";
      return {
        name: document.activeElement.textContent,
        isMarked: isMarked || document.activeElement === document.body,
      };
    });
    assert.ok(isMarked, `no mark around ${name}`);
    seen.add(name);
  }
  assert.ok(seen.size > 8);
});

/** Waits until the focus is on what has this name. */
async function focusOn(page, name) {
  const until = Date.now() + 5_000;
  let now = await focused(page);
  while (now !== name && Date.now() < until) now = await focused(page);
  assert.equal(now, name);
}

/** Presses Tab until the focus is there. */
async function tabTo(page, name, { back = false } = {}) {
  const passed = [];
  while (passed.length < 60) {
    await page.keyboard.press(back ? "Shift+Tab" : "Tab");
    const now = await focused(page);
    if (now === name) return;
    passed.push(now);
  }
  assert.fail(`Tab does not lead to ${name}, but to ${passed.join(", ")}`);
}

/** What a screen reader calls the element that has the focus. */
function focused(page) {
  return page.evaluate(() => {
    const { activeElement } = document;
    const label = activeElement.labels?.[0]?.textContent ?? activeElement.getAttribute("aria-label");
    const parts = activeElement.querySelectorAll(".row-name, .row-about");
    const text = parts.length > 0 ? [...parts].map((part) => part.textContent).join(" ") : activeElement.textContent;
    return (label ?? text).trim();
  });
}
