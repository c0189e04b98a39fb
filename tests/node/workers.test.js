// @ts-check
/** The worker threads under the package: when they start, what is sent to them, and how they end. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { describe, test } from "node:test";
import { promisify } from "node:util";

import * as api from "strongroom";
import * as here from "strongroom/sync";

import { outcome } from "./faces.js";
import { collected } from "./garbage.js";

const run = promisify(execFile);
const TOO_MUCH = "$argon2id$v=19$m=4194303,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$nIfAaJi8GFFmabVKi5XTbmIpRklNelXCbzkaBAYGjBk";

/** Every worker that is running. @type {Set<WeakRef<import("node:worker_threads").Worker>>} */
const running = new Set();
process.on("worker", (worker) => {
  const ref = new WeakRef(worker);
  running.add(ref);
  worker.once("exit", () => running.delete(ref));
});

/** Runs a script in a process of its own, which has to end by itself. @param {string} script @param {string[]} flags */
async function script(script, ...flags) {
  const args = [...flags, "--input-type=module", "--eval", script];
  const { stdout } = await run(process.execPath, args, { cwd: import.meta.dirname, timeout: 60_000 });
  return stdout.trim();
}

async function opened() {
  const vault = await api.Vault.create({ key: await api.generateKey() });
  await vault.put("binance/main", { secret: "s" });
  return vault;
}

describe("what is sent", () => {
  test("is what the caller had then, also if it is wiped at once", async () => {
    const password = new TextEncoder().encode("correct horse");
    const hashing = api.hashPassword(password);
    password.fill(0);
    assert.equal(await api.verifyPassword("correct horse", await hashing), true);
    const vault = await opened();
    const secret = new Uint8Array([1, 2, 3]);
    const putting = vault.put("binance/bytes", { secret });
    secret.fill(0);
    await putting;
    assert.deepEqual(await vault.entry("binance/bytes").reveal("secret"), new Uint8Array([1, 2, 3]));
    const sealed = await vault.seal();
    const key = await api.generateKey();
    await vault.grant("other", "owner", { key });
    const bytes = await vault.seal();
    const opening = api.Vault.open(bytes, { key });
    bytes.fill(0);
    const again = await opening;
    assert.deepEqual(again.names(), ["binance/bytes", "binance/main"]);
    assert.ok(sealed.length > 0);
    await Promise.all([vault.lock(), again.lock()]);
  });

  test("leaves the caller's bytes to the caller", async () => {
    const vault = await opened();
    const sealed = await vault.seal();
    await vault.reload(sealed);
    assert.ok(sealed.length > 0 && sealed.buffer.byteLength > 0);
    await vault.lock();
  });
});

describe("a worker", () => {
  test("of a vault ends when it is locked, or left to `await using`", async () => {
    await api.generateKey(); // the shared one
    const before = running.size;
    const vault = await opened();
    const other = await opened();
    assert.equal(running.size, before + 2);
    await vault.lock();
    assert.equal(running.size, before + 1);
    await other[Symbol.asyncDispose]();
    assert.equal(running.size, before);
    assert.equal(other.locked, true);
  });

  test("of a vault that cannot be opened ends", async () => {
    await api.generateKey();
    const before = running.size;
    assert.equal(await outcome(() => api.Vault.open(new Uint8Array(5), { passphrase: "x" })), "format");
    await collected(() => running.size === before);
  });

  test("of a vault that nobody has any more and nobody locked ends", async () => {
    const before = running.size;
    await (async () => {
      const vault = await opened();
      await vault.entry("binance/main").reveal("secret");
    })();
    await collected(() => running.size <= before);
  });

  test("stays for as long as an entry of its vault does", async () => {
    const entry = await (async () => (await opened()).entry("binance/main"))();
    const [gone] = await Promise.allSettled([collected(() => false)]);
    assert.equal(gone.status, "rejected");
    assert.equal(await entry.reveal("secret"), "s");
    const { verify } = await api.Totp.generate(); // and an object, for as long as a method of it does
    await Promise.allSettled([collected(() => false)]);
    assert.equal(await verify("wrong"), null);
  });

  test("that is killed is told as locked, by whatever waits for it and by what comes", async () => {
    const vault = await opened();
    const worker = [...running].at(-1)?.deref() ?? assert.fail();
    const waiting = [vault.put("binance/other", { secret: "x" }), vault.seal()].map((call) => outcome(() => call));
    const exit = once(worker, "exit");
    const alive = setInterval(() => {}, 1000); // an answer that still comes lets the process end
    await worker.terminate();
    await exit;
    clearInterval(alive);
    const told = await Promise.all(waiting);
    assert.ok(
      told.every((code) => code === "locked" || code === "ok"),
      String(told),
    );
    assert.equal(vault.locked, true);
    assert.equal(await outcome(() => vault.seal()), "locked");
    assert.equal(await outcome(() => vault.names()), "locked");
    await vault.lock();
  });

  test("that runs out of memory is ended, and another takes its place", async () => {
    const hasher = await api.createPasswordHasher({ maxMemoryKib: 4_194_303 });
    const totp = await api.Totp.generate();
    const code = await outcome(() => hasher.verify("x", TOO_MUCH));
    assert.ok(["locked", "io", "limit"].includes(code), code);
    if (code === "locked") {
      assert.equal(await outcome(() => totp.now()), "locked");
    }
    assert.match(await api.hashPassword("x"), /^\$argon2id\$/);
    const guard = await api.createGuard();
    assert.equal(await outcome(() => guard.verify("alice", totp, "123456")), code === "locked" ? "locked" : "ok");
  });
});

