/** A worker's side of a link: takes requests one after the other, and answers each. */

import type { Engine } from "./engine.js";
import { StrongroomError } from "./error.js";
import type { Reply, Request } from "./link.js";
import { load, Missing } from "./load.js";

/** A request with its number. `null` is what the client sends first, and the answer to that says whether all is well. */
export type Asked = { readonly id: number; readonly request: Request } | null;

export type Answer =
  | { readonly id: number; readonly reply: Reply }
  | {
      readonly id: number;
      readonly fault: { readonly code: StrongroomError["code"]; readonly message: string };
      /** Whether no request can be answered any more. */
      readonly isLast: boolean;
    };

/** The number of the answer to `null`. */
export const STARTED = 0;

export async function answer(engine: Engine, { id, request }: NonNullable<Asked>): Promise<Answer> {
  try {
    for (;;) {
      try {
        return { id, reply: engine.call(request) };
      } catch (fault) {
        if (!(fault instanceof Missing)) {
          throw fault;
        }
        await load(...fault.parts);
      }
    }
  } catch (fault) {
    return refused(id, fault, engine.hasEnded);
  }
}

export function refused(id: number, fault: unknown, isLast: boolean): Answer {
  const known = fault instanceof StrongroomError ? fault : new StrongroomError("io", "the worker failed; try again");
  return { id, fault: { code: known.code, message: known.message }, isLast };
}

/** What need not be copied from one thread to the other: bytes that were made for this answer. */
export function transferable(answer: Answer): ArrayBuffer[] {
  const value = "reply" in answer ? answer.reply.value : undefined;
  return value instanceof Uint8Array && value.buffer instanceof ArrayBuffer ? [value.buffer] : [];
}
