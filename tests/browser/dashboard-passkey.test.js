// Passkeys, on the virtual authenticators of DevTools: enrolled in the page, and opening what they were granted.

import assert from "node:assert/strict";
import { test } from "node:test";

import { dashboard, failure, notice, openTab, rowNames, serve, unlock } from "./dashboard.js";
import { contents as contentsOf, makeSample } from "./python.js";

const DEVICE = {
  protocol: "ctap2",
  ctap2Version: "ctap2_1",
  transport: "internal",
  hasResidentKey: true,
  hasUserVerification: true,
  hasPrf: true,
  isUserVerified: true,
  automaticPresenceSimulation: true,
};
const SECURITY_KEY = { ...DEVICE, transport: "usb" };

test("a passkey of an owner is enrolled and opens everything", async (t) => {
  const { page, context, passphrase, contents } = await dashboard(t);
  await authenticators(context, page, DEVICE);
  await unlock(page, passphrase);
  await grantPasskey(page, "laptop");
  assert.deepEqual((await contents({ passphrase })).slots.laptop, {
    scope: "owner",
    factors: "key",
    passkey: true,
    compartments: null,
    iterations: null,
  });
  await lock(page);
  await unlockByPasskey(page);
  assert.equal((await rowNames(page)).length, 5);
  await page.reload();
  await unlockByPasskey(page);
  await page.getByText("owner: laptop").waitFor();
  // What it saves, others open.
  await page.getByRole("button", { name: "Add entry" }).click();
  await page.getByLabel("Name", { exact: true }).fill("okx/main");
  await page.getByLabel("Value of secret").fill("s3cret-of-okx");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { level: 2, name: "okx/main" }).waitFor();
  assert.deepEqual((await contents({ passphrase })).entries["okx/main"].fields, { secret: "s3cret-of-okx" });
});

test("two passkeys open one vault, each by itself", async (t) => {
  const { page, context, passphrase } = await dashboard(t);
  const [device, key] = await authenticators(context, page, DEVICE, SECURITY_KEY);
  await unlock(page, passphrase);
  await key.present(false);
  await grantPasskey(page, "laptop");
  await key.present(true);
  await device.present(false);
  await grantPasskey(page, "security key");
  await lock(page);
  await unlockByPasskey(page);
  await page.getByText("owner: security key").waitFor();
  await lock(page);
  await key.remove();
  await device.present(true);
  await unlockByPasskey(page);
  await page.getByText("owner: laptop").waitFor();
});

test("a passkey of a holder opens its compartments alone, until it is revoked", async (t) => {
  const { page, context, passphrase } = await dashboard(t);
  await authenticators(context, page, DEVICE);
  await unlock(page, passphrase);
  await grantPasskey(page, "phone", ["kraken", "mail"]);
  await lock(page);
  await unlockByPasskey(page);
  await page.getByText("holder").first().waitFor();
  assert.deepEqual(await rowNames(page), ["kraken/main", "kraken/old", "mail/alerts"]);
  await lock(page);
  await unlock(page, passphrase);
  await page.getByRole("navigation", { name: "Views" }).getByRole("button", { name: "Access" }).click();
  await page.getByRole("button", { name: "Revoke phone" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke", exact: true }).click();
  await page.getByRole("region", { name: "Rotate these at the exchange" }).waitFor();
  await lock(page);
  await page.getByRole("button", { name: "Unlock", exact: true }).waitFor();
  await page.getByRole("button", { name: "Unlock with a passkey" }).waitFor({ state: "detached" });
});

test("a passkey of another vault does not open this one", async (t) => {
  const first = await dashboard(t, { vault: "first.vault" });
  await authenticators(first.context, first.page, DEVICE);
  await unlock(first.page, first.passphrase);
  await grantPasskey(first.page, "laptop");
  // The other one has a passkey too, which is on an authenticator that is not here.
  const path = `${first.folder}/second.vault`;
  await makeSample(path);
  const { link } = await serve(t, path);
  const second = await openTab(t, link);
  const [elsewhere] = await authenticators(second.context, second.page, SECURITY_KEY);
  await unlock(second.page, first.passphrase);
  await grantPasskey(second.page, "elsewhere");
  await lock(second.page);
  await elsewhere.remove();
  await authenticators(second.context, second.page, DEVICE);
  await second.page.getByRole("button", { name: "Unlock with a passkey" }).click();
  await second.page.getByRole("alert").locator("strong").waitFor();
  await unlock(second.page, first.passphrase);
});

test("an authenticator without PRF is told so, and nothing is saved", async (t) => {
  const { page, context, passphrase, path } = await dashboard(t);
  await authenticators(context, page, { ...DEVICE, hasPrf: false });
  await unlock(page, passphrase);
  await openGrant(page, "old device", null);
  await page.getByRole("dialog").getByRole("button", { name: "Grant", exact: true }).click();
  const alert = page.getByRole("alert").filter({ hasText: "PRF" });
  await alert.waitFor();
  assert.equal("old device" in (await contentsOf(path, { passphrase })).slots, false);
  await page.getByRole("dialog").getByLabel("A new key, for a machine").check();
  await page.getByRole("dialog").getByRole("button", { name: "Grant", exact: true }).click();
  await page.getByRole("dialog", { name: "Store this key now" }).waitFor();
});

test("a person who is not verified opens nothing", async (t) => {
  const { page, context, passphrase } = await dashboard(t);
  const [device] = await authenticators(context, page, DEVICE);
  await unlock(page, passphrase);
  await grantPasskey(page, "laptop");
  await lock(page);
  await device.verify(false);
  await page.getByRole("button", { name: "Unlock with a passkey" }).click();
  await failure(page, "That did not work");
  await unlock(page, passphrase);
});

/** Plugs authenticators into a page. */
async function authenticators(context, page, ...options) {
  const devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  return await Promise.all(
    options.map(async (options) => {
      const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", { options });
      return {
        /** Whether somebody touches it when it is asked. */
        present: (enabled) => devtools.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled }),
        verify: (isUserVerified) => devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified }),
        remove: () => devtools.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId }),
      };
    }),
  );
}

/** Opens the form for a passkey; `compartments` is `null` for an owner's. */
async function openGrant(page, label, compartments) {
  await page.getByRole("navigation", { name: "Views" }).getByRole("button", { name: "Access" }).click();
  await page.getByRole("button", { name: "Grant access" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Label").fill(label);
  if (compartments === null) await dialog.getByLabel("Everything, as an owner").check();
  for (const name of compartments ?? []) await dialog.getByLabel(name).check();
  await dialog.getByLabel("A passkey of this device or a security key").check();
}

async function grantPasskey(page, label, compartments = null) {
  await openGrant(page, label, compartments);
  await page.getByRole("dialog").getByRole("button", { name: "Grant", exact: true }).click();
  await notice(page, `Access granted to ${label}`);
}

async function lock(page) {
  await page.getByRole("button", { name: "Lock", exact: true }).click();
}

async function unlockByPasskey(page) {
  await page.getByRole("button", { name: "Unlock with a passkey" }).click();
  await page.getByRole("button", { name: "Lock", exact: true }).waitFor();
}
