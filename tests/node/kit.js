// @ts-check
/** What the vectors of FORMAT.md's Appendix B say, played and checked through the npm package. */

import assert from "node:assert/strict";

import { outcome } from "./faces.js";
import { places, vaultOf } from "./layout.js";
import { fields, hex, keyText, vectorsIn, written } from "./vectors.js";

/** @typedef {import("./faces.js").Api} Api */

export const VECTORS = vectorsIn("vault");

/** @param {any} vector */
export function kindOf(vector) {
  for (const kind of ["change", "text", "file"]) {
    if (kind in vector) {
      return kind;
    }
  }
  assert.ok("opener" in vector && "expect" in vector, "an unknown kind of vector");
  return "open";
}

/** @param {any} opener */
export function unlockOf(opener) {
  const { key, passphrase, pin, allow_weak_kdf, credential_id, prf_output, passphrase_utf16, ...unknown } = opener;
  assert.deepEqual(unknown, {}, "an unknown part of an opener");
  const text =
    passphrase_utf16 === undefined ? passphrase : Buffer.from(passphrase_utf16, "hex").swap16().toString("utf16le");
  return {
    ...(key === undefined ? {} : { key }),
    ...(text === undefined ? {} : { passphrase: text }),
    ...(pin === undefined ? {} : { pin }),
    ...(allow_weak_kdf === undefined ? {} : { allowWeakKdf: allow_weak_kdf }),
    ...(credential_id === undefined
      ? {}
      : { passkey: { credentialId: hex(credential_id), prfOutput: hex(prf_output) } }),
  };
}

/** @param {readonly any[]} items */
function sorted(items) {
  return items.map((item) => JSON.stringify(item)).sort();
}

/** What is damaged as vectors list it: compartments, and records of which no name can be read. @param {readonly any[]} found */
function damageOf(found) {
  const listed = found.filter((at) => at.record === null || at.name === null);
  return sorted(listed.map(({ compartment, record, code }) => ({ name: compartment, record, code })));
}

/** @param {any[] | undefined} listed */
function expectedDamage(listed) {
  return sorted((listed ?? []).map(({ name, record, code }) => ({ name, record, code })));
}

/** @param {import("strongroom").Entry} entry */
async function secretOf(entry) {
  const names = await entry.fieldNames();
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, written(await entry.reveal(name))])));
}

/** @param {import("strongroom").Vault} vault @param {any} sees */
export async function checkSees(vault, sees) {
  assert.equal(vault.openedBy.scope, sees.scope);
  const found = vault.compartments.map((one) => one.name);
  assert.deepEqual(found, [...sees.compartments].sort());
  const isCurrent = (/** @type {any} */ one) => one.state === "current";
  const current = Object.entries(sees.entries).filter(([, versions]) => versions.some(isCurrent));
  assert.deepEqual(vault.names(), current.map(([name]) => name).sort());
  for (const [name, expected] of Object.entries(sees.entries)) {
    const versions = (await vault.versions(name)).reverse();
    const seen = versions.map(async (entry) => ({
      version: entry.version,
      state: entry.state,
      meta: {
        name: entry.name.slice(entry.name.indexOf("/") + 1),
        kind: entry.kind,
        created: entry.created,
        updated: entry.updated,
        expires_at: entry.expiresAt,
        rotate_after: entry.rotateAfter,
        tags: entry.tags,
        note: entry.note,
        info: entry.info,
      },
      secret: await secretOf(entry),
    }));
    const wanted = expected.map((/** @type {any} */ { version, state, meta, secret }) => {
      const { version: _, state: __, policy: ___, x: ____, ...known } = meta; // both are kept and not shown
      const absent = { expires_at: null, rotate_after: null, tags: [], note: null, info: {} };
      return { version, state, meta: { ...absent, ...known }, secret };
    });
    assert.deepEqual(plain(await Promise.all(seen)), wanted, name);
  }
}

/** Without the prototypes and frozenness of what the package gives. @param {unknown} value */
function plain(value) {
  return JSON.parse(JSON.stringify(value));
}

