// @ts-check
/** Every vector of FORMAT.md's Appendix B, in tests/vectors/vault, and every frozen vault, over both faces of the package. */

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";

import { FACES } from "./faces.js";
import { checkSees, kindOf, runChange, runOpen, runText, unlockOf, VECTORS } from "./kit.js";
import { bytesOf, vectors, vectorsIn } from "./vectors.js";

/** What has no call in JavaScript, where vaults are bytes and a key is its text. */
const WITHOUT_CALL = new Map([
  ["file_group_not_kept", "there are no files"],
  ["file_create_over_another", "there are no files"],
  ["key_file_readable_by_others", "there are no files"],
]);

test("every kind of vector is known, and what has no call here is listed", () => {
  /** @type {Record<string, number>} */
  const counts = { open: 0, change: 0, text: 0, file: 0 };
  for (const vector of VECTORS.values()) {
    const kind = kindOf(vector);
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  assert.deepEqual(counts, { open: 270, change: 54, text: 14, file: 3 });
  const files = [...VECTORS].filter(([, vector]) => kindOf(vector) === "file").map(([name]) => name);
  assert.deepEqual(files, [...WITHOUT_CALL.keys()].sort());
});

for (const [face, api] of FACES) {
  describe(face, () => {
    let ran = 0;
    for (const [name, vector] of VECTORS) {
      if (WITHOUT_CALL.has(name)) {
        continue;
      }
      test(name, async () => {
        const kind = kindOf(vector);
        await (kind === "change" ? runChange : kind === "text" ? runText : runOpen)(api, vector);
        ran += 1;
      });
    }
    for (const name of vectorsIn("frozen").keys()) {
      test(`${name} opens for ever`, async () => {
        const { opens } = vectors(`frozen/${name}.json`);
        assert.ok(opens.length > 0);
        for (const { opener, sees } of opens) {
          const vault = await api.Vault.open(bytesOf(`frozen/${name}.vault`), unlockOf(opener));
          assert.deepEqual(vault.damage, []);
          await checkSees(vault, sees);
          await vault.lock();
        }
        ran += 1;
      });
    }
    after(() => assert.equal(ran, VECTORS.size - WITHOUT_CALL.size + 3));
  });
}
