/** How the parts of the page follow the open vault, the clock and their own changes. */

import { createContext } from "preact";
import { useContext, useEffect, useMemo, useRef, useState } from "preact/hooks";

import { explain, type Message } from "./messages";
import type { Apply, Session } from "./session";

export const SessionContext = createContext<Session | null>(null);

/** The open vault. The part is drawn anew whenever it changes. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) {
    throw new Error("outside of an open vault");
  }
  const [, setRevision] = useState(session.revision);
  useEffect(() => session.subscribe(() => setRevision(session.revision)), [session]);
  return session;
}

/** A change of the vault by one form, from the click to the saved file. */
export interface Change {
  readonly isBusy: boolean;
  readonly failure: Message | null;
  /** Makes and saves a change; `done` is called once it is stored, be it at once or by `again`. */
  run<T>(apply: Apply<T>, done: (result: T) => void): Promise<void>;
  again(): Promise<void>;
  /** Makes the change once more, on top of what someone else has saved. */
  keepMine(): Promise<void>;
  /** Drops the change for what someone else has saved. Returns whether that could be read. */
  takeTheirs(): Promise<boolean>;
  /** Drops what could not be saved. */
  forget(): Promise<void>;
  fail(error: unknown): void;
}

export function useChange(): Change {
  const session = useSession();
  const by = useMemo(() => ({}), []);
  const last = useRef<{ apply: Apply<unknown>; done: (result: unknown) => void } | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Message | null>(null);
  useEffect(() => () => void session.forget(by).catch(() => undefined), [session, by]);

  const attempt = async (job: () => Promise<{ result: unknown } | null>): Promise<boolean> => {
    setBusy(true);
    setFailure(null);
    try {
      const outcome = await job();
      if (outcome !== null) {
        last.current?.done(outcome.result);
      }
      return true;
    } catch (error) {
      setFailure(explain(session.whatFailed(error)));
      return false;
    } finally {
      setBusy(false);
    }
  };
  const whole = async (isForced: boolean): Promise<{ result: unknown } | null> =>
    last.current && { result: await session.change(by, last.current.apply, isForced) };

  return {
    isBusy,
    failure,
    async run(apply, done) {
      last.current = { apply, done: done as (result: unknown) => void };
      await attempt(() => whole(false));
    },
    async again() {
      await attempt(async () => (await session.again(by)) ?? (await whole(false)));
    },
    async keepMine() {
      await attempt(async () => {
        await session.takeTheirs();
        return await whole(true);
      });
    },
    takeTheirs: () =>
      attempt(async () => {
        await session.takeTheirs();
        return null;
      }),
    async forget() {
      setFailure(null);
      await session.forget(by).catch(() => undefined);
    },
    fail: (error) => setFailure(explain(session.whatFailed(error))),
  };
}

/** Something slow that changes nothing in the vault. */
export function useTask(): {
  readonly isBusy: boolean;
  readonly failure: Message | null;
  run(job: () => Promise<void>): Promise<void>;
  clear(): void;
} {
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Message | null>(null);
  return {
    isBusy,
    failure,
    async run(job) {
      setBusy(true);
      setFailure(null);
      try {
        await job();
      } catch (error) {
        setFailure(explain(error));
      } finally {
        setBusy(false);
      }
    },
    clear: () => setFailure(null),
  };
}

/** The time in Unix seconds, drawn anew each `everySeconds`. */
export function useNow(everySeconds: number): number {
  const [now, setNow] = useState(() => Math.floor(Date.now() / 1000));
  useEffect(() => {
    const timer = setInterval(() => setNow(Math.floor(Date.now() / 1000)), everySeconds * 1000);
    return () => clearInterval(timer);
  }, [everySeconds]);
  return now;
}

/** A version that is not the one the form was opened with: the same as what the core says of a lost race. */
export function isConflict(failure: Message | null): boolean {
  return failure?.code === "conflict" || failure?.code === "entry_changed";
}