describe("a process", () => {
  test("ends by itself with vaults open, whatever came first", async () => {
    const vaults = `
      import { Vault, generateKey, hashPassword } from "strongroom";
      const vault = await Vault.create({ key: await generateKey() });
      await vault.put("a/b", { c: "d" });
      console.log("open");`;
    assert.equal(await script(vaults), "open");
    const refused = `
      import { hashPassword } from "strongroom";
      await hashPassword(Symbol("x")).catch((fault) => console.log(fault.code));`;
    assert.equal(await script(refused), "invalid_input");
    const still = `
      import { Vault } from "strongroom";
      Vault.create({ passphrase: "x" }).then((vault) => console.log(vault.names().length));`;
    assert.equal(await script(still), "0");
  });

  test("that may start no worker is told so", async () => {
    const code = `
      import { Vault, generateKey } from "strongroom";
      for (const call of [() => generateKey(), () => Vault.create({ passphrase: "x" })]) {
        await call().catch((fault) => console.log(fault.name, fault.code));
      }`;
    assert.equal(await script(code, "--permission", "--allow-fs-read=*"), "StrongroomError io\nStrongroomError io");
  });

  test("that runs out of the WebAssembly's memory without a worker is told so, and never left to wait", async () => {
    const code = `
      import { createPasswordHasher, hashPassword, Vault } from "strongroom/sync";
      const hasher = createPasswordHasher({ maxMemoryKib: 4_194_303 });
      for (const call of [() => hasher.verify("x", ${JSON.stringify(TOO_MUCH)}), () => hashPassword("x")]) {
        try {
          call();
          console.log("ok");
        } catch (fault) {
          console.log(fault.name, fault.code);
        }
      }`;
    const told = (await script(code)).split("\n");
    assert.equal(told.length, 2);
    assert.ok(
      told.every((line) =>
        ["ok", "StrongroomError locked", "StrongroomError limit", "StrongroomError io"].includes(line),
      ),
      String(told),
    );
  });
});

test("every code of an error in Rust is one in TypeScript, and the other way round", async () => {
  const wasm = await import(new URL("./strongroom.js", import.meta.resolve("strongroom/sync")).href);
  const source = await import("node:fs").then((fs) =>
    fs.readFileSync(new URL("../../wasm/js/src/error.ts", import.meta.url), "utf8"),
  );
  const listed = source.slice(0, source.indexOf("export class")).match(/^\s*\| "(\w+)"/gm) ?? [];
  const codes = listed.map((line) => line.replace(/[^a-z_]/g, ""));
  assert.deepEqual(codes.sort(), wasm.errorCodes().sort());
  assert.ok(codes.length >= 15);
  assert.equal(new Set(codes).size, codes.length);
  const fault = new here.StrongroomError("locked", "x");
  assert.ok(fault instanceof Error && fault instanceof api.StrongroomError);
  assert.deepEqual([fault.name, fault.code, fault.message], ["StrongroomError", "locked", "x"]);
});
