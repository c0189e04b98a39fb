/**
 * The line between what a user of this package holds and the WebAssembly that does the work: calls and answers that can be
 * copied from one thread to another. On the other end there is an {@link Engine}, in a worker or right here.
 */

import type { StrongroomError } from "./error.js";
import type { View } from "./shapes.js";
import type { WorkerOptions } from "./types/vault.js";

/** An object on the other side. `facts` is what does not change about it and is no secret. */
export interface Remote {
  readonly remote: number;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** What to call: a method of an object over there, or a function. */
export interface Request {
  readonly target?: number;
  readonly method: string;
  readonly args: readonly unknown[];
  /** Which of the arguments is the number of a {@link Remote} and stands for its object. */
  readonly remoteArg?: number;
  /** Of which entries to send a new view afterwards; `all` for everything. */
  readonly view?: readonly string[] | "all";
}

export interface Reply {
  readonly value: unknown;
  readonly view?: View;
}

export interface Link {
  /** Answers at once, or with a promise where the other end is in another thread. Fails with a `StrongroomError`. */
  call(request: Request): Reply | Promise<Reply>;
  /** How a call fails that is not made. */
  refuse(fault: StrongroomError): Promise<never>;
  /** Whether the other end is there no more. */
  readonly hasEnded: boolean;
  /** Ends the other end, if nobody else uses it. */
  end(): void | Promise<void>;
}

export interface Links {
  /** For a vault: an other end of its own, if it is in another thread. */
  own(options: WorkerOptions | undefined): Link;
  /** For everything else. */
  shared(): Link;
}

/** `then` for what may be a promise: the same client code serves both kinds of link. */
export function then<A, B>(value: A | Promise<A>, next: (value: A) => B | Promise<B>): Promise<B> {
  // Typed as a promise, which is what all but `strongroom/sync` gives, and that has types of its own.
  return (isPromise(value) ? Promise.resolve(value).then(next) : next(value)) as Promise<B>;
}

/** Whether it has to be awaited: a promise of any make, since a user's store may give one of its own. */
export function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as Partial<PromiseLike<T>> | null | undefined)?.then === "function";
}
