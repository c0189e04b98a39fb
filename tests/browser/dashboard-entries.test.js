// Adding, changing, renaming and removing entries, setting up one-time codes, and versions: each as Python then reads it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { dashboard, failure, notice, openEntry, row, showEntry, unlock } from "./dashboard.js";
import { codes, qrSvg } from "./python.js";

const OTHER_SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const URI = `otpauth://totp/Kraken:desk?secret=${OTHER_SEED}&issuer=Kraken&digits=8&algorithm=SHA256`;

test("an entry is added", async (t) => {
  const { page, passphrase, contents } = await dashboard(t);
  await unlock(page, passphrase);
  await page.getByRole("button", { name: "Add entry" }).click();
  await page.getByLabel("Name", { exact: true }).fill("okx/main");
  await page.getByLabel("Name of secret 1").fill("secret");
  await page.getByLabel("Value of secret").fill("s3cret-of-okx");
  await page.getByRole("button", { name: "Add secret" }).click();
  await page.getByLabel("Name of secret 2").fill("pem");
  await page.getByLabel("Value of pem").fill("-----BEGIN-----\nabc\n-----END-----");
  await page.getByRole("button", { name: "Add info" }).click();
  await page.getByLabel("Name of info 1").fill("api_key");
  await page.getByLabel("Value of api_key").fill("public-id-of-okx");
  await page.getByLabel("Kind").fill("hmac");
  await page.getByLabel("Tags").fill("spot, paper spot");
  await page.getByLabel("Expires").fill("2031-02-03T04:05");
  await page.getByLabel("Rotate after").fill("2030-02-03T04:05");
  await page.getByLabel("Note").fill("Läuft nur im Büro.");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { level: 2, name: "okx/main" }).waitFor();

  const { entries, compartments } = await contents({ passphrase });
  assert.deepEqual(compartments, ["binance", "kraken", "mail", "okx"]);
  const { versions, ...entry } = entries["okx/main"];
  assert.equal(versions.length, 1);
  assert.deepEqual(entry, {
    fields: { pem: "-----BEGIN-----\nabc\n-----END-----", secret: "s3cret-of-okx" },
    info: { api_key: "public-id-of-okx" },
    kind: "hmac",
    tags: ["paper", "spot"],
    note: "Läuft nur im Büro.",
    expires: Date.UTC(2031, 1, 3, 4, 5) / 1000,
    rotate: Date.UTC(2030, 1, 3, 4, 5) / 1000,
    version: 1,
  });
});

test("what can't be an entry is refused with what was typed still there", async (t) => {
  const { page, passphrase, contents } = await dashboard(t);
  await unlock(page, passphrase);
  const before = await contents({ passphrase });
  await page.getByRole("button", { name: "Add entry" }).click();
  await page.getByLabel("Name of secret 1").fill("");
  await page.getByLabel("Value of secret 1").fill("s3cret-without-name");
  await page.getByLabel("Name", { exact: true }).fill("nocompartment");
  await page.getByRole("button", { name: "Save" }).click();
  await failure(page, "A field has no name");
  await page.getByLabel("Name of secret 1").fill("secret");
  await page.getByRole("button", { name: "Save" }).click();
  await failure(page, "Something is not as expected");
  await page.getByLabel("Name", { exact: true }).fill("kraken/main");
  await page.getByRole("button", { name: "Save" }).click();
  await failure(page, "That is taken");
  assert.equal(await page.getByLabel("Value of secret").inputValue(), "s3cret-without-name");
  assert.deepEqual(await contents({ passphrase }), before);
  await page.getByLabel("Name", { exact: true }).fill("kraken/third");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { level: 2, name: "kraken/third" }).waitFor();
  assert.deepEqual((await contents({ passphrase })).entries["kraken/third"].fields, {
    secret: "s3cret-without-name",
  });
});

