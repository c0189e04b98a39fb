/** From a closed door to an open vault and back. */

import { useEffect, useRef, useState } from "preact/hooks";

import { clearClipboard } from "./clipboard";
import { Create } from "./create";
import { Dialog } from "./dialog";
import { Failure } from "./failure";
import { SessionContext } from "./hooks";
import { Inside } from "./inside";
import { hasUnsavedEdits } from "./leave";
import { WARNING_SECONDS, watchIdle } from "./lock";
import { explain, type Message, wasmProblem } from "./messages";
import { Notices } from "./notices";
import { Session } from "./session";
import { copyName, download } from "./source/file";
import { forgetSession, hostVault } from "./source/host";
import { PageError, type Source, type Stored } from "./source/source";
import { Start } from "./start";
import { Unlock } from "./unlock";

type Place =
  | { readonly at: "loading" }
  | { readonly at: "start"; readonly problem: Message | null; readonly isHost: boolean }
  | { readonly at: "create" }
  | { readonly at: "closed"; readonly source: Source; readonly stored: Stored }
  | { readonly at: "open"; readonly session: Session };

/** Sealed changes of a vault that was locked, or left, before they were saved. */
interface Rescue {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export function App({ token }: { readonly token: string | null }) {
  const [place, setPlace] = useState<Place>({ at: "loading" });
  const [rescue, setRescue] = useState<Rescue | null>(null);
  const [warning, setWarning] = useState<number | null>(null);
  const [, draw] = useState(0);
  const watch = useRef<{ touch(): void } | null>(null);
  const usedToken = useRef(token);
  const session = place.at === "open" ? place.session : null;

  const close = async (source: Source) => setPlace({ at: "closed", source, stored: await source.read() });
  const start = async (attempt: () => Promise<Source | null>, isHost: boolean) => {
    try {
      const source = await attempt();
      await (source === null ? setPlace({ at: "start", problem: null, isHost: false }) : close(source));
    } catch (error) {
      if (error instanceof PageError && error.code === "host_session") {
        forgetSession();
      }
      setPlace({ at: "start", problem: explain(error), isHost });
    }
  };
  const startAtHost = () => {
    const problem = wasmProblem();
    if (problem !== null) {
      setPlace({ at: "start", problem: explain(problem), isHost: false });
      return;
    }
    void start(() => hostVault(usedToken.current), true).then(() => (usedToken.current = null));
  };
  const lock = async () => {
    if (session === null) {
      return;
    }
    setWarning(null);
    if (session.hasPending) {
      const bytes = await session.sealedWithChanges().catch(() => null);
      setRescue(bytes && { name: copyName(session.source.name), bytes });
    }
    setPlace({ at: "closed", source: session.source, stored: session.stored });
    document.title = "Strongroom";
    await Promise.all([session.lock(), clearClipboard()]);
    // What was stored meanwhile is what the next unlock opens.
    await start(async () => session.source, session.source.kind === "host");
  };

  useEffect(startAtHost, []);
  useEffect(() => {
    if (session === null) {
      return;
    }
    const stop = session.subscribe(() => draw(session.revision));
    const idle = watchIdle((left) => {
      if (left <= 0) {
        void lock();
      } else {
        setWarning(left <= WARNING_SECONDS && mustWarn(session) ? left : null);
        session.checkAlive();
      }
    });
    watch.current = idle;
    const poll = () => {
      if (!document.hidden && !session.isEnded && !hasUnsavedEdits()) {
        void session.poll().catch(() => undefined);
      }
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() === "l" && event.shiftKey && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        void lock();
      }
    };
    const minute = setInterval(() => void session.look().catch(() => undefined), 60_000);
    window.addEventListener("focus", poll);
    document.addEventListener("visibilitychange", poll);
    window.addEventListener("keydown", onKey);
    return () => {
      stop();
      idle.stop();
      clearInterval(minute);
      window.removeEventListener("focus", poll);
      document.removeEventListener("visibilitychange", poll);
      window.removeEventListener("keydown", onKey);
    };
  }, [session]);
  useEffect(() => {
    const source = place.at === "closed" ? place.source : session?.source;
    const onLeave = (event: BeforeUnloadEvent) => {
      if (source?.isUnsaved || rescue !== null || (session !== null && mustWarn(session))) {
        event.preventDefault();
      }
    };
    window.addEventListener("beforeunload", onLeave);
    return () => window.removeEventListener("beforeunload", onLeave);
  });

  return (
    <>
      {place.at === "loading" && <main class="door" aria-busy="true" />}
      {place.at === "start" && (
        <Start
          problem={place.problem}
          onAgain={place.isHost ? startAtHost : null}
          onSource={(source) => start(async () => source, false)}
          onCreate={() => setPlace({ at: "create" })}
        >
          {rescue && <RescueBox rescue={rescue} onDone={() => setRescue(null)} />}
        </Start>
      )}
      {place.at === "create" && (
        <Create
          onDone={(session) => setPlace({ at: "open", session })}
          onCancel={() => setPlace({ at: "start", problem: null, isHost: false })}
        />
      )}
      {place.at === "closed" && (
        <main class="door">
          <Unlock
            key={place.source}
            source={place.source}
            stored={place.stored}
            onUnlock={async (stored, unlock) => {
              setPlace({ at: "open", session: await Session.open(place.source, stored, unlock) });
            }}
            onOther={() => {
              if (place.source.isUnsaved) {
                setRescue({ name: place.source.name, bytes: place.stored.bytes });
              }
              setPlace({ at: "start", problem: null, isHost: place.source.kind === "host" });
            }}
          />
          {rescue && <RescueBox rescue={rescue} onDone={() => setRescue(null)} />}
        </main>
      )}
      {session && (
        <SessionContext.Provider value={session}>
          <Inside onLock={() => void lock()} />
          {session.isEnded && (
            <Dialog title="Unlock again" onClose={null}>
              <Failure message={explain(new PageError("worker_ended"))} />
              <Unlock
                source={session.source}
                stored={session.stored}
                isInDialog
                onUnlock={(_, unlock) => session.reopen(unlock)}
                onOther={() => void lock()}
              />
            </Dialog>
          )}
          {warning !== null && !session.isEnded && (
            <Dialog title="Still there?" onClose={() => watch.current?.touch()}>
              <p>
                The vault locks in <strong>{warning} s</strong>, and what you typed and did not save would be lost.
              </p>
              <div class="actions">
                <button type="button" onClick={() => void lock()}>
                  Lock now
                </button>
                <button type="button" class="primary" onClick={() => watch.current?.touch()}>
                  Stay unlocked
                </button>
              </div>
            </Dialog>
          )}
        </SessionContext.Provider>
      )}
      <Notices />
    </>
  );
}

function mustWarn(session: Session): boolean {
  return hasUnsavedEdits() || session.hasPending;
}

function RescueBox({ rescue, onDone }: { readonly rescue: Rescue; readonly onDone: () => void }) {
  return (
    <section class="card" aria-label="Unsaved changes">
      <p>{rescue.name} has changes that are not saved anywhere. They are kept here, sealed, while this page is open.</p>
      <div class="actions">
        <button type="button" onClick={onDone}>
          Discard them
        </button>
        <button
          type="button"
          class="primary"
          onClick={() => {
            download(rescue.name, rescue.bytes);
            onDone();
          }}
        >
          Download them
        </button>
      </div>
    </section>
  );
}
