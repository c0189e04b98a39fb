// Who has access: granting, revoking, passphrases and re-keying, and locking by itself. Each as Python then sees it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { dashboard, failure, notice, row, showEntry, unlock } from "./dashboard.js";
import { contents as contentsOf, why } from "./python.js";

const NEW_PASSPHRASE = "pebble harbour violin sextant";
const NOON = Date.UTC(2026, 11, 24, 12, 0, 0);

test("the slots are listed for an owner, with what each opens", async (t) => {
  const { page, passphrase } = await dashboard(t);
  await unlock(page, passphrase);
  await showAccess(page);
  const owners = page.getByRole("region", { name: /^Owners/ });
  assert.deepEqual((await owners.locator("strong").allTextContents()).sort(), ["owner", "owner-key"]);
  await owners
    .getByRole("listitem")
    .filter({ hasText: "owner-key" })
    .getByText("key", { exact: false })
    .first()
    .waitFor();
  await owners.getByRole("listitem").filter({ hasText: "Argon2id 19 MiB" }).getByText("you", { exact: true }).waitFor();
  const holders = page.getByRole("region", { name: /^Holders/ });
  assert.deepEqual((await holders.locator("strong").allTextContents()).sort(), ["report", "scalper-1"]);
  const report = holders.getByRole("listitem").filter({ hasText: "report" });
  await report.getByText("PBKDF2 600,000").waitFor();
  assert.deepEqual(await report.locator(".chip").allTextContents(), ["kraken", "mail"]);
});

