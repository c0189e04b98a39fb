// What is compared both in Node and in a page: ours without a worker, and its peers, alternately on one thread.

import { argon2id } from "hash-wasm";
import sodium from "libsodium-wrappers-sumo";
import { verifySync } from "otplib";
import { createPasswordHasher, generateKey, Kdf, Totp, Vault } from "strongroom/sync";

const PASSWORD = "correct horse battery staple";
const SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const AT = 1_700_000_010;
/** In one measurement: a call is too short to be measured by itself. */
const CALLS = 2_000;

/** The medians in seconds, by row: ours first. `bytes` and `key` are of a vault of 1,000 entries. */
export async function compare(bytes, key) {
  await sodium.ready;
  const salt = new Uint8Array(16);
  const argon2 = createPasswordHasher({ kdf: Kdf.argon2id({ memoryKib: 19_456, passes: 2, lanes: 1 }) });
  const pbkdf2 = createPasswordHasher({ kdf: Kdf.pbkdf2({ iterations: 600_000 }) });
  const native = await crypto.subtle.importKey("raw", new TextEncoder().encode(PASSWORD), "PBKDF2", false, [
    "deriveBits",
  ]);
  const derive = { name: "PBKDF2", hash: "SHA-256", salt, iterations: 600_000 };
  const ofHashWasm = { password: PASSWORD, salt, parallelism: 1, iterations: 2, memorySize: 19_456, hashLength: 32 };
  const ofSodium = [32, PASSWORD, salt, 2, 19_456 * 1024, sodium.crypto_pwhash_ALG_ARGON2ID13];

  const figures = {
    argon2: await alternate(
      21,
      () => argon2.hash(PASSWORD),
      () => argon2id({ ...ofHashWasm, outputType: "encoded" }),
      () => sodium.crypto_pwhash(...ofSodium),
    ),
    pbkdf2: await alternate(
      11,
      () => pbkdf2.hash(PASSWORD),
      () => crypto.subtle.deriveBits(derive, native, 256),
    ),
    open: await alternate(51, () => {
      const vault = Vault.open(bytes, { key });
      if (vault.names().length !== 1000) throw new Error("expected the vault of 1,000 entries");
      vault.lock();
    }),
  };
  // The settings of almost every account, and one step before and after. A wrong code takes all three.
  const totp = Totp.fromSecret(SECRET).withWindow(1, 1);
  const peer = { secret: SECRET, epoch: AT, epochTolerance: 30 };
  for (const [row, code, isRight] of [
    ["present code", totp.at(AT), true],
    ["wrong code", "000000", false],
  ]) {
    const ours = () => (totp.verify(code, { at: AT }) !== null) === isRight;
    const theirs = () => verifySync({ ...peer, token: code }).valid === isRight;
    if (!ours() || !theirs()) throw new Error("expected the same of both");
    const medians = await alternate(21, repeated(ours), repeated(theirs));
    figures[row] = medians.map((seconds) => seconds / CALLS);
  }
  return { ...figures, signatures: await signatures() };
}

/** The median in seconds of one signed request, by the algorithm of a key that is made here. */
async function signatures() {
  const pkcs8 = async (algorithm) => {
    const { privateKey } = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const der = new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey));
    return btoa(String.fromCharCode(...der));
  };
  const rsa = { modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: "SHA-256" };
  const secrets = {
    ed25519: await pkcs8({ name: "Ed25519" }),
    es256: await pkcs8({ name: "ECDSA", namedCurve: "P-256" }),
    secp256k1: "01".repeat(32),
    "rsa-sha256": await pkcs8({ name: "RSASSA-PKCS1-v1_5", ...rsa }),
  };
  const vault = Vault.create({ key: generateKey() });
  const medians = {};
  for (const [algorithm, secret] of Object.entries(secrets)) {
    vault.put("exchange/main", { secret });
    const signer = vault.entry("exchange/main").signer({
      exchange: "bench",
      host: "https://api.example.com",
      schemes: [{ algorithm, encoding: "base64" }],
      message: "<timestamp><method><path_query><body>",
      headers: { Sign: "<signature>" },
    });
    [medians[algorithm]] = await alternate(51, () => signer.sign("POST", "/order", { body: "symbol=BTCUSDT" }));
  }
  vault.lock();
  return medians;
}

function repeated(job) {
  return () => {
    for (let call = 0; call < CALLS; call += 1) job();
  };
}

/** Runs the jobs in turn, and gives each one's median in seconds. The first rounds are not counted: the engine compiles. */
async function alternate(runs, ...jobs) {
  const times = jobs.map(() => []);
  for (let run = -2; run < runs; run += 1) {
    for (const [at, job] of jobs.entries()) {
      const start = performance.now();
      await job();
      if (run >= 0) times[at].push((performance.now() - start) / 1000);
    }
  }
  return times.map(median);
}

export function median(values) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)];
}
