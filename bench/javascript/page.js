// The comparisons in a page. chromium.js calls these one by one.

import { Vault } from "strongroom";
import { init } from "strongroom/sync";
import { compare } from "./jobs.js";

let vault;

async function bytes() {
  return new Uint8Array(await (await fetch("/bench.vault")).arrayBuffer());
}

Object.assign(globalThis, {
  async compareHere(key) {
    await init();
    return compare(await bytes(), key);
  },

  /** Opens by a passphrase, and gives the longest task of the page meanwhile in seconds: 0 for none over 50 ms. */
  async longestTask(passphrase) {
    const tasks = [];
    const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries()));
    observer.observe({ type: "longtask" });
    const stored = await bytes();
    const opened = await Vault.open(stored, { passphrase });
    await opened.lock();
    await new Promise((next) => setTimeout(next, 200)); // entries are told late
    tasks.push(...observer.takeRecords());
    observer.disconnect();
    return Math.max(0, ...tasks.map((task) => task.duration)) / 1000;
  },

  async unlock(passphrase) {
    vault = await Vault.open(await bytes(), { passphrase });
  },

  async lock() {
    await vault.lock();
    vault = undefined;
  },
});