/** @param {Api} api @param {any} vector */
export async function runOpen(api, vector) {
  const expect = vector.expect ?? "ok";
  const { opener, use, has } = vector;
  if (use === undefined && expect !== "ok" && !expect.startsWith("damaged: ")) {
    assert.equal(await outcome(() => api.Vault.open(vaultOf(vector), unlockOf(opener))), expect);
    return;
  }
  const vault = await api.Vault.open(vaultOf(vector), unlockOf(opener));
  assert.deepEqual(damageOf(vault.damage), expectedDamage(vector.damage));
  if (vector.sees !== undefined) {
    await checkSees(vault, vector.sees);
  }
  if (vector.made?.records === 65_535) {
    assert.equal(vault.names().length, 65_536); // and the one of the other compartment
    assert.deepEqual(await secretOf(vault.entry("binance/r65535")), {});
  }
  if (use !== undefined) {
    assert.equal(await outcome(() => vault.entry(use.name).fieldNames()), expect);
    if (use.good !== undefined) {
      await vault.entry(use.good).fieldNames();
    }
  }
  for (const { name } of (vector.damage ?? []).filter((/** @type {any} */ at) => at.record === null)) {
    assert.equal(await outcome(() => vault.entry(`${name}/main`)), "damaged");
    assert.equal(await outcome(() => vault.versions(`${name}/main`)), "damaged");
  }
  if (has !== undefined) {
    assert.ok(vault.slots.some((slot) => slot.id === has.slot && slot.label === has.label));
  }
  await vault.lock();
  for (const other of vector.also ?? []) {
    await runOpen(api, { ...other, vault: vector.vault });
  }
}

/** @param {any} op @param {Api["Kdf"]} Kdf */
function kdfOf({ kdf, costs }, Kdf) {
  switch (kdf) {
    case undefined:
      return {};
    case 1:
      return { kdf: Kdf.argon2id({ memoryKib: costs[0], passes: costs[1], lanes: costs[2] }) };
    default:
      assert.equal(kdf, 2);
      return { kdf: Kdf.pbkdf2({ iterations: costs[0] }) };
  }
}

/** A new passkey, with what its authenticator answered. @param {import("strongroom").Vault} vault @param {any} op */
async function newPasskey(vault, { credential_id, prf_output }) {
  if (prf_output === undefined) {
    return {};
  }
  const prfInput = await vault.generatePrfInput();
  return { passkey: { credentialId: hex(credential_id), prfOutput: hex(prf_output), prfInput } };
}

/** Makes one change, and gives what was lost by it. @param {Api} api @param {import("strongroom").Vault} vault @param {any} op */
async function play(api, vault, op) {
  const label = vault.slots.find((slot) => slot.id === op.slot)?.label ?? "";
  switch (op.op) {
    case "put":
      await vault.put(op.name, fields(op.secret), op.meta);
      return [];
    case "update":
      await vault.update(op.name, fields(op.secret ?? {}), op.meta);
      return [];
    case "remove_compartment":
      await vault.removeCompartment(op.name);
      return [];
    case "grant": {
      const holder = vault.slots.find((slot) => slot.label !== "owner");
      const key = typeof op.key === "string" ? { key: keyText(holder?.id ?? "", op.key) } : {};
      const passphrase = op.passphrase === undefined ? {} : { passphrase: op.passphrase };
      const access = op.compartments === null ? "owner" : { compartments: op.compartments };
      await vault.grant(op.label, access, {
        ...key,
        ...passphrase,
        ...(await newPasskey(vault, op)),
        ...kdfOf(op, api.Kdf),
      });
      return [];
    }
    case "revoke":
      return (await vault.revoke(label, { dropDamaged: op.drop_damage ?? false })).dropped;
    case "change_passphrase":
      await vault.changePassphrase(label, op.passphrase, {
        ...(await newPasskey(vault, op)),
        ...kdfOf(op, api.Kdf),
      });
      return [];
    case "rekey":
      return (await vault.rekey(op.presented.map(unlockOf))).dropped;
    default:
      throw new Error(`an unknown change: ${op.op}`);
  }
}

/** Changes the vault, perhaps after someone else has stored another one. @param {Api} api @param {any} vector */
export async function save(api, vector) {
  const vault = await api.Vault.open(vaultOf(vector), unlockOf(vector.opener));
  try {
    const dropped = [];
    for (const op of vector.change) {
      dropped.push(...(await play(api, vault, op)));
    }
    return { data: await vault.splice(vaultOf(vector, vector.stored === undefined ? "vault" : "stored")), dropped };
  } finally {
    await vault.lock();
  }
}

