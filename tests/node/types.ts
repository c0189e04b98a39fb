/** The whole API in TypeScript, for `tsc` to check and nobody to run: what it takes, what it gives, and what it refuses. */

import type {
  Access,
  Account,
  Compartment,
  Damage,
  Data,
  DeliveredCodes,
  DeliveredCodesOptions,
  Entry,
  EntryOptions,
  ErrorCode,
  Factors,
  Fernet,
  FernetMaker,
  FieldValue,
  Find,
  Fresh,
  Guard,
  GuardOptions,
  Hotp,
  HotpMaker,
  Kdf,
  KdfMaker,
  LoginOptions,
  Migration,
  NewPasskey,
  OpenedBy,
  Otp,
  OtpAlgorithm,
  PasskeyOutput,
  PasskeySlot,
  Password,
  PasswordHasher,
  PasswordHasherOptions,
  Passwords,
  Recipe,
  RecipeFacts,
  Rekeyed,
  Revoked,
  SealedTotp,
  Sealing,
  SignedLogin,
  SignedRequest,
  Signer,
  SignerOptions,
  Signing,
  SignOptions,
  Slot,
  State,
  StrongroomError,
  Time,
  Totp,
  TotpMaker,
  TotpOptions,
  Unlock,
  Vault,
  VaultMaker,
  Verdict,
  WorkerOptions,
} from "strongroom";
import * as asynchronous from "strongroom";
import * as passkeys from "strongroom/passkey";
import * as synchronous from "strongroom/sync";

/** Whether two types are the same, and not only assignable. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Fails to compile unless the type of `value` is exactly `Type`. */
declare function is<Type>(): <Value>(value: Value, same: Same<Value, Type>) => void;

