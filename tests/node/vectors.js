// @ts-check
/** The shared vectors in tests/vectors, and what their notations mean. */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("../vectors/", import.meta.url);

/** @param {string} path */
export function vectors(path) {
  return JSON.parse(readFileSync(new URL(path, FOLDER), "utf8"));
}

/**
 * The files of a folder by their names.
 *
 * @param {string} folder
 * @param {string} ending
 * @returns {Map<string, any>}
 */
export function vectorsIn(folder, ending = ".json") {
  const names = readdirSync(new URL(`${folder}/`, FOLDER)).filter((name) => name.endsWith(ending));
  return new Map(names.sort().map((name) => [name.slice(0, -ending.length), vectors(`${folder}/${name}`)]));
}

/** @param {string} path */
export function bytesOf(path) {
  return new Uint8Array(readFileSync(new URL(path, FOLDER)));
}

/**
 * A text, one that is repeated, or several joined.
 *
 * @param {any} given
 * @returns {string}
 */
export function text(given) {
  if (Array.isArray(given)) {
    return given.map(text).join("");
  }
  return typeof given === "string" ? given : given.repeat.repeat(given.times);
}

/** @param {any} given */
export function hex(given) {
  return new Uint8Array(Buffer.from(text(given), "hex"));
}

/**
 * Secret fields, of which bytes are written as { hex }.
 *
 * @param {Record<string, any>} given
 */
export function fields(given) {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, typeof value === "string" ? value : hex(value.hex)]),
  );
}

/**
 * A field as vectors write it.
 *
 * @param {string | Uint8Array} value
 */
export function written(value) {
  return typeof value === "string" ? value : { hex: Buffer.from(value).toString("hex") };
}

/**
 * The text of a key (FORMAT.md, section 10.1).
 *
 * @param {string} slotId
 * @param {string} key
 */
export function keyText(slotId, key) {
  const raw = Buffer.from(slotId + key, "hex");
  const sum = createHash("sha256").update("strongroom/v1/key\0").update(raw).digest().subarray(0, 5);
  const bits = [...raw, ...sum].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const digits = (bits.match(/.{5}/g) ?? []).map(
    (five) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[Number.parseInt(five, 2)],
  );
  return `STRONGROOM-KEY-1-${digits.join("")}`;
}
