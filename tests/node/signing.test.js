// @ts-check
/** What no vector of signing can say, over both faces of the package: nonces, clocks, locking, and the peers' verification. */

import assert from "node:assert/strict";
import { createHmac, createPublicKey, generateKeyPairSync, randomBytes, verify } from "node:crypto";
import { describe, test } from "node:test";

import { FACES, outcome } from "./faces.js";
import { SlowState } from "./state.js";

/** @typedef {import("./faces.js").Api} Api */

const NOW_MS = 1_700_000_000_000;
const ROUNDS = process.env.STRONGROOM_SOAK ? 1000 : 50;

/** A vault with one entry. @param {Api} api @param {Record<string, string>} fields */
async function vaultOf(api, fields, info = { api_key: "my-key" }) {
  const vault = await api.Vault.create({ key: await api.generateKey() });
  await vault.put("exchange/main", fields, { info });
  return vault;
}

/** @param {import("strongroom").SignedRequest} signed */
const nonceOf = ({ body }) => Number(new URLSearchParams(body ?? "").get("nonce"));

/** A recipe that signs the body and nothing else. @param {string} algorithm @param {string} encoding */
const bodyWith = (algorithm, encoding = "base64") => ({
  exchange: "example",
  host: "https://api.example.com",
  schemes: [{ algorithm, encoding }],
  message: "<body>",
  headers: { "X-Sign": "<signature>" },
});