export async function overAWorker(bytes: Uint8Array, key: string, date: Date, state: State): Promise<void> {
  const { Vault, Totp, Hotp, Kdf } = asynchronous;
  is<VaultMaker>()(Vault, true);
  is<TotpMaker>()(Totp, true);
  is<HotpMaker>()(Hotp, true);
  is<KdfMaker>()(Kdf, true);
  is<Kdf>()(Kdf.argon2id({ memoryKib: 65_536, passes: 3, lanes: 4 }), true);
  is<Kdf>()(Kdf.pbkdf2({ iterations: 600_000 }), true);
  is<Kdf>()(Kdf.pbkdf2Sha512(), true);
  is<Promise<string>>()(asynchronous.generateKey(), true);
  is<Promise<void>>()(asynchronous.preload("otp", "password", "sealed", "signing"), true);

  const passkey: PasskeyOutput = { credentialId: bytes, prfOutput: bytes };
  const factors: Factors = { passphrase: "x", key, passkey };
  const unlock: Unlock = { ...factors, pin: "x", allowWeakKdf: true, maxMemoryKib: 65_536 };
  const options: WorkerOptions = {};
  await using vault = await Vault.open(bytes.buffer as ArrayBuffer, unlock, options);
  is<Vault>()(vault, true);
  is<Promise<Vault>>()(Vault.create({ passphrase: "x", key, kdf: Kdf.argon2id() }), true);
  is<Promise<PasskeySlot[]>>()(Vault.passkeys(bytes), true);

  is<OpenedBy>()(vault.openedBy, true);
  is<boolean>()(vault.locked, true);
  is<boolean>()(vault.isChanged, true);
  is<readonly Compartment[]>()(vault.compartments, true);
  is<readonly Slot[]>()(vault.slots, true);
  is<readonly Damage[]>()(vault.damage, true);
  is<string[]>()(vault.names(), true);
  is<boolean>()(vault.has("a/b"), true);
  is<Entry>()(vault.entry("a/b"), true);
  is<Entry[]>()(vault.entries(), true);
  const find: Find = { tag: "x", kind: "x", compartment: "x", due: true };
  is<Promise<string[]>>()(vault.find(find), true);
  is<Promise<Entry[]>>()(vault.versions("a/b"), true);
  const about: EntryOptions = { info: { a: "b" }, kind: "", tags: ["x"], note: "", expiresAt: 1, rotateAfter: date };
  const fields: Record<string, FieldValue> = { text: "x", bytes };
  is<Promise<number>>()(vault.put("a/b", fields, about), true);
  is<Promise<number>>()(vault.update("a/b", fields, { ...about, ifVersion: 1 }), true);
  is<Promise<number>>()(vault.stage("a/b", fields, about), true);
  is<Promise<number>>()(vault.promote("a/b"), true);
  is<Promise<number>>()(vault.removeField("a/b", "text"), true);
  for (const done of [vault.retire("a/b"), vault.remove("a/b"), vault.rename("a/b", "a/c"), vault.copy("a/b", "a/c")]) {
    is<Promise<void>>()(done, true);
  }
  is<Promise<void>>()(vault.removeCompartment("a"), true);
  const access: Access = { compartments: ["a"] };
  const added: NewPasskey = { ...passkey, prfInput: await vault.generatePrfInput() };
  is<Promise<string | null>>()(
    vault.grant("bot", access, { passphrase: "x", passkey: added, kdf: Kdf.pbkdf2() }),
    true,
  );
  is<Promise<Revoked>>()(vault.revoke("bot", { compartments: ["a"], dropDamaged: true }), true);
  is<Promise<void>>()(vault.changePassphrase("owner", "x", { key, passkey: added, kdf: Kdf.pbkdf2() }), true);
  is<Promise<void>>()(vault.strengthen("owner", { passphrase: "x" }, Kdf.argon2id()), true);
  is<Promise<Rekeyed>>()(vault.rekey([{ key }], { dropDamaged: false }), true);
  is<Promise<string>>()(vault.pin(), true);
  is<Promise<string>>()(vault.pinFor("bot"), true);
  is<Promise<Uint8Array>>()(vault.seal(), true);
  is<Promise<Uint8Array>>()(vault.splice(bytes), true);
  is<Promise<void>>()(vault.saved(bytes), true);
  is<Promise<void>>()(vault.discard(), true);
  is<Promise<boolean>>()(vault.reload(bytes), true);
  is<Promise<void>>()(vault.preload("change", "signing", "keys"), true);
  is<Promise<void>>()(vault.lock(), true);

  const entry = vault.entry("a/b");
  is<"current" | "pending" | "previous">()(entry.state, true);
  is<number | null>()(entry.expiresAt, true);
  is<string | undefined>()(Object.values(entry.info)[0], true);
  is<Promise<string[]>>()(entry.fieldNames(), true);
  is<Promise<FieldValue>>()(entry.reveal("text"), true);
  is<Promise<Uint8Array>>()(entry.hmac("text", "message", "sha384"), true);
  is<SealedTotp>()(entry.totpOf("totp"), true);
  is<Promise<string>>()(entry.totp.now(), true);
  is<Promise<Fresh>>()(entry.totp.fresh(5, date), true);

  const recipe: Recipe = {
    exchange: "example",
    schemes: [{ algorithm: "hmac-sha256", secret: "base64", encoding: "hex" }],
    add: [["params", "timestamp", "<timestamp>"]],
    parts: [["account", "<entry.api_key>", "query"]],
    message: "<query>",
    headers: { "X-Sign": "<signature>" },
  };
  is<Promise<string[]>>()(asynchronous.exchanges(), true);
  is<Promise<RecipeFacts>>()(asynchronous.readRecipe(recipe), true);
  const shared: SignerOptions = { state };
  is<Signer>()(entry.signer(recipe), true);
  const signer: Signer = entry.signer("kraken", shared);
  const login: LoginOptions = { timestampMs: 1, nonce: "5", values: { challenge: "x" } };
  const request: SignOptions = { ...login, nonce: 5, body: bytes, headers: { "X-Other": "x" } };
  is<Promise<SignedRequest>>()(signer.sign("GET", "/path", request), true);
  is<Promise<SignedLogin>>()(signer.login(login), true);
  is<Promise<number>>()(signer.learnClock(1, 1, 1), true);
  is<Promise<number>>()(signer.clockOffsetMs(), true);
  is<Promise<void>>()(signer.setClockOffsetMs(1), true);
  const signed = await signer.sign("POST", "/path", { body: "x" });
  await fetch(signed.url, signed);

  const algorithm: OtpAlgorithm = "sha256";
  const settings: TotpOptions = { algorithm, digits: 8, period: 60, steam: false };
  const totp: Totp = await Totp.fromSecret(bytes, settings);
  const hotp: Hotp = await Hotp.generate({ algorithm, digits: 7 });
  const time: Time = date;
  is<Promise<Totp>>()(totp.withWindow(1, 1), true);
  is<Promise<number | null>>()(totp.verify("123456", { at: time, afterStep: 1 }), true);
  is<Promise<Fresh>>()(totp.fresh({ minSeconds: 5, at: 1, afterStep: 1 }), true);
  is<Promise<number | null>>()(hotp.resync("123456", "234567", 1, 100), true);
  const account: Account = await asynchronous.readAccount("otpauth://totp/a?secret=x");
  is<Totp | null>()(account.totp, true);
  is<Promise<Migration>>()(asynchronous.readMigration(["x"]), true);
  is<Promise<string[]>>()(asynchronous.writeMigration([account]), true);
  is<Promise<string>>()(asynchronous.qrSvg("x"), true);
  is<Promise<string>>()(asynchronous.qrTerminal("x", "light"), true);
  const codes = await asynchronous.generateRecoveryCodes(3);
  is<Promise<number | null>>()(
    asynchronous.verifyRecoveryCode(
      "x",
      codes.map((code) => code.stored),
    ),
    true,
  );
  const numbers: GuardOptions = { freeAttempts: 5, delaySeconds: 30, maxDelaySeconds: 60, maxAttempts: 10 };
  const guard: Guard = await asynchronous.createGuard({ ...numbers, state });
  const verdict: Verdict = await guard.verify("alice", totp, "123456", { at: 1 });
  if (verdict.outcome === "throttled") {
    is<number>()(verdict.retryAfter, true);
  }
  is<Promise<bigint>>()(asynchronous.raiseTo(state, "nonce", Date.now(), { at: date }), true);
  is<Promise<bigint>>()(asynchronous.raiseTo({ ...state, raiseTo: async () => 1n }, "nonce", 1n), true);
  const limits: DeliveredCodesOptions = { digits: 6, lifetimeSeconds: 600, attempts: 5 };
  const delivered: DeliveredCodes = await asynchronous.createDeliveredCodes(bytes, limits);
  const result = await delivered.verify((await delivered.issue("alice")).record, "alice", "123456");
  if (result.outcome === "wrong") {
    is<number>()(result.attemptsLeft, true);
  }

  const password: Password = bytes;
  is<Promise<string>>()(asynchronous.hashPassword(password), true);
  is<Promise<boolean>>()(asynchronous.verifyPassword("x", "stored"), true);
  is<boolean>()((await asynchronous.verifyAndUpdate("x", "stored")).ok, true);
  is<Promise<boolean>>()(asynchronous.needsRehash("stored"), true);
  is<Promise<boolean>>()(asynchronous.verifyDummy("x"), true);
  is<string>()((await asynchronous.identifyHash("stored")).format, true);
  is<Kdf>()((await asynchronous.calibrate(100)).kdf, true);
  const hashing: PasswordHasherOptions = { kdf: Kdf.argon2id(), pepper: { keyId: "1", secret: bytes }, maxPasses: 3 };
  const hasher: PasswordHasher = await asynchronous.createPasswordHasher(hashing);
  is<Promise<string>>()(hasher.hashLike("x", "stored"), true);

  const data: Data = "text";
  is<Promise<Uint8Array>>()(asynchronous.seal(key, data, { associatedData: bytes }), true);
  is<Promise<Uint8Array>>()(asynchronous.unseal(key, bytes), true);
  const fernets: FernetMaker = asynchronous.Fernet;
  const fernet: Fernet = await fernets.fromKey(await fernets.generateKey(), [key]);
  is<Promise<Uint8Array>>()(fernet.decrypt(await fernet.encrypt(data, { at: date }), { ttlSeconds: 60, at: 5 }), true);
  is<Promise<string>>()(fernet.rotate(bytes), true);
  is<Promise<number>>()(fernet.extractTimestamp("token"), true);

  is<boolean>()(passkeys.hasPasskeys(), true);
  is<Promise<NewPasskey>>()(passkeys.createPasskey(vault, { label: "laptop", rpId: "example.com" }), true);
  is<Promise<PasskeyOutput>>()(passkeys.getPasskey(await Vault.passkeys(bytes)), true);
}

