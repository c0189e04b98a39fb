/** A client's side of a link to another thread: numbers its requests, and settles each with its answer. */

import { StrongroomError } from "./error.js";
import type { Reply, Request } from "./link.js";
import { type Answer, type Asked, STARTED } from "./serve.js";

interface Waiting {
  resolve(reply: Reply): void;
  reject(fault: StrongroomError): void;
}

export class Calls {
  readonly #post: (asked: Asked) => void;
  readonly #waiting = new Map<number, Waiting>();
  #last = STARTED;
  #ended: StrongroomError | undefined;

  /** `post` sends to the other thread. */
  constructor(post: (asked: Asked) => void) {
    this.#post = post;
  }

  /** Asks the other thread whether it is well, before any request. If it is not, each request tells. */
  start(): void {
    if (!this.#ended) {
      this.#waiting.set(STARTED, { resolve() {}, reject() {} });
      this.#post(null);
    }
  }

  /** How many answers are awaited. */
  get pending(): number {
    return this.#waiting.size;
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** Sends at once: what the caller does with the arguments afterwards, such as wiping them, changes nothing. */
  call(request: Request): Promise<Reply> {
    return new Promise<Reply>((resolve, reject) => {
      if (this.#ended) {
        reject(this.#ended);
        return;
      }
      const id = ++this.#last;
      this.#waiting.set(id, { resolve, reject });
      try {
        this.#post({ id, request });
      } catch {
        this.#waiting.delete(id);
        reject(uncopied());
      }
    });
  }

  settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ("reply" in answer) {
      waiting?.resolve(answer.reply);
      return;
    }
    const fault = new StrongroomError(answer.fault.code, answer.fault.message);
    waiting?.reject(fault);
    if (answer.id === STARTED || answer.isLast) {
      this.end(fault);
    }
  }

  /** Fails whatever is awaited, and all that comes. */
  end(why: StrongroomError): void {
    this.#ended ??= why;
    for (const waiting of this.#waiting.values()) {
      waiting.reject(this.#ended);
    }
    this.#waiting.clear();
  }
}

export function locked(): StrongroomError {
  return new StrongroomError("locked", "the vault is locked; open it again");
}

export function died(): StrongroomError {
  return new StrongroomError(
    "locked",
    "the worker that held this has ended; open the vault, or make the object, again",
  );
}

export function uncopied(): StrongroomError {
  return new StrongroomError("invalid_input", "expected only values that can be copied: no functions, no proxies");
}
