// @ts-check
/** Every case of tests/vectors/signing.json, over both faces of the package. */

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";

import { FACES } from "./faces.js";
import { vectors } from "./vectors.js";

/** @typedef {import("./faces.js").Api} Api */

/** @type {any[]} */
const CASES = vectors("signing.json").cases;

/** @param {import("strongroom").Vault} vault @param {any} given */
async function sign(vault, given) {
  await vault.put("exchange/main", given.fields, { info: given.info ?? {} });
  const signer = vault.entry("exchange/main").signer(given.recipe ?? given.exchange);
  const { body, headers, nonce, values, timestamp_ms: timestampMs } = given;
  const login = { timestampMs, nonce, values };
  const signed = await (given.method === undefined && given.expect.error === undefined
    ? signer.login(login)
    : signer.sign(given.method ?? "", given.url ?? "", { ...login, body, headers }));
  return { ...signed, body: signed.body ?? "" };
}

for (const [face, api] of FACES) {
  describe(face, async () => {
    const vault = await api.Vault.create({ key: await api.generateKey() });
    after(() => vault.lock());
    for (const given of CASES) {
      test(given.name, async () => {
        const { error, says, url, body, headers = {} } = given.expect;
        if (error !== undefined) {
          await assert.rejects(
            async () => sign(vault, given),
            (/** @type {any} */ fault) => fault.code === error && fault.message.includes(says),
          );
          return;
        }
        const signed = await sign(vault, given);
        assert.equal(signed.url, url ?? signed.url);
        assert.equal(signed.body, body ?? signed.body);
        for (const [name, value] of Object.entries(headers)) {
          assert.equal(signed.headers[name], value, name);
        }
      });
    }
    test("there are as many as in the other languages", () => assert.ok(CASES.length > 90, String(CASES.length)));
  });
}