test("an edit changes what was edited, and no secret that was not replaced", async (t) => {
  const { page, passphrase, contents } = await dashboard(t);
  await openEntry(page, passphrase, "binance/main");
  const before = (await contents({ passphrase })).entries["binance/main"];
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Note").fill("Any office.");
  await page.getByLabel("Expires").fill("");
  await page.getByLabel("Value of api_key").fill("public-id-2");
  await page.getByRole("button", { name: "Save" }).click();
  await notice(page, "Saved");
  const edited = (await contents({ passphrase })).entries["binance/main"];
  assert.deepEqual(edited.fields, before.fields);
  assert.deepEqual(edited.info, { api_key: "public-id-2" });
  assert.equal(edited.note, "Any office.");
  assert.equal(edited.expires, null);
  assert.deepEqual(edited.tags, before.tags);

  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByRole("button", { name: "Replace secret" }).click();
  await page.getByLabel("Value of secret").fill("s3cret-replaced");
  await page.getByRole("button", { name: "Remove totp" }).click();
  await page.getByText("will be removed").waitFor();
  await page.getByRole("button", { name: "Remove api_key" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Edit" }).waitFor();
  const replaced = (await contents({ passphrase })).entries["binance/main"];
  assert.deepEqual(replaced.fields, { secret: "s3cret-replaced" });
  assert.deepEqual(replaced.info, {});
  assert.equal(replaced.note, "Any office.");
});

test("leaving a form with edits asks first, by a click and by the browser's back button", async (t) => {
  const { page, passphrase, contents } = await dashboard(t);
  await openEntry(page, passphrase, "kraken/main");
  const before = await contents({ passphrase });
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Note").fill("half a thought");
  await row(page, "mail/alerts").click();
  const dialog = page.getByRole("dialog", { name: "Leave without saving?" });
  await dialog.getByRole("button", { name: "Cancel" }).click();
  assert.equal(await page.getByLabel("Note").inputValue(), "half a thought");
  await page.evaluate(() => history.back());
  await dialog.getByRole("button", { name: "Cancel" }).click();
  assert.equal(await page.getByLabel("Note").inputValue(), "half a thought");
  await row(page, "mail/alerts").click();
  await dialog.getByRole("button", { name: "Drop my edits" }).click();
  await page.getByRole("heading", { level: 2, name: "mail/alerts" }).waitFor();
  assert.deepEqual(await contents({ passphrase }), before);
});

test("an entry is renamed into another compartment, and removed", async (t) => {
  const { page, passphrase, contents } = await dashboard(t);
  await openEntry(page, passphrase, "kraken/old");
  const before = (await contents({ passphrase })).entries["kraken/old"];
  await page.getByRole("button", { name: "Rename" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("New name").fill("kraken/main");
  await dialog.getByRole("button", { name: "Rename" }).click();
  await failure(page, "That is taken");
  await dialog.getByLabel("New name").fill("archive/old");
  await dialog.getByRole("button", { name: "Rename" }).click();
  await page.getByRole("heading", { level: 2, name: "archive/old" }).waitFor();
  const { entries } = await contents({ passphrase });
  assert.equal("kraken/old" in entries, false);
  assert.deepEqual(entries["archive/old"].fields, before.fields);
  assert.equal(entries["archive/old"].expires, before.expires);

  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  assert.ok("archive/old" in (await contents({ passphrase })).entries);
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await dialog.getByRole("button", { name: "Remove", exact: true }).click();
  await notice(page, "archive/old removed");
  assert.equal("archive/old" in (await contents({ passphrase })).entries, false);
});

test("one-time codes are set up by an otpauth URI, after the code was seen", async (t) => {
  const at = Date.UTC(2026, 11, 24, 12, 0, 10);
  const { page, passphrase, contents } = await dashboard(t, { clock: at });
  await openEntry(page, passphrase, "kraken/main");
  await page.clock.setFixedTime(at + 60_000);
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByRole("button", { name: "Set up one-time codes" }).click();
  const dialog = page.getByRole("dialog", { name: "Set up one-time codes" });
  const seed = dialog.getByRole("textbox", { name: "Seed or otpauth URI" });
  await seed.fill("not a seed!");
  await dialog.getByRole("button", { name: "Show the code" }).click();
  await failure(page, "Something is not as expected");
  await seed.fill("otpauth://hotp/a?secret=GEZDGNBVGY3TQOJQ&counter=0");
  await dialog.getByRole("button", { name: "Show the code" }).click();
  await failure(page, "That QR code holds something else");
  await seed.fill(URI);
  await dialog.getByRole("button", { name: "Show the code" }).click();
  const [code] = await codes(URI, at / 1000 + 60);
  await dialog.getByText(`${code.slice(0, 4)} ${code.slice(4)}`).waitFor();
  await dialog.getByText("Kraken: desk").waitFor();
  await dialog.getByRole("button", { name: "Use it" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await page
    .getByRole("group", { name: "Codes of totp" })
    .getByText(`${code.slice(0, 4)} ${code.slice(4)}`)
    .waitFor();
  const { fields } = (await contents({ passphrase })).entries["kraken/main"];
  assert.equal(fields.secret, "s3cret-of-kraken");
  assert.deepEqual(await codes(fields.totp, at / 1000), await codes(URI, at / 1000));
});

test("one-time codes are set up by a picture of the QR code, and another picture is refused", async (t) => {
  const { page, context, passphrase, contents, folder } = await dashboard(t);
  const pictures = await context.newPage();
  const photograph = async (text, name) => {
    await pictures.setContent(`<body style="background: #fff; padding: 40px">${await qrSvg(text)}</body>`);
    const path = join(folder, name);
    await pictures.locator("svg").evaluate((svg) => svg.setAttribute("width", "300"));
    await pictures.screenshot({ path });
    return path;
  };
  const ours = await photograph(URI, "ours.png");
  const other = await photograph("https://example.com", "other.png");
  await pictures.close();

  await openEntry(page, passphrase, "kraken/main");
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByRole("button", { name: "Set up one-time codes" }).click();
  const dialog = page.getByRole("dialog", { name: "Set up one-time codes" });
  const choose = async (file) => {
    const chooser = page.waitForEvent("filechooser");
    await dialog.getByRole("button", { name: "Choose a picture" }).click();
    await (await chooser).setFiles(file);
  };
  await choose({ name: "none.png", mimeType: "image/png", buffer: Buffer.from("no picture") });
  await failure(page, "No QR code found");
  await choose(other);
  await failure(page, "That QR code holds something else");
  await choose(ours);
  await dialog.getByText("Kraken: desk").waitFor();
  await dialog.getByRole("button", { name: "Use it" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("group", { name: "Codes of totp" }).waitFor();
  const { fields } = (await contents({ passphrase })).entries["kraken/main"];
  assert.deepEqual(await codes(fields.totp, 1_800_000_000), await codes(URI, 1_800_000_000));
  assert.ok((await readFile(ours)).length > 0);
});

test("a version is staged, promoted, and the one before retired", async (t) => {
  const { page, passphrase, contents } = await dashboard(t);
  await openEntry(page, passphrase, "kraken/main");
  const states = async () =>
    (await contents({ passphrase })).entries["kraken/main"].versions
      .map(([, state, fields]) => [state, fields.secret])
      .sort();
  await page.getByRole("button", { name: "Stage next" }).click();
  await page.getByRole("button", { name: "Replace secret" }).click();
  await page.getByLabel("Value of secret").fill("s3cret-staged");
  await page.getByRole("button", { name: "Stage", exact: true }).click();
  await page.getByRole("button", { name: "Promote" }).waitFor();
  assert.deepEqual(await states(), [
    ["current", "s3cret-of-kraken"],
    ["pending", "s3cret-staged"],
  ]);
  await page.getByRole("button", { name: "Promote" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Promote" }).click();
  await page.getByRole("button", { name: "Retire previous" }).waitFor();
  assert.deepEqual(await states(), [
    ["current", "s3cret-staged"],
    ["previous", "s3cret-of-kraken"],
  ]);
  await page.getByText("Its secrets").click();
  const previous = page.getByRole("region", { name: "Secrets of version 1" });
  await previous.getByRole("button", { name: "Show secret" }).click();
  await previous.getByText("s3cret-of-kraken").waitFor();
  await page.getByRole("button", { name: "Retire previous" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Retire" }).click();
  await page.getByRole("button", { name: "Retire previous" }).waitFor({ state: "detached" });
  assert.deepEqual(await states(), [["current", "s3cret-staged"]]);
  await showEntry(page, "binance/main");
});
