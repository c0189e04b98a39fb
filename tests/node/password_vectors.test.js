// @ts-check
/** Every case of tests/vectors/password.json, over both faces of the package. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { FACES, outcome } from "./faces.js";
import { text, vectors } from "./vectors.js";

const CASES = vectors("password.json").cases;

for (const [face, api] of FACES) {
  describe(face, () => {
    const counts = { right: 0, wrong: 0, refused: 0 };
    for (const given of CASES) {
      test(given.name, async () => {
        const [password, stored] = [text(given.password), text(given.stored)];
        if (given.expect !== "right" && given.expect !== "wrong") {
          assert.equal(await outcome(() => api.verifyPassword(password, stored)), given.expect);
          counts.refused += 1;
          return;
        }
        const isRight = given.expect === "right";
        assert.equal(await api.verifyPassword(password, stored), isRight);
        assert.equal(await api.verifyPassword(new TextEncoder().encode(password), stored), isRight);
        counts[isRight ? "right" : "wrong"] += 1;
        if (isRight) {
          assert.deepEqual(await api.identifyHash(stored), { format: given.format, cost: given.cost });
          assert.equal(await api.needsRehash(stored), true);
          const hasher = await api.createPasswordHasher();
          assert.equal(await hasher.hashLike(password, stored), stored);
        }
      });
    }
    test("all of them were asked", () => {
      assert.equal(counts.right + counts.wrong + counts.refused, CASES.length);
      assert.ok(counts.right >= 40 && counts.wrong >= 40 && counts.refused >= 100);
    });
  });
}