test("a key is granted, shown once, and opens in Python what was chosen", async (t) => {
  const { page, passphrase, path, contents, folder } = await dashboard(t);
  await unlock(page, passphrase);
  await showAccess(page);
  await page.getByRole("button", { name: "Grant access" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Grant", exact: true }).click();
  await dialog.getByText("Give it a label.").waitFor();
  await dialog.getByLabel("Label").fill("scalper-2");
  await dialog.getByRole("button", { name: "Grant", exact: true }).click();
  await dialog.getByText("Choose at least one compartment.").waitFor();
  await dialog.getByLabel("kraken").check();
  await dialog.getByLabel("mail").check();
  await dialog.getByRole("button", { name: "Grant", exact: true }).click();
  await page.getByRole("dialog", { name: "Store this key now" }).waitFor();
  const key = await dialog.locator(".key-text").textContent();
  const download = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Key file" }).click();
  await (await download).saveAs(join(folder, "scalper-2.key"));
  assert.equal(await readFile(join(folder, "scalper-2.key"), "utf8"), `${key}\n`);
  await dialog.getByRole("button", { name: "QR code" }).click();
  await dialog.getByRole("img", { name: /as a QR code/ }).waitFor();
  await page.keyboard.press("Escape");
  assert.ok(await dialog.isVisible(), "the key went away before it was stored");
  await dialog.getByLabel("I have stored it").check();
  await dialog.getByRole("button", { name: "Done" }).click();
  await dialog.waitFor({ state: "detached" });
  assert.ok(!(await page.content()).includes(key));

  const seen = await contentsOf(path, { key });
  assert.equal(seen.scope, "holder");
  assert.deepEqual(Object.keys(seen.entries), ["kraken/main", "kraken/old", "mail/alerts"]);
  assert.deepEqual((await contents({ passphrase })).slots["scalper-2"], {
    scope: "holder",
    factors: "key",
    passkey: false,
    compartments: ["kraken", "mail"],
    iterations: null,
  });
});

test("a passphrase is granted once it is strong, or is wanted all the same", async (t) => {
  const { page, passphrase, path } = await dashboard(t);
  await unlock(page, passphrase);
  await showAccess(page);
  await page.getByRole("button", { name: "Grant access" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Label").fill("partner");
  await dialog.getByLabel("Everything, as an owner").check();
  await dialog.getByLabel("A passphrase, for a person").check();
  const field = dialog.getByRole("textbox", { name: "New passphrase" });
  const again = dialog.getByRole("textbox", { name: "Repeat the passphrase" });
  const strength = dialog.getByRole("meter", { name: "Strength" });
  const grant = dialog.getByRole("button", { name: "Grant", exact: true });
  await field.fill("password1password1");
  await dialog.getByText(/^(Very weak|Weak)/).waitFor();
  assert.ok(Number(await strength.getAttribute("value")) <= 1);
  await again.fill("password1password1");
  await grant.click();
  await dialog.getByText(/This passphrase is easy to guess/).waitFor();
  await field.fill("too short");
  await dialog
    .getByText(/9 characters, and 15 are the least/)
    .first()
    .waitFor();
  await field.fill(NEW_PASSPHRASE);
  await dialog.getByText(/^(Good|Strong)/).waitFor();
  await grant.click();
  await dialog.getByText("The two passphrases are not the same.").waitFor();
  await again.fill(NEW_PASSPHRASE);
  await grant.click();
  await notice(page, "Access granted to partner");
  const seen = await contentsOf(path, { passphrase: NEW_PASSPHRASE });
  assert.equal(seen.scope, "owner");
  assert.equal(seen.slots.partner.factors, "passphrase");

  await page.getByRole("button", { name: "Grant access" }).click();
  await dialog.getByLabel("Label").fill("guest");
  await dialog.getByLabel("mail").check();
  await dialog.getByLabel("A passphrase, for a person").check();
  await field.fill("guest guest guest guest");
  await dialog.getByLabel("Take it although it is easy to guess").check();
  await again.fill("guest guest guest guest");
  await grant.click();
  await notice(page, "Access granted to guest");
  assert.deepEqual(Object.keys((await contentsOf(path, { passphrase: "guest guest guest guest" })).entries), [
    "mail/alerts",
  ]);
});

test("a holder is revoked, and what it could read is listed until it was dismissed", async (t) => {
  const { page, passphrase, path, botKey, contents } = await dashboard(t);
  await unlock(page, passphrase);
  const before = (await contents({ passphrase })).entries;
  await showAccess(page);
  await page.getByRole("button", { name: "Revoke scalper-1" }).click();
  const dialog = page.getByRole("dialog", { name: "Revoke scalper-1?" });
  await dialog.getByRole("button", { name: "Cancel" }).click();
  assert.equal(await why(path, { key: botKey }), "ok");
  await page.getByRole("button", { name: "Revoke scalper-1" }).click();
  await dialog.getByRole("button", { name: "Revoke", exact: true }).click();
  const list = page.getByRole("region", { name: "Rotate these at the exchange" });
  await list.waitFor();
  assert.deepEqual(await list.getByRole("listitem").allTextContents(), ["binance/main", "binance/withdraw"]);
  assert.equal(await why(path, { key: botKey }), "decrypt");
  const after = await contents({ passphrase });
  assert.deepEqual(Object.keys(after.slots).sort(), ["owner", "owner-key", "report"]);
  assert.deepEqual(after.entries, before);
  await list.getByRole("button", { name: "Dismiss" }).click();
  await list.waitFor({ state: "detached" });
});

test("a passphrase is changed: the new one opens, the old one does not", async (t) => {
  const { page, passphrase, path } = await dashboard(t);
  await unlock(page, passphrase);
  await showAccess(page);
  await page.getByRole("button", { name: "Change passphrase of owner", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "New passphrase" }).fill(NEW_PASSPHRASE);
  await dialog.getByRole("textbox", { name: "Repeat the passphrase" }).fill(NEW_PASSPHRASE);
  await dialog.getByText(/^(Good|Strong)/).waitFor();
  await dialog.getByRole("button", { name: "Change", exact: true }).click();
  await notice(page, "Passphrase changed");
  assert.equal(await why(path, { passphrase }), "decrypt");
  assert.equal((await contentsOf(path, { passphrase: NEW_PASSPHRASE })).scope, "owner");
  await page.getByRole("button", { name: "Lock", exact: true }).click();
  await unlock(page, NEW_PASSPHRASE);
});

test("re-keying keeps who is kept, and lists who goes and what to rotate", async (t) => {
  const { page, passphrase, path, ownerKey, botKey, reportPassphrase, contents } = await dashboard(t);
  await unlock(page, passphrase);
  const before = (await contents({ passphrase })).entries;
  await showAccess(page);
  await page.getByRole("button", { name: "Re-key the vault" }).click();
  const dialog = page.getByRole("dialog");
  const rekey = dialog.getByRole("button", { name: "Re-key", exact: true });
  await rekey.click();
  await dialog.getByText("Give the passphrase or key of an owner that stays.").waitFor();
  await dialog.getByRole("textbox", { name: "Passphrase" }).fill(passphrase);
  await rekey.click();
  await dialog.getByText("Tick that you are sure.").waitFor();
  await dialog.getByRole("button", { name: "Keep another" }).click();
  await dialog.getByRole("textbox", { name: "Key", exact: true }).nth(1).fill(ownerKey);
  await dialog.getByLabel("All other slots may go").check();
  await rekey.click();
  await page.getByRole("dialog", { name: "Store this key now" }).waitFor();
  const newKey = await dialog.locator(".key-text").textContent();
  assert.notEqual(newKey, ownerKey);
  await dialog.getByLabel("I have stored it").check();
  await dialog.getByRole("button", { name: "Done" }).click();
  const list = page.getByRole("region", { name: "Rotate these at the exchange" });
  await list.getByText(/report, scalper-1|scalper-1, report/).waitFor();
  assert.deepEqual(await list.getByRole("listitem").allTextContents(), Object.keys(before));
  for (const factors of [{ key: ownerKey }, { key: botKey }, { passphrase: reportPassphrase }]) {
    assert.equal(await why(path, factors), "decrypt");
  }
  for (const factors of [{ passphrase }, { key: newKey }]) {
    const seen = await contentsOf(path, factors);
    assert.equal(seen.scope, "owner");
    assert.deepEqual(seen.entries, before);
  }
});

test("a vault that nobody uses locks after five minutes, and warns of edits that are not saved", async (t) => {
  const { page, passphrase } = await dashboard(t, { clock: NOON });
  await unlock(page, passphrase);
  await page.clock.fastForward(200_000);
  await showEntry(page, "kraken/main"); // somebody is there
  await page.clock.fastForward(200_000);
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Note").fill("half a thought");
  await page.clock.fastForward(275_000);
  const warning = page.getByRole("dialog", { name: "Still there?" });
  await warning.getByRole("button", { name: "Stay unlocked" }).click();
  await warning.waitFor({ state: "detached" });
  assert.equal(await page.getByLabel("Note").inputValue(), "half a thought");
  await page.clock.fastForward(301_000);
  await page.getByRole("button", { name: "Unlock", exact: true }).waitFor();
  assert.ok(!(await page.content()).includes("kraken/main"));
  await unlock(page, passphrase);
});

test("how long it waits is a setting, and a hidden page locks after one minute", async (t) => {
  const { page, passphrase } = await dashboard(t, { clock: NOON });
  await unlock(page, passphrase);
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByLabel("Lock when idle for").selectOption("15 minutes");
  await page.getByRole("button", { name: "Close" }).click();
  await page.clock.fastForward(840_000);
  await row(page, "kraken/main").waitFor();
  const hide = (isHidden) =>
    page.evaluate((isHidden) => {
      // Headless pages are never out of sight: what the browser would say is said for it.
      Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, isHidden);
  await page.mouse.move(10, 10);
  await hide(true);
  await page.clock.fastForward(50_000);
  await hide(false);
  await row(page, "kraken/main").waitFor();
  await hide(true);
  await page.clock.fastForward(61_000);
  await page.getByRole("button", { name: "Unlock", exact: true }).waitFor();
});

test("Ctrl+Shift+L locks, and nothing of the vault is left in the page", async (t) => {
  const { page, passphrase } = await dashboard(t);
  await unlock(page, passphrase);
  await showEntry(page, "kraken/main");
  await page.getByRole("button", { name: "Show secret" }).click();
  await page.getByText("s3cret-of-kraken").waitFor();
  await page.keyboard.press("ControlOrMeta+Shift+L");
  await page.getByRole("button", { name: "Unlock", exact: true }).waitFor();
  const left = await page.content();
  for (const text of ["kraken", "binance", "s3cret"]) assert.ok(!left.includes(text), text);
  await page.goBack();
  await page.getByRole("button", { name: "Unlock", exact: true }).waitFor();
  assert.ok(!(await page.content()).includes("kraken"));
  await page.getByLabel("Passphrase", { exact: true }).fill("wrong");
  await page.getByRole("button", { name: "Unlock", exact: true }).click();
  await failure(page, "That does not open the vault");
});

async function showAccess(page) {
  await page.getByRole("navigation", { name: "Views" }).getByRole("button", { name: "Access" }).click();
  await page.getByRole("heading", { level: 2, name: "Access" }).waitFor();
}
