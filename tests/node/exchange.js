// @ts-check
/**
 * Random vaults, repeatable by their seeds, written through the npm package, and what it sees in a vault: for the exchange with
 * another implementation. It runs in a browser's page as well, so that nothing of Node is in it, and what it gives is JSON.
 */

/** @typedef {typeof import("strongroom")} Api */
/**
 * A way into a vault, as both sides of the exchange write it. Bytes are in hexadecimal. `gone` is one that no more works.
 *
 * @typedef {{ label?: string, owner?: boolean, key?: string, passphrase?: string, gone?: boolean,
 *   passkey?: { credentialId: string, prfOutput: string } }} Way
 */

/** Random content, repeatable by its seed. */
class Dice {
  #state;

  /** @param {string} seed */
  constructor(seed) {
    // FNV-1a; what follows is Mulberry32. Neither has to be good, only the same everywhere.
    this.#state = [...seed].reduce(
      (hash, letter) => Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 16_777_619),
      2 ** 31,
    );
  }

  /** A whole number under `end`. @param {number} end */
  below(end) {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end);
  }

  /** @param {number} percent */
  chance(percent) {
    return this.below(100) < percent;
  }

  /** @template T @param {readonly T[]} items @returns {T} */
  one(items) {
    return /** @type {T} */ (items[this.below(items.length)]);
  }

  /** Some of the items, at least one, in their order. @template T @param {readonly T[]} items @returns {T[]} */
  some(items) {
    const chosen = items.filter(() => this.chance(50));
    return chosen.length > 0 ? chosen : [this.one(items)];
  }

  word(most = 12) {
    const letters = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"];
    return Array.from({ length: 1 + this.below(most) }, () => this.one(letters)).join("");
  }

  text(most = 40) {
    const some = [
      "a",
      "Z",
      "0",
      "9",
      " ",
      ".",
      "/",
      "'",
      '"',
      "\\",
      "\n",
      "\t",
      "\0",
      "ä",
      "ß",
      "漢",
      "🙂",
      "\u0301",
      "\u202e",
    ];
    return Array.from({ length: this.below(most + 1) }, () => this.one(some)).join("");
  }

  /** @param {number} length */
  bytes(length) {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  fields() {
    const pairs = Array.from({ length: this.below(5) }, (_, at) => [
      `f${at}-${this.word()}`,
      this.chance(70) ? this.text() : this.bytes(this.below(90)),
    ]);
    return Object.fromEntries(pairs);
  }

  /** The metadata that a user may give. */
  about() {
    const time = () => 1 + this.below(2 ** 31) * 2 ** 22;
    return {
      ...(this.chance(60)
        ? {
            info: Object.fromEntries(
              Array.from({ length: this.below(4) }, (_, at) => [`i${at}-${this.word()}`, this.text()]),
            ),
          }
        : {}),
      ...(this.chance(40) ? { tags: Array.from({ length: this.below(4) }, () => this.word()) } : {}),
      ...(this.chance(40) ? { note: this.text() } : {}),
      ...(this.chance(40) ? { kind: this.text(10) } : {}),
      ...(this.chance(30) ? { expiresAt: time() } : {}),
      ...(this.chance(30) ? { rotateAfter: new Date(this.below(2 ** 40)) } : {}),
    };
  }

  passphrase() {
    return `${this.word(20)} é漢 e\u0301 ${this.below(2 ** 32)}`;
  }
}

