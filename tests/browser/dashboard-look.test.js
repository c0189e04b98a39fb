// Each screen and dialog in light and dark, on a phone and on a desk: axe finds nothing, nothing is wider than the window,
// and pictures of all are left in .cache/screenshots.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import axe from "axe-core";

import { dashboard, failure, SCREENSHOTS, showEntry, unlock } from "./dashboard.js";
import { change, makeSample } from "./python.js";

const NOON = Date.UTC(2026, 11, 24, 12, 0, 0);
const SIZES = { phone: { width: 360, height: 740 }, desk: { width: 1440, height: 900 } };

for (const [size, viewport] of Object.entries(SIZES)) {
  for (const colorScheme of ["light", "dark"]) {
    test(`every screen is well on a ${size} in ${colorScheme}`, async (t) => {
      const options = { viewport, colorScheme, hasTouch: size === "phone", clock: NOON, reducedMotion: "reduce" };
      const { page, path, passphrase } = await dashboard(t, { ...options, make: makeRich });
      await page.clock.setFixedTime(NOON);
      const folder = join(SCREENSHOTS, `${size}-${colorScheme}`);
      await mkdir(folder, { recursive: true });
      t.diagnostic(`pictures: ${folder}`);
      await walk(page, path, passphrase, async (name) => {
        await page.screenshot({ path: join(folder, `${name}.png`) });
        assert.deepEqual(await violations(page), [], name);
        assert.deepEqual(await overflow(page), [], name);
      });
    });
  }
}

test("axe and the measure of widths find what is wrong", async (t) => {
  const { page } = await dashboard(t, { viewport: SIZES.phone });
  await page.getByRole("heading", { name: "sample.vault" }).waitFor();
  await page.evaluate(() => {
    const wide = document.createElement("button");
    wide.style.width = "900px";
    document.body.append(wide);
  });
  assert.match((await violations(page)).join(), /button-name/);
  assert.notDeepEqual(await overflow(page), []);
});

test("the theme can be chosen, whatever the system's", async (t) => {
  const { page, passphrase } = await dashboard(t, { colorScheme: "light" });
  await unlock(page, passphrase);
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByLabel("Appearance").selectOption("Dark");
  const dark = await ground();
  assert.notEqual(dark, light);
  await page.reload();
  await page.getByRole("heading", { name: "sample.vault" }).waitFor();
  assert.equal(await ground(), dark);
});

/** The vault that most tests open, and long names, which are what breaks a layout. */
async function makeRich(path) {
  const has = await makeSample(path);
  const factors = { passphrase: has.passphrase };
  await change(path, factors, "put", [`interactive-brokers/${"account-".repeat(12)}u1234567`, { secret: "s3cret" }], {
    info: { api_key: "A".repeat(120), username: "w".repeat(80) },
    tags: ["one", "two", "three", "four", "five", "six", "seven", "eight"],
    note: `${"https://example.com/".padEnd(200, "x")}\nand a second line`,
  });
  await change(path, factors, "stage", ["kraken/main", { secret: "s3cret-staged" }]);
  return has;
}

