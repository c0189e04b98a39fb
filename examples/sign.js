/**
 * An order, signed with a key that stays in the vault, and sent with `fetch`.
 *
 *     STRONGROOM_VAULT=bots.vault STRONGROOM_KEY_FILE=scalper-1.key EXCHANGE_URL=... node sign.js
 *
 * The entry `binance/main` has `secret` and the info `api_key`. Any other exchange that `exchanges()` lists is signed for in the
 * same way: only its name, the path and the body are others. It ends with 0 when all went well, 1 when the exchange refused,
 * 2 when the vault did.
 */

import { readFile } from "node:fs/promises";
import { StrongroomError, Vault } from "strongroom";

const { STRONGROOM_VAULT = "strongroom.vault", STRONGROOM_KEY_FILE = "strongroom.key" } = process.env;
// Without the variable: Binance's test network, where no real money is.
const EXCHANGE = process.env.EXCHANGE_URL ?? "https://testnet.binance.vision";
const ORDER = { symbol: "BTCUSDT", side: "BUY", type: "LIMIT", timeInForce: "GTC", quantity: "0.01", price: "50000" };

async function order() {
  const key = await readFile(STRONGROOM_KEY_FILE, "utf8");
  const vault = await Vault.open(await readFile(STRONGROOM_VAULT), { key });
  try {
    const signer = vault.entry("binance/main").signer("binance");
    await learnClock(signer);
    const body = new URLSearchParams(ORDER).toString();
    const signed = await signer.sign("POST", `${EXCHANGE}/api/v3/order`, { body });
    return await answer(await fetch(signed.url, signed));
  } finally {
    await vault.lock();
  }
}

/** A machine whose clock is wrong has its requests refused. The exchange's clock is what counts. */
async function learnClock(signer) {
  const sentMs = Date.now();
  const { serverTime } = await (await fetch(`${EXCHANGE}/api/v3/time`)).json();
  await signer.learnClock(serverTime, sentMs, Date.now());
}

async function answer(response) {
  const said = await response.json();
  if (!response.ok) {
    console.error(`the exchange refused: ${said.msg}`);
    return 1;
  }
  console.log(`order ${said.orderId}: ${said.side} ${said.origQty} ${said.symbol} at ${said.price}, ${said.status}`);
  return 0;
}

try {
  process.exitCode = await order();
} catch (error) {
  if (!(error instanceof StrongroomError)) {
    throw error;
  }
  console.error(`the vault refused (${error.code}): ${error.message}`);
  process.exitCode = 2;
}
