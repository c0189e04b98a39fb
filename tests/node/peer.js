// @ts-check
/** The other side of tests/python/test_node.py: answers each line of JSON with one. */

import { createInterface } from "node:readline";

import { describe, ofBase64, toBase64, write } from "./exchange.js";
import { FACES } from "./faces.js";
import { save, VECTORS } from "./kit.js";

const faces = new Map(FACES);

/** @param {any} asked */
async function answer({ face, seed, vault, ways, change }) {
  const api = faces.get(face);
  if (api === undefined) {
    throw new Error("an unknown face");
  }
  if (seed !== undefined) {
    return write(api, seed);
  }
  if (change !== undefined) {
    return toBase64((await save(api, VECTORS.get(change))).data);
  }
  const seen = [];
  for (const way of ways) {
    seen.push(await describe(api, ofBase64(vault), way));
  }
  return seen;
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}
