// @ts-check
/** What is exported, and what is made, has no member that types.ts knows nothing of: no more and no fewer than TypeScript says. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { FACES } from "./faces.js";

/** The names of an interface's members, in the package's own words. @param {string} file @param {string} name */
function members(file, name) {
  const source = readFileSync(new URL(`../../wasm/js/src/types/${file}.ts`, import.meta.url), "utf8");
  const start = source.search(new RegExp(`^export interface ${name}( extends \\w+)? \\{`, "m"));
  assert.ok(start >= 0, name);
  const body = source.slice(start, source.indexOf("\n}\n", start));
  const found = body.match(/^ {2}(?:readonly )?\w+(?=\??[(:])/gm) ?? [];
  return found.map((member) => member.replace("readonly", "").trim()).sort();
}

for (const [face, api] of FACES) {
  test(`${face} has every member that its types say`, async () => {
    const vault = await api.Vault.create({ key: await api.generateKey() });
    await vault.put("a/b", { secret: "x" }, { info: { api_key: "x" } });
    const [signer, login] = ["binance", "bybit/websocket"].map((name) => vault.entry("a/b").signer(name));
    const totp = await api.Totp.generate();
    /** @type {[string, string, object][]} */
    const made = [
      ["vault", "Vault", vault],
      ["vault", "Entry", vault.entry("a/b")],
      ["vault", "VaultMaker", api.Vault],
      ["vault", "KdfMaker", api.Kdf],
      ["vault", "OpenedBy", vault.openedBy],
      ["vault", "Compartment", vault.compartments[0] ?? assert.fail()],
      ["vault", "Slot", vault.slots[0] ?? assert.fail()],
      ["vault", "Revoked", await revoked(vault)],
      ["vault", "Rekeyed", await (await other(api)).rekeyed],
      ["otp", "SealedTotp", vault.entry("a/b").totp],
      ["otp", "Totp", totp],
      ["otp", "TotpMaker", api.Totp],
      ["otp", "Hotp", await api.Hotp.generate()],
      ["otp", "HotpMaker", api.Hotp],
      ["otp", "Account", await api.readAccount(await totp.uri("a"))],
      [
        "otp",
        "Migration",
        await api.readMigration(await api.writeMigration([await api.readAccount(await totp.uri("a"))])),
      ],
      ["otp", "Fresh", await totp.fresh()],
      ["otp", "Guard", await api.createGuard()],
      ["otp", "DeliveredCodes", await api.createDeliveredCodes(new Uint8Array(16))],
      ["signing", "Signer", signer ?? assert.fail()],
      ["signing", "SignedRequest", await (signer ?? assert.fail()).sign("GET", "/api/v3/account")],
      ["signing", "SignedLogin", await (login ?? assert.fail()).login()],
      ["signing", "RecipeFacts", await api.readRecipe("kraken")],
      ["password", "PasswordHasher", await api.createPasswordHasher()],
      ["sealed", "FernetMaker", api.Fernet],
      ["sealed", "Fernet", await api.Fernet.fromKey(await api.Fernet.generateKey())],
    ];
    for (const [file, name, object] of made) {
      assert.deepEqual(Object.keys(object).sort(), members(file, name), name);
    }
    const single = [
      "Fernet",
      "Hotp",
      "Kdf",
      "StrongroomError",
      "Totp",
      "Vault",
      "generateKey",
      "preload",
      ...(face.endsWith("sync") ? ["init"] : []),
    ];
    assert.deepEqual(
      Object.keys(api).sort(),
      [
        ...single,
        ...members("otp", "Otp"),
        ...members("password", "Passwords"),
        ...members("sealed", "Sealing"),
        ...members("signing", "Signing"),
      ].sort(),
    );
    await vault.lock();
  });
}

/** @param {import("strongroom").Vault} vault */
async function revoked(vault) {
  await vault.grant("bot", { compartments: ["a"] });
  return vault.revoke("bot");
}

/** @param {import("./faces.js").Api} api */
async function other(api) {
  const key = await api.generateKey();
  const vault = await api.Vault.create({ key });
  const rekeyed = await vault.rekey([{ key }]);
  await vault.lock();
  return { rekeyed };
}
