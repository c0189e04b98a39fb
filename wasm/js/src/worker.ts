/** The worker: a web worker, or a worker thread of Node. It asks for no more than the WebAssembly beside it. */

import { Engine } from "./engine.js";
import { start } from "./load.js";
import { nodeModule } from "./node.js";
import { type Asked, answer, refused, STARTED, transferable } from "./serve.js";

/** What pages and Node's threads have in common. TypeScript's own types for workers exclude those for pages. */
interface Port {
  postMessage(message: unknown, transfer?: ArrayBuffer[]): void;
}

const parent = nodeModule("node:worker_threads")?.parentPort;
const port: Port = parent ?? (globalThis as unknown as Port);
const engine = new Engine();
const started = start();
started.catch(() => {}); // told in answer to each request
let held: Promise<unknown> | undefined;

let turn: Promise<void> = Promise.resolve();

/** One after the other, also where one has to wait for a part of the WebAssembly; but none has to wait for a preload, nor a lock. */
function received(message: Asked | string): void {
  const isUrgent = typeof message === "object" && ["lock", "preload"].includes(message?.request.method ?? "");
  const done = isUrgent ? receive(message) : turn.then(() => receive(message));
  const settled = done.catch((fault: unknown) => {
    queueMicrotask(() => {
      throw fault; // to the worker's own event, which ends it
    });
  });
  if (!isUrgent) {
    turn = settled;
  }
}

async function receive(message: Asked | string): Promise<void> {
  if (typeof message === "string") {
    // Held for as long as this worker lives, so that the page learns when it does not.
    held = new Promise((granted) => {
      const hold = () => new Promise<never>(() => granted(undefined));
      navigator.locks.request(message, hold).catch(granted);
    });
    return;
  }
  await held; // two threads' requests for it can come in either order: the page must not be first
  try {
    await started;
  } catch (fault) {
    port.postMessage(refused(message?.id ?? STARTED, fault, true));
    return;
  }
  const sent = message === null ? { id: STARTED, reply: { value: undefined } } : await answer(engine, message);
  port.postMessage(sent, transferable(sent));
}

if (parent) {
  parent.on("message", received);
} else {
  globalThis.addEventListener("message", ({ data }: MessageEvent<Asked | string>) => received(data));
}