for (const [face, api] of FACES) {
  describe(face, () => {
    for (const [algorithm, type, options, hash, dsaEncoding] of /** @type {any[]} */ ([
      ["ed25519", "ed25519", {}, null, undefined],
      ["es256", "ec", { namedCurve: "P-256" }, "sha256", "ieee-p1363"],
      ["rsa-sha256", "rsa", { modulusLength: 2048 }, "sha256", undefined],
    ])) {
      test(`Node verifies ${algorithm} under keys that it made`, async () => {
        const rounds = algorithm === "rsa-sha256" ? ROUNDS / 10 : ROUNDS;
        for (let round = 0; round < rounds; round++) {
          const { privateKey } = /** @type {any} */ (generateKeyPairSync)(type, options);
          const secret = privateKey.export({ type: "pkcs8", format: "pem" });
          const vault = await vaultOf(api, { secret });
          const body = randomBytes(round).toString("base64");
          const signer = vault.entry("exchange/main").signer(/** @type {any} */ (bodyWith(algorithm)));
          const { headers } = await signer.sign("POST", "/order", { body });
          const signature = Buffer.from(headers["X-Sign"] ?? assert.fail(), "base64");
          const key = { key: createPublicKey(privateKey), dsaEncoding };
          assert.ok(verify(hash, Buffer.from(body), key, signature), secret);
          assert.ok(!verify(hash, Buffer.from(`${body}x`), key, signature));
          await vault.lock();
        }
      });
    }

    test("HMAC is that of Node, whatever the secret and the body", async () => {
      for (const hash of ["sha1", "sha256", "sha384", "sha512"]) {
        for (let round = 0; round < ROUNDS; round++) {
          const [secret, body] = [randomBytes(1 + round), randomBytes(round)].map((some) => some.toString("base64"));
          const vault = await vaultOf(api, { secret: secret ?? "" });
          const signer = vault.entry("exchange/main").signer(/** @type {any} */ (bodyWith(`hmac-${hash}`, "hex")));
          const { headers } = await signer.sign("POST", "/order", { body: Buffer.from(body ?? "") });
          assert.equal(
            headers["X-Sign"],
            createHmac(hash, secret ?? "")
              .update(body ?? "")
              .digest("hex"),
          );
          await vault.lock();
        }
      }
    });

    test("what is signed is what fetch takes", async () => {
      const vault = await vaultOf(api, { secret: "s" });
      const signer = vault.entry("exchange/main").signer("binance");
      const signed = await signer.sign("GET", "/api/v3/account?recvWindow=5000");
      assert.equal(signed.body, null);
      const request = new Request(signed.url, signed);
      assert.deepEqual([request.method, request.headers.get("x-mbx-apikey")], ["GET", "my-key"]);
      assert.match(request.url, /^https:\/\/api\.binance\.com\/api\/v3\/account\?timestamp=\d+&recvWindow=5000&sig/);
      const order = await signer.sign("POST", "/api/v3/order", { body: "symbol=BTCUSDT", headers: { "X-Own": "y" } });
      const { headers } = new Request(order.url, order);
      assert.equal(headers.get("content-type"), "application/x-www-form-urlencoded");
      assert.equal(headers.get("x-own"), "y");
      await vault.lock();
    });

    test("a URL, a form and headers may be those of browsers and of Node", async () => {
      const vault = await vaultOf(api, { secret: "c2VjcmV0" });
      for (const options of [{}, face === "strongroom" ? { state: new SlowState() } : {}]) {
        const signer = vault.entry("exchange/main").signer("kraken", options);
        const texts = { body: "pair=XBTUSD&type=buy", headers: { "x-own": "y" }, nonce: 7, timestampMs: NOW_MS };
        const objects = { ...texts, body: new URLSearchParams(texts.body), headers: new Headers(texts.headers) };
        const url = "https://api.kraken.com/0/private/AddOrder";
        const signed = await signer.sign("POST", new URL(url), objects);
        assert.deepEqual(signed, await signer.sign("POST", url, texts));
        assert.deepEqual([signed.body, signed.headers["x-own"]], [`nonce=7&${texts.body}`, "y"]);
      }
      await vault.lock();
    });

    test("nonces rise for an account through all signers of a vault", async () => {
      const vault = await vaultOf(api, { secret: "c2VjcmV0" });
      const entry = vault.entry("exchange/main");
      const [one, other] = [entry.signer("kraken"), entry.signer("kraken")];
      const drawn = [];
      for (const timestampMs of [NOW_MS, NOW_MS, NOW_MS - 5000, NOW_MS + 10]) {
        drawn.push(nonceOf(await one.sign("POST", "/0/private/Balance", { timestampMs })));
        drawn.push(nonceOf(await other.sign("POST", "/0/private/Balance", { timestampMs })));
      }
      const first = [0, 1, 2, 3, 4, 5, 10, 11].map((more) => NOW_MS + more);
      assert.deepEqual(drawn, first);
      assert.equal(nonceOf(await one.sign("POST", "/0/private/Balance", { nonce: 7 })), 7);
      assert.equal(nonceOf(await one.sign("POST", "/0/private/Balance", { nonce: "8" })), 8);
      await vault.lock();
    });

    test("nonces of a state never come twice, through several vaults at once", async () => {
      const state = new SlowState();
      const vaults = [await vaultOf(api, { secret: "c2VjcmV0" }), await vaultOf(api, { secret: "c2VjcmV0" })];
      const signers = vaults.map((vault) => vault.entry("exchange/main").signer("kraken", { state }));
      const requests = Array.from({ length: 60 }, (_, at) =>
        signers[at % 2]?.sign("POST", "/0/private/Balance", { timestampMs: NOW_MS, body: `asset=A${at}` }),
      );
      const signed = await Promise.all(requests);
      const drawn = signed.map((one) => nonceOf(one ?? assert.fail())).sort();
      assert.deepEqual(
        drawn,
        drawn.map((_, at) => NOW_MS + at),
      );
      assert.deepEqual(
        signed.map((one) => new URLSearchParams(one?.body ?? "").get("asset")),
        requests.map((_, at) => `A${at}`),
      );
      const [[key, { value, expiresAt }] = assert.fail(), ...more] = [...state.kept];
      assert.match(key, /^nonce\/kraken\/[0-9a-f]{32}$/);
      assert.deepEqual([Buffer.from(value).readBigUInt64BE(), expiresAt], [BigInt(NOW_MS + 59), 2 ** 53 - 1]);
      assert.equal(more.length, 0);
      await Promise.all(vaults.map((vault) => vault.lock()));
    });

    test("a state is asked only for what wants a number, and only once the request is in order", async () => {
      const vault = await vaultOf(api, { secret: "c2VjcmV0" });
      const entry = vault.entry("exchange/main");
      const away = {
        load: () => {
          throw new RangeError("the database is away");
        },
        compareAndSet: () => true,
      };
      const [kraken, binance] = ["kraken", "binance"].map((name) => entry.signer(name, { state: away }));
      assert.equal(await outcome(() => binance?.sign("GET", "/api/v3/account")), "ok");
      assert.equal(await outcome(() => kraken?.sign("POST", "/0/private/Balance", { nonce: 5 })), "ok");
      assert.equal(await outcome(() => kraken?.sign("post", "/0/private/Balance")), "invalid_input");
      await assert.rejects(async () => kraken?.sign("POST", "/0/private/Balance"), RangeError);
      const never = entry.signer("kraken", { state: { load: () => null, compareAndSet: () => false } });
      assert.equal(await outcome(() => never.sign("POST", "/0/private/Balance")), "conflict");
      for (const [stored, code] of /** @type {[any, string][]} */ ([
        [new Uint8Array(7), "damaged"],
        [new Uint8Array(8).fill(0xff), "damaged"],
        [Uint8Array.of(0x7f, ...Array(7).fill(0xff)), "limit"],
        ["text", "invalid_input"],
      ])) {
        const odd = entry.signer("kraken", { state: { load: () => stored, compareAndSet: () => true } });
        assert.equal(await outcome(() => odd.sign("POST", "/0/private/Balance")), code);
      }
      for (const state of [5, {}, null, { load: 5, compareAndSet: 5 }, () => {}]) {
        const code = await outcome(() => entry.signer("kraken", /** @type {any} */ ({ state })).clockOffsetMs());
        assert.equal(code, "invalid_input");
      }
      await vault.lock();
    });

    test("the clock of a server is learnt, and is in what is signed next", async () => {
      const vault = await vaultOf(api, { secret: "s" });
      const signer = vault.entry("exchange/main").signer("binance");
      assert.equal(await signer.clockOffsetMs(), 0);
      assert.equal(await signer.learnClock(NOW_MS + 5100, NOW_MS, NOW_MS + 200), 5000);
      await signer.setClockOffsetMs(-3_600_000);
      assert.equal(await signer.clockOffsetMs(), -3_600_000);
      const before = Date.now();
      const { url } = await signer.sign("GET", "/api/v3/account");
      const at = Number(new URL(url).searchParams.get("timestamp")) + 3_600_000;
      assert.ok(at >= before && at <= Date.now(), String(at - before));
      for (const odd of [86_400_001, 0.5, Number.NaN]) {
        assert.equal(await outcome(() => signer.setClockOffsetMs(odd)), "invalid_input");
      }
      assert.equal(await outcome(() => signer.learnClock(NOW_MS / 1000, NOW_MS, NOW_MS)), "invalid_input");
      await vault.lock();
    });

    test("a locked vault signs nothing, and neither does a signer of an entry that has changed", async () => {
      const vault = await vaultOf(api, { secret: "s" });
      const entry = vault.entry("exchange/main");
      const signer = entry.signer("binance");
      assert.equal(await outcome(() => signer.sign("GET", "/api/v3/account")), "ok");
      await vault.update("exchange/main", { secret: "t" });
      assert.equal(await outcome(() => entry.signer("binance").sign("GET", "/api/v3/account")), "conflict");
      await vault.lock();
      assert.equal(await outcome(() => signer.sign("GET", "/api/v3/account")), "locked");
      assert.equal(await outcome(() => entry.signer("binance").sign("GET", "/api/v3/account")), "locked");
    });

    test("exchanges and recipes are told without a vault", async () => {
      const names = await api.exchanges();
      assert.ok(names.length > 40 && names.includes("okx/websocket"));
      assert.deepEqual(names, [...names].sort());
      for (const name of names) {
        const { exchange, source, isLogin } = await api.readRecipe(name);
        assert.deepEqual([exchange, isLogin], [name, name.endsWith("/websocket")]);
        assert.match(source, /^https:/);
      }
      const recipe = /** @type {any} */ (bodyWith("hmac-sha256", "hex"));
      const facts = {
        exchange: "example",
        host: "https://api.example.com",
        source: "",
        fields: ["secret"],
        isLogin: false,
      };
      assert.deepEqual(await api.readRecipe(recipe), facts);
      assert.deepEqual(await api.readRecipe(JSON.stringify(recipe)), facts);
      assert.deepEqual((await api.readRecipe("okx")).fields, ["api_key", "password", "secret"]);
      await assert.rejects(async () => api.readRecipe("krakne"), /kraken/);
    });

    test("a key that is encrypted is refused here, and told what to do", async () => {
      const { privateKey } = generateKeyPairSync("ed25519");
      const secret = privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" });
      for (const fields of [{ secret: String(secret), key_password: "x" }, { secret: String(secret) }]) {
        const vault = await vaultOf(api, fields);
        const sign = async () => vault.entry("exchange/main").signer("binance").sign("GET", "/api/v3/account");
        await assert.rejects(sign, {
          code: "invalid_input",
          message:
            /an encrypted private key, which is not decrypted in WebAssembly; store it decrypted, with `openssl pkcs8`/,
        });
        await vault.lock();
      }
    });
  });
}