/** @param {Api} api @param {any} vector @param {Uint8Array} data @param {any} then */
async function checkAfter(api, vector, data, then) {
  const { opener, expect, damage, secrets, part, same_part, same_record, keeps_unknown_keys, ...unknown } = then;
  assert.deepEqual(unknown, {}, "an unknown part of what comes after");
  if (expect !== undefined) {
    assert.equal(await outcome(() => api.Vault.open(data, unlockOf(opener))), expect);
    return;
  }
  const vault = await api.Vault.open(data, unlockOf(opener));
  assert.deepEqual(damageOf(vault.damage), expectedDamage(damage));
  if (secrets !== undefined) {
    const found = vault.entries().map(async (entry) => [entry.name, await secretOf(entry)]);
    assert.deepEqual(Object.fromEntries(await Promise.all(found)), secrets);
  }
  await vault.lock();
  // In all vectors the compartment binance has the id 1, and kraken 2.
  const placeOf = (/** @type {Uint8Array} */ bytes, /** @type {string} */ name) => {
    const found = places(bytes).find((one) => one.id === (name === "binance" ? 1 : 2));
    return found ?? assert.fail();
  };
  if (part !== undefined) {
    const { epoch, revision } = placeOf(data, part.name);
    assert.deepEqual({ epoch, revision }, { epoch: part.epoch, revision: part.revision });
  }
  if (same_part !== undefined) {
    const stored = vaultOf(vector, "stored");
    const [one, other] = [placeOf(data, same_part), placeOf(stored, same_part)];
    assert.deepEqual(data.slice(one.start, one.end), stored.slice(other.start, other.end));
  }
  if (same_record !== undefined) {
    assert.deepEqual(recordOf(data, same_record.record), recordOf(vaultOf(vector), same_record.record));
  }
  // Unknown keys are kept and not shown, so that the model looks for them: tests/python/test_node.py.
  assert.ok(keeps_unknown_keys === undefined || keeps_unknown_keys === true);
}

/** @param {Uint8Array} bytes @param {string} id */
function recordOf(bytes, id) {
  const buffer = Buffer.from(bytes);
  const at = buffer.indexOf(Buffer.from(id, "hex"));
  assert.ok(at >= 0);
  const secretAt = at + 18 + buffer.readUInt16BE(at + 16);
  return buffer.subarray(at, secretAt + 4 + buffer.readUInt32BE(secretAt));
}

/** @param {Api} api @param {any} vector */
export async function runChange(api, vector) {
  if (vector.expect !== "ok") {
    assert.equal(await outcome(() => save(api, vector)), vector.expect);
  } else {
    const { data, dropped } = await save(api, vector);
    for (const then of vector.then ?? []) {
      await checkAfter(api, vector, data, then);
    }
    if (vector.dropped !== undefined) {
      assert.deepEqual(damageOf(dropped), expectedDamage(vector.dropped));
    }
    if (vector.twice !== undefined) {
      // The same numbers, and another key: the one's compartment is damage in the other.
      const again = (await save(api, vector)).data;
      const [one, other] = [places(data)[0] ?? assert.fail(), places(again)[0] ?? assert.fail()];
      assert.deepEqual([one.epoch, one.revision], [other.epoch, other.revision]);
      const parts = [again.subarray(0, other.start), data.subarray(one.start, one.end), again.subarray(other.end)];
      const mixed = await api.Vault.open(new Uint8Array(Buffer.concat(parts)), unlockOf(vector.opener));
      assert.equal(mixed.damage.length, 1);
      await mixed.lock();
    }
  }
  for (const other of vector.also_changed ?? []) {
    const { also_changed, then, dropped, ...same } = vector;
    await runChange(api, { ...same, ...other });
  }
}

/** @param {Api} api @param {any} vector */
export async function runText(api, vector) {
  const other = VECTORS.get("compartment_id_zero");
  const [data, opener] = [vaultOf(other), unlockOf(other.opener)];
  for (const text of vector.texts) {
    if (vector.text === "key") {
      // A key is only read to use it.
      assert.equal(await outcome(() => api.Vault.create({ key: text })), vector.expect);
      if (vector.expect !== "ok") {
        assert.equal(await outcome(() => api.Vault.open(data, { key: text })), vector.expect);
      }
      if (vector.holds !== undefined) {
        const vault = await api.Vault.create({ key: text });
        assert.equal(vault.slots[0]?.id, vector.holds.slot_id);
        const sealed = await vault.seal();
        await vault.lock();
        assert.equal(keyText(vector.holds.slot_id, vector.holds.key), text.trim());
        const again = await api.Vault.open(sealed, { key: text.trim() });
        await again.lock();
      }
    } else {
      assert.equal(vector.text, "pin");
      // A pin is only read to open with; that it does not fit shows that it could be read.
      const expect = vector.expect === "ok" ? ["ok", "rollback"] : [vector.expect];
      assert.ok(expect.includes(await outcome(() => api.Vault.open(data, { ...opener, pin: text }))));
    }
  }
}