/** @param {Uint8Array} bytes */
export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} text */
function ofHex(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** @param {Uint8Array} bytes */
export function toBase64(bytes) {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** @param {string} text */
export function ofBase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** What opens a vault by this way. @param {Way} way */
function unlockOf({ key, passphrase, passkey }) {
  return {
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(passkey === undefined
      ? {}
      : { passkey: { credentialId: ofHex(passkey.credentialId), prfOutput: ofHex(passkey.prfOutput) } }),
  };
}

/**
 * Writes a random vault: the ways that do and do not open it, and its bytes in base64.
 *
 * @param {Api} api
 * @param {string} seed
 * @returns {Promise<{ vault: string, ways: Way[] }>}
 */
export async function write(api, seed) {
  const dice = new Dice(seed);
  const kdf = dice.chance(4) ? api.Kdf.pbkdf2() : api.Kdf.argon2id({ memoryKib: 19_456, passes: 2, lanes: 1 });
  /** @type {Way} */
  const owner = { label: "owner", owner: true };
  if (dice.chance(20)) {
    owner.passphrase = dice.passphrase();
  }
  if (owner.passphrase === undefined || dice.chance(30)) {
    owner.key = await api.generateKey();
  }
  const ways = [owner];
  let vault = await api.Vault.create({ ...unlockOf(owner), kdf });
  let stored = await vault.seal();
  const names = ["binance", "kraken", "env"].slice(0, 1 + dice.below(3));
  for (let round = dice.below(3); round >= 0; round--) {
    await entries(dice, vault, names);
    if (dice.chance(50)) {
      const next = await vault.splice(stored);
      await vault.saved(next);
      stored = next;
    } else {
      stored = await vault.seal();
    }
    if (dice.chance(40)) {
      await vault.lock();
      vault = await api.Vault.open(stored, unlockOf(owner));
    }
  }
  await grants(api, dice, vault, names, ways, kdf);
  const holders = ways.filter((way) => !way.owner);
  if (holders.length > 0 && dice.chance(50)) {
    const way = dice.one(holders);
    await vault.revoke(/** @type {string} */ (way.label));
    way.gone = true;
  }
  const typed = ways.filter((way) => way.passphrase !== undefined && !way.passkey && !way.gone);
  if (typed.length > 0 && dice.chance(50)) {
    const way = dice.one(typed);
    ways.push({ ...way, gone: true });
    way.passphrase = dice.passphrase();
    const same = way.key === undefined ? {} : { key: way.key };
    await vault.changePassphrase(/** @type {string} */ (way.label), way.passphrase, { ...same, kdf });
  }
  if (dice.chance(30)) {
    await rekey(dice, vault, ways);
  }
  await vault.put(`${names[0]}/last`, dice.fields());
  stored = await vault.seal();
  await vault.lock();
  return { vault: toBase64(stored), ways };
}

/** @param {Dice} dice @param {import("strongroom").Vault} vault @param {string[]} names */
async function entries(dice, vault, names) {
  for (const name of names) {
    await vault.put(`${name}/main`, dice.fields(), dice.about());
  }
  for (let count = dice.below(7); count > 0; count--) {
    const name = `${dice.one(names)}/${dice.word()}`;
    await vault.put(name, dice.fields(), dice.about());
    if (dice.chance(30)) {
      const version = vault.entry(name).version;
      await vault.update(name, { more: dice.text() }, { note: dice.text(), tags: ["y", "x"], ifVersion: version });
    }
    if (dice.chance(40)) {
      await vault.stage(name, dice.fields(), dice.about());
      if (dice.chance(70)) {
        await vault.promote(name);
        if (dice.chance(40)) {
          await vault.retire(name);
        }
      }
    }
    const field = (await vault.entry(name).fieldNames())[0];
    if (field !== undefined && dice.chance(15)) {
      await vault.removeField(name, field);
    }
    const other = `${dice.one(names)}/moved-${dice.below(2 ** 32)}`;
    switch (dice.below(7)) {
      case 0:
        await vault.rename(name, other);
        break;
      case 1:
        await vault.copy(name, other);
        break;
      case 2:
        await vault.remove(name);
        break;
    }
  }
}

/**
 * @param {Api} api @param {Dice} dice @param {import("strongroom").Vault} vault @param {string[]} names @param {Way[]} ways
 * @param {import("strongroom").Kdf} kdf
 */
async function grants(api, dice, vault, names, ways, kdf) {
  for (let number = dice.below(4); number > 0; number--) {
    /** @type {Way} */
    const way = { label: `bot ${number}`, owner: dice.chance(20) };
    const access = way.owner ? /** @type {const} */ ("owner") : { compartments: dice.some(names) };
    const kind = dice.one([
      "new key",
      "new key",
      "new key",
      "key",
      "both",
      "passphrase",
      "passkey",
      "passkey and passphrase",
    ]);
    if (kind.endsWith("passphrase") || kind === "both") {
      way.passphrase = dice.passphrase();
    }
    if (kind.startsWith("passkey")) {
      const [credentialId, prfOutput] = [dice.bytes(1 + dice.below(40)), dice.bytes(32)];
      const prfInput = await vault.generatePrfInput();
      const { passkey: _, ...rest } = unlockOf(way);
      await vault.grant(`bot ${number}`, access, { ...rest, passkey: { credentialId, prfOutput, prfInput }, kdf });
      way.passkey = { credentialId: toHex(credentialId), prfOutput: toHex(prfOutput) };
    } else if (kind === "new key") {
      way.key = /** @type {string} */ (await vault.grant(`bot ${number}`, access));
    } else {
      if (kind !== "passphrase") {
        way.key = await api.generateKey();
      }
      await vault.grant(`bot ${number}`, access, { ...unlockOf(way), kdf });
    }
    ways.push(way);
  }
}

/** @param {Dice} dice @param {import("strongroom").Vault} vault @param {Way[]} ways */
async function rekey(dice, vault, ways) {
  const there = ways.filter((way) => !way.gone);
  // A passkey has to be asked again, so that a re-keying leaves it out.
  const kept = there.filter((way, at) => at === 0 || (way.passkey === undefined && dice.chance(50)));
  const { keys } = await vault.rekey(kept.map(({ passkey: _, ...way }) => unlockOf(way)));
  for (const way of there) {
    if (!kept.includes(way)) {
      way.gone = true;
    } else if (way.key !== undefined) {
      ways.push({ ...way, gone: true });
      way.key = /** @type {string} */ (keys[/** @type {string} */ (way.label)]);
    }
  }
}

/**
 * What is seen in a vault by one way: everything, or the code that it is refused with.
 *
 * @param {Api} api
 * @param {Uint8Array} bytes
 * @param {Way} way
 */
export async function describe(api, bytes, way) {
  let vault;
  try {
    vault = await api.Vault.open(bytes, unlockOf(way));
  } catch (fault) {
    return { refused: /** @type {{ code: string }} */ (fault).code };
  }
  const { scope } = vault.openedBy;
  const seen = {
    scope,
    pin: await vault.pin(),
    damage: vault.damage.length,
    slots: vault.slots.map(({ label, passkey }) => [label, toHex(passkey ?? new Uint8Array())]),
    compartments: vault.compartments.map(({ name, entries }) => [name, entries]),
    entries: /** @type {Record<string, unknown>} */ ({}),
  };
  for (const name of vault.names()) {
    const versions = (await vault.versions(name)).reverse();
    seen.entries[name] = await Promise.all(versions.map(versionOf));
  }
  await vault.lock();
  return seen;
}

/** @param {import("strongroom").Entry} entry */
async function versionOf(entry) {
  const { version, state, kind, created, updated, tags, note, expiresAt, rotateAfter, info } = entry;
  /** @type {Record<string, string | { hex: string }>} */
  const secret = {};
  for (const name of await entry.fieldNames()) {
    const value = await entry.reveal(name);
    secret[name] = typeof value === "string" ? value : { hex: toHex(value) };
  }
  return {
    ...{ version, state, kind, created, updated, tags, note, info, secret },
    ...{ expires_at: expiresAt, rotate_after: rotateAfter },
  };
}
