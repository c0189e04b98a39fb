// @ts-check
/** Where the parts of a vault are (FORMAT.md, section 2.1), and the records that its largest vectors are made with. */

import assert from "node:assert/strict";
import { createCipheriv, createHash, createHmac } from "node:crypto";

import { hex } from "./vectors.js";

/** @typedef {{ id: number, epoch: number, revision: number, start: number, end: number }} Place */

/**
 * The compartments of a vault.
 *
 * @param {Uint8Array} bytes
 * @returns {Place[]}
 */
export function places(bytes) {
  const buffer = Buffer.from(bytes);
  let at = 48 + buffer.readUInt32BE(44);
  for (let slot = buffer.readUInt16BE(40); slot > 0; slot--) {
    at += 54 + buffer.readUInt16BE(at + 52) + 32;
    at += 4 + buffer.readUInt32BE(at);
  }
  const directory = at;
  const count = buffer.readUInt16BE(42);
  at += 10 * count + 32;
  return Array.from({ length: count }, (_, index) => {
    const [line, start] = [directory + 10 * index, at];
    at += 12 + buffer.readUInt32BE(at + 8) + 32;
    const [epoch, revision] = [buffer.readBigUInt64BE(line + 2), buffer.readBigUInt64BE(start)];
    return { id: buffer.readUInt16BE(line), epoch: Number(epoch), revision: Number(revision), start, end: at };
  });
}

/**
 * A vault of a vector; the largest are made here and not stored.
 *
 * @param {any} vector
 * @param {"vault" | "stored"} field
 */
export function vaultOf(vector, field = "vault") {
  const made = vector.made ?? {};
  if (made.repeat !== undefined) {
    return new Uint8Array(made.times).fill(Number.parseInt(made.repeat, 16));
  }
  const data = new Uint8Array(Buffer.from(vector[field], "base64"));
  return made.records === undefined ? data : withRecords(data, made);
}

/**
 * Puts records into the only compartment that is to have them. Record i has i as its id and as the nonce of its metadata, and
 * 2^128 + i as the nonce of its secret part.
 *
 * @param {Uint8Array} data
 * @param {any} made
 */
function withRecords(data, made) {
  const place = /** @type {Place} */ (places(data).find((one) => one.id === made.compartment));
  const [line, revision] = [Buffer.alloc(10), Buffer.alloc(8)];
  line.writeUInt16BE(place.id);
  line.writeBigUInt64BE(BigInt(place.epoch), 2);
  revision.writeBigUInt64BE(BigInt(place.revision));
  const context = Buffer.concat([data.subarray(16, 32), line]);
  const info = Buffer.concat([Buffer.from("strongroom/v1/compartment-keys\0"), context]);
  const keys = expand(hex(made.comp_key), info);
  const seal = xaes(keys.subarray(0, 32));
  const [content, secret] = [Buffer.from(hex(made.meta)), hex(made.secret)];
  const records = [];
  for (let number = 1; number <= made.records; number++) {
    content.write(String(number).padStart(5, "0"), made.digits_at);
    const [id, nonce] = [Buffer.alloc(16), Buffer.alloc(24)];
    id.writeUInt32BE(number, 12);
    nonce.writeUInt32BE(number, 20);
    const meta = seal(nonce, content, Buffer.concat([Buffer.from("strongroom/v1/meta\0"), context, id]));
    nonce[7] = 1; // 2^128
    const rest = seal(nonce, secret, Buffer.concat([Buffer.from("strongroom/v1/secret\0"), context, id]));
    const lengths = Buffer.alloc(6);
    lengths.writeUInt16BE(meta.length);
    lengths.writeUInt32BE(rest.length, 2);
    records.push(id, lengths.subarray(0, 2), meta, lengths.subarray(2), rest);
  }
  const body = Buffer.concat(records);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  const mac = createHmac("sha256", keys.subarray(32))
    .update(data.subarray(0, 15))
    .update("\x01")
    .update(context)
    .update(revision)
    .update(length)
    .update(body)
    .digest();
  const whole = Buffer.concat([data.subarray(0, place.start), revision, length, body, mac, data.subarray(place.end)]);
  assert.equal(createHash("sha256").update(whole).digest("hex"), made.sha256);
  return new Uint8Array(whole);
}

/**
 * HKDF-Expand to 64 bytes (RFC 5869, section 2.3), which Node has only with the extraction before it.
 *
 * @param {Uint8Array} key
 * @param {Uint8Array} info
 */
function expand(key, info) {
  const first = createHmac("sha256", key).update(info).update("\x01").digest();
  return Buffer.concat([first, createHmac("sha256", key).update(first).update(info).update("\x02").digest()]);
}

/**
 * XAES-256-GCM (C2SP) under one key: nonce, ciphertext and tag.
 *
 * @param {Uint8Array} key
 * @returns {(nonce: Buffer, plaintext: Uint8Array, aad: Uint8Array) => Buffer}
 */
function xaes(key) {
  const block = (/** @type {Uint8Array} */ input) => createCipheriv("aes-256-ecb", key, null).update(input);
  const top = BigInt(`0x${block(Buffer.alloc(16)).toString("hex")}`);
  const doubled = ((top << 1n) & ((1n << 128n) - 1n)) ^ (top >> 127n ? 0x87n : 0n);
  const mask = Buffer.from(doubled.toString(16).padStart(32, "0"), "hex");
  const derived = new Map();
  return (nonce, plaintext, aad) => {
    const half = nonce.toString("latin1", 0, 12);
    let sealing = derived.get(half);
    if (sealing === undefined) {
      const blocks = [1, 2].map((counter) => {
        const message = Buffer.concat([Buffer.from([0, counter, 0x58, 0]), nonce.subarray(0, 12)]);
        return block(message.map((byte, at) => byte ^ /** @type {number} */ (mask[at])));
      });
      sealing = Buffer.concat(blocks);
      derived.set(half, sealing);
    }
    const cipher = createCipheriv("aes-256-gcm", sealing, nonce.subarray(12)).setAAD(aad);
    return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  };
}