/** Goes through all there is to see. */
async function walk(page, path, passphrase, look) {
  const press = (name) => page.getByRole("button", { name, exact: true }).click();
  const dialog = page.getByRole("dialog");
  const inDialog = (name) => dialog.getByRole("button", { name, exact: true }).click();
  const closed = () => dialog.waitFor({ state: "detached" });
  const isPhone = page.viewportSize().width < 700;
  const toList = async () => {
    if (isPhone) await page.locator(".back").click();
  };

  await page.getByRole("heading", { name: "sample.vault" }).waitFor();
  await look("01-unlock");
  await press("Use a key");
  await page.getByLabel("Passphrase", { exact: true }).fill("wrong");
  await press("Unlock");
  await failure(page, "That does not open the vault");
  await look("02-unlock-wrong");
  await press("Open another vault");
  await page.getByRole("heading", { name: "Open a vault" }).waitFor();
  await look("03-start");
  await press("Make a new vault");
  await page.getByRole("textbox", { name: "New passphrase" }).fill("password1password1");
  await page.getByText(/^(Very weak|Weak)/).waitFor();
  await look("04-create");
  await page.reload();
  await unlock(page, passphrase);
  await look("05-entries");
  await page.getByRole("searchbox").fill("nothing has this");
  await look("06-no-match");
  await page.getByRole("searchbox").fill("");

  await showEntry(page, "binance/main");
  await page
    .getByRole("group", { name: "Codes of totp" })
    .getByText(/Code \d/)
    .waitFor();
  await look("07-entry");
  await press("Show secret");
  await page.getByRole("button", { name: "Hide secret" }).waitFor();
  await look("08-entry-shown");
  await press("QR code of totp");
  await dialog.getByRole("img").waitFor();
  await look("09-seed-qr");
  await page.keyboard.press("Escape");
  await closed();
  await press("Rename");
  await look("10-rename");
  await inDialog("Cancel");
  await press("Remove");
  await look("11-remove");
  await inDialog("Cancel");
  await press("Edit");
  await page.getByRole("button", { name: "Replace secret" }).click();
  await look("12-edit");
  await press("Set up one-time codes");
  await dialog.getByRole("textbox", { name: "Seed or otpauth URI" }).fill("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP");
  await inDialog("Show the code");
  await dialog.getByText(/\d{3} \d{3}/).waitFor();
  await look("13-enrol");
  await inDialog("Cancel");
  await page.getByLabel("Value of secret").fill("s3cret-of-the-page");
  await page.getByLabel("Note").fill("from the page");
  await change(path, { passphrase }, "update", ["binance/main", { secret: "s3cret-rotated" }]);
  await press("Save");
  const conflict = await failure(page, "Someone else changed it meanwhile");
  assert.ok(await isInSight(conflict), "the message is out of sight");
  await look("14-conflict");
  await press("Take theirs");
  await page.getByRole("button", { name: "Edit" }).waitFor();
  await toList();
  await page.getByRole("button", { name: /Add entry/ }).click();
  await look("15-add");
  await press("Cancel");

  await showEntry(page, `interactive-brokers/${"account-".repeat(12)}u1234567`);
  await look("16-long-names");
  await toList();
  await showEntry(page, "kraken/main");
  await page.getByText("pending").waitFor();
  await look("17-versions");
  await press("Promote");
  await look("18-promote");
  await inDialog("Cancel");

  await page.getByRole("navigation", { name: "Views" }).getByRole("button", { name: "Access" }).click();
  await page.getByRole("heading", { level: 2, name: "Access" }).waitFor();
  await look("19-access");
  await press("Grant access");
  await dialog.getByLabel("Label").fill("scalper-2");
  await dialog.getByLabel("kraken").check();
  await look("20-grant");
  await dialog.getByLabel("A passphrase, for a person").check();
  await dialog.getByRole("textbox", { name: "New passphrase" }).fill("pebble harbour violin sextant");
  await dialog.getByText(/^(Good|Strong)/).waitFor();
  await look("21-grant-passphrase");
  await dialog.getByLabel("A new key, for a machine").check();
  await inDialog("Grant");
  await page.getByRole("dialog", { name: "Store this key now" }).waitFor();
  await inDialog("QR code");
  await dialog.getByRole("img").waitFor();
  await look("22-new-key");
  await dialog.getByLabel("I have stored it").check();
  await inDialog("Done");
  await closed();
  await press("Change passphrase of owner");
  await look("23-change-passphrase");
  await inDialog("Cancel");
  await press("Re-key the vault");
  await look("24-rekey");
  await inDialog("Cancel");
  await press("Revoke scalper-1");
  await look("25-revoke");
  await inDialog("Revoke");
  await page.getByRole("region", { name: "Rotate these at the exchange" }).waitFor();
  await look("26-rotate");
  await press("Settings");
  await look("27-settings");
  await press("Close");
}

/** Whether all of it can be seen, and nothing lies over it. */
function isInSight(locator) {
  return locator.evaluate((element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    return [top + 2, bottom - 2].every((y) => element.contains(document.elementFromPoint((left + right) / 2, y)));
  });
}

/** What axe finds: rule, how bad, and where. */
async function violations(page) {
  await page.evaluate(`window.axe ?? void ${axe.source}`);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations.map(({ id, impact, nodes }) => `${id} (${impact}): ${nodes.map(({ html }) => html).join(" | ")}`);
}

/** What is wider than the window, or scrolls sideways inside it; but on a phone the compartments are a strip that does. */
function overflow(page) {
  return page.evaluate(() => {
    const scrolls = [document.documentElement, ...document.querySelectorAll("main, section, dialog, form, header")];
    return scrolls
      .filter((element) => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)
      .filter((element) => element === document.documentElement || getComputedStyle(element).overflowX !== "visible")
      .map((element) => `${element.tagName} .${element.className}: ${element.scrollWidth} > ${element.clientWidth}`);
  });
}
