/** Links to workers: web workers, or worker threads of Node. */

import type { Worker as Thread } from "node:worker_threads";
import { Calls, died, locked } from "./calls.js";
import { StrongroomError } from "./error.js";
import type { Link, Links, Reply, Request } from "./link.js";
import { nodeModule } from "./node.js";
import type { Answer, Asked } from "./serve.js";
import type { WebWorker, WorkerOptions } from "./types/vault.js";

let sharedLink: WorkerLink | undefined;

export const workers: Links = {
  own: (options) => new WorkerLink(options),
  shared() {
    if (sharedLink === undefined || sharedLink.hasEnded) {
      sharedLink = new WorkerLink(undefined);
    }
    return sharedLink;
  },
};

/** What the two kinds of worker have in common. */
interface Running {
  post(asked: Asked): void;
  /** Whether an answer is awaited: Node may end the process if none is. */
  busy(isBusy: boolean): void;
  end(): unknown;
}

/** In place of a worker that could not be started. */
const NONE: Running = { post() {}, busy() {}, end() {} };

class WorkerLink implements Link {
  readonly #running: Running;
  readonly #calls: Calls;

  constructor(options: WorkerOptions | undefined) {
    // Whoever has the link has the calls, but not the other way round, so that a link that nobody has is noticed.
    const calls: Calls = new Calls((asked) => running.post(asked));
    const running = nodeModule("node:worker_threads") ? thread(calls) : webWorker(calls, options?.worker);
    calls.start();
    this.#running = running;
    this.#calls = calls;
    abandoned.register(this, running, this);
  }

  get hasEnded(): boolean {
    return this.#calls.hasEnded;
  }

  async call(request: Request): Promise<Reply> {
    this.#running.busy(true);
    try {
      return await this.#calls.call(request);
    } finally {
      this.#running.busy(this.#calls.pending > 0);
    }
  }

  refuse(fault: StrongroomError): Promise<never> {
    return Promise.reject(fault);
  }

  async end(): Promise<void> {
    this.#calls.end(locked());
    abandoned.unregister(this);
    await this.#running.end();
  }
}

/** Ends the worker of a vault that nobody has any more and nobody locked. */
const abandoned = new FinalizationRegistry<Running>((running) => running.end());

function received(running: Running, calls: Calls, answer: Answer): void {
  calls.settle(answer);
  running.busy(calls.pending > 0);
  if (calls.hasEnded) {
    running.end(); // it can do nothing more
  }
}

function thread(calls: Calls): Running {
  const { Worker } = nodeModule("node:worker_threads") as { Worker: typeof Thread };
  let worker: Thread;
  try {
    // Without the process's own flags and environment: neither is any of its business.
    worker = new Worker(new URL("./worker.js", import.meta.url), { execArgv: [], env: {} });
  } catch {
    calls.end(new StrongroomError("io", "the worker thread cannot be started: Node's permissions may not allow it"));
    return NONE;
  }
  let isEnding = false;
  const running: Running = {
    post: (asked) => worker.postMessage(asked),
    busy(isBusy) {
      // Whoever waits for the end is answered only if the process does not end before: `terminate` sees to that.
      if (!isEnding) {
        isBusy ? worker.ref() : worker.unref();
      }
    },
    end() {
      isEnding = true;
      return worker.terminate();
    },
  };
  worker.on("message", (answer: Answer) => received(running, calls, answer));
  worker.on("error", () => calls.end(new StrongroomError("io", "the worker thread failed; open the vault again")));
  worker.on("exit", () => calls.end(died()));
  return running;
}

function webWorker(calls: Calls, given: WebWorker | undefined): Running {
  let worker: Worker;
  try {
    // Bundlers look for exactly this expression.
    worker =
      (given as Worker | undefined) ??
      new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "strongroom" });
  } catch {
    calls.end(cannotStart());
    return NONE;
  }
  const running: Running = {
    post: (asked) => worker.postMessage(asked),
    busy: () => {},
    end: () => worker.terminate(),
  };
  worker.onmessage = ({ data }: MessageEvent<Answer>) => received(running, calls, data);
  worker.onerror = (event) => {
    event.preventDefault(); // it is told by the calls
    calls.end(cannotStart());
    worker.terminate();
  };
  watch(worker, () => calls.end(died()));
  return running;
}

/** No event tells that a web worker was killed; that it holds its lock no more does. */
function watch(worker: Worker, ended: () => void): void {
  const locks = navigator.locks as LockManager | undefined; // there only where the page came over HTTPS or from this host
  if (!locks) {
    return;
  }
  const name = `strongroom-worker-${crypto.randomUUID()}`;
  worker.postMessage(name);
  // Its first answer comes once it has the lock, so that ours waits.
  worker.addEventListener("message", () => void locks.request(name, ended).catch(() => {}), { once: true });
}

function cannotStart(): StrongroomError {
  return new StrongroomError(
    "io",
    "the worker cannot be started: look whether its script is served, and whether the Content-Security-Policy has worker-src 'self'",
  );
}