export function withoutAWorker(bytes: Uint8Array, key: string): void {
  const { Vault, Totp, Kdf } = synchronous;
  const vault: synchronous.Vault = Vault.open(bytes, { key });
  is<string[]>()(vault.names(), true);
  is<number>()(vault.put("a/b", { secret: "x" }), true);
  is<string | null>()(vault.grant("bot", "owner", { kdf: Kdf.argon2id() }), true);
  const sealed: Uint8Array = vault.seal();
  const entry: synchronous.Entry = vault.entry("a/b");
  is<FieldValue>()(entry.reveal("secret"), true);
  is<string>()(entry.totp.now(), true);
  const signer: synchronous.Signer = entry.signer("kraken");
  is<SignedRequest>()(signer.sign("GET", "/path"), true);
  is<string[]>()(synchronous.exchanges(), true);
  const fresh = entry.totp.fresh();
  is<string | null>()(fresh.code, true);
  const totp: synchronous.Totp = Totp.generate();
  is<number | null>()(totp.verify("123456"), true);
  const guard: synchronous.Guard = synchronous.createGuard();
  const { outcome } = guard.verify("alice", totp, "123456");
  is<"accepted" | "used" | "wrong" | "throttled" | "locked">()(outcome, true);
  is<bigint>()(synchronous.raiseTo({ load: () => null, compareAndSet: () => true }, "nonce", 1), true);
  is<boolean>()(synchronous.verifyPassword("x", "stored"), true);
  is<string[]>()(synchronous.writeMigration([synchronous.readAccount("x")]), true);
  is<Uint8Array>()(synchronous.unseal(key, synchronous.seal(key, "x")), true);
  const fernet: synchronous.Fernet = synchronous.Fernet.fromKey("key");
  is<string>()(fernet.rotate(fernet.encrypt(bytes)), true);
  is<boolean>()(vault.reload(sealed), true);
  const started: Promise<void> = synchronous.init();
  void started;
}

