/**
 * A bot's balance, asked for in JavaScript: the vault that Python wrote, opened by WebAssembly with the key of one bot.
 *
 *     STRONGROOM_VAULT=bots.vault STRONGROOM_KEY_FILE=scalper-1.key EXCHANGE_URL=... node balance.js
 *
 * The request is signed with the secret of `binance/main`, which does not become a JavaScript value. It ends with 0 when all
 * went well, 1 when the exchange refused it, 2 when the vault did, 3 when nobody answered.
 */

import { readFile } from "node:fs/promises";
import { StrongroomError, Vault } from "strongroom";

const { STRONGROOM_VAULT = "strongroom.vault", STRONGROOM_KEY_FILE = "strongroom.key" } = process.env;
// Without the variable: Binance's test network, where no real money is.
const EXCHANGE = process.env.EXCHANGE_URL ?? "https://testnet.binance.vision";

async function ask() {
  const key = await readFile(STRONGROOM_KEY_FILE, "utf8");
  const vault = await Vault.open(await readFile(STRONGROOM_VAULT), { key });
  console.log(`opened the vault as ${vault.openedBy.scope}; I can see: ${vault.names().join(", ")}`);
  const signed = await vault.entry("binance/main").signer("binance").sign("GET", `${EXCHANGE}/api/v3/account`);
  await vault.lock();

  const answer = await fetch(signed.url, signed);
  if (!answer.ok) {
    console.error(`the exchange refused: HTTP status ${answer.status}`);
    return 1;
  }
  for (const { asset, free, locked } of (await answer.json()).balances) {
    console.log(`I own ${free} ${asset}, and ${locked} more in open orders`);
  }
  return 0;
}

try {
  process.exitCode = await ask();
} catch (error) {
  if (error instanceof StrongroomError) {
    console.error(`the vault refused (${error.code}): ${error.message}`);
    process.exitCode = 2;
  } else {
    console.error(`no answer from ${EXCHANGE}, or no file: ${error.message}`);
    process.exitCode = 3;
  }
}