export async function whatIsRefused(vault: Vault, bytes: Uint8Array, fault: StrongroomError): Promise<void> {
  // @ts-expect-error there has to be something that opens it
  await asynchronous.Vault.open(bytes);
  // @ts-expect-error text is not the bytes of a vault
  await asynchronous.Vault.open("text", { passphrase: "x" });
  // @ts-expect-error a misspelt factor
  await asynchronous.Vault.open(bytes, { pasphrase: "x" });
  // @ts-expect-error a field is text or bytes
  await vault.put("a/b", { secret: 5 });
  // @ts-expect-error not without awaiting it
  const length: number = vault.seal().length;
  // @ts-expect-error an entry does not change
  vault.entry("a/b").version = 2;
  // @ts-expect-error nor does its info
  vault.entry("a/b").info.user = "x";
  // @ts-expect-error a secret is not a property
  vault.entry("a/b").secret;
  // @ts-expect-error there is no such hash
  await vault.entry("a/b").hmac("secret", "message", "md5");
  // @ts-expect-error there is no such algorithm
  vault.entry("a/b").signer({ exchange: "x", schemes: [{ algorithm: "md5", encoding: "hex" }] });
  const signer = vault.entry("a/b").signer("kraken");
  // @ts-expect-error a body is text or bytes
  await signer.sign("POST", "/path", { body: { a: 1 } });
  // @ts-expect-error a login has no body
  await vault.entry("a/b").signer("okx/websocket").login({ body: "x" });
  // @ts-expect-error costs have names
  asynchronous.Kdf.pbkdf2(600_000);
  // @ts-expect-error there is no such access
  await vault.grant("bot", "admin");
  // @ts-expect-error the step of a code is only told when it is accepted
  (await (await asynchronous.createGuard()).verify("a", await asynchronous.Totp.generate(), "1")).step;
  // @ts-expect-error a Hotp makes other codes
  await (await asynchronous.createGuard()).verify("a", await asynchronous.Hotp.generate(), "1");
  // @ts-expect-error a state has to say whether it stored
  await asynchronous.createGuard({ state: { load: () => null, compareAndSet: () => undefined } });
  // @ts-expect-error a number that JavaScript may have rounded is none to draw
  await asynchronous.raiseTo({ load: () => null, compareAndSet: () => true, raiseTo: () => 1 }, "nonce", 1);
  // @ts-expect-error no such code
  const wrong: ErrorCode = "wrong_passphrase";
  // @ts-expect-error a value of the one face is none of the other
  const other: synchronous.Vault = vault;
  // @ts-expect-error a state that answers later is for the other face
  synchronous.createGuard({ state: { load: async () => null, compareAndSet: async () => true } });
  const known: ErrorCode = fault.code;
  void [length, wrong, other, known];
}

// Every name that is exported is used above, or listed here: one that is new fails to compile until it is.
type Single = "Vault" | "Totp" | "Hotp" | "Fernet" | "Kdf" | "StrongroomError" | "generateKey" | "preload";
type Used = Single | keyof Otp | keyof Passwords | keyof Sealing | keyof Signing;
is<Used>()(null as unknown as keyof typeof asynchronous, true);
is<Used | "init">()(null as unknown as keyof typeof synchronous, true);
is<"hasPasskeys" | "createPasskey" | "getPasskey">()(null as unknown as keyof typeof passkeys, true);
