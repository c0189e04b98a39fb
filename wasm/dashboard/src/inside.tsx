/** The open vault: bar, compartments, and beside them entries or access. */

import { useEffect, useRef, useState } from "preact/hooks";

import { Access } from "./access";
import { Confirm, Dialog } from "./dialog";
import { Edit } from "./edit";
import { EntryView } from "./entry";
import { useSession } from "./hooks";
import { Icon } from "./icons";
import { List } from "./list";
import { explain } from "./messages";
import { notify } from "./notice";
import { usePlaces } from "./place";
import { LOCK_MINUTES, lockMinutes, setLockMinutes, setTheme, type Theme, theme } from "./settings";
import { DownloadSource } from "./source/file";

export function Inside({ onLock }: { readonly onLock: () => void }) {
  const places = usePlaces();
  const { place, go } = places;
  const [query, setQuery] = useState("");
  const [hasSettings, setSettings] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  const detail = useRef<HTMLElement>(null);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isTyping =
        event.target instanceof HTMLElement && event.target.closest("input, textarea, select, dialog") !== null;
      if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        search.current?.focus();
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  // On a phone the detail takes the list's place: the focus goes along.
  useEffect(() => {
    if (place.entry !== null || place.form !== null || place.view === "access") {
      detail.current?.querySelector<HTMLElement>("h2")?.focus({ preventScroll: true });
      detail.current?.scrollTo(0, 0);
    }
  }, [place]);

  const hasDetail = place.entry !== null || place.form === "new";
  return (
    <div class={place.view === "access" ? "inside at-access" : hasDetail ? "inside at-detail" : "inside at-list"}>
      <Bar
        onLock={onLock}
        onSettings={() => setSettings(true)}
        isAccess={place.view === "access"}
        onAccess={() => go({ view: "access", entry: null, form: null })}
        onEntries={() => go({ view: "entries", entry: null, form: null })}
      />
      <Trouble />
      <nav class="side" aria-label="Compartments">
        <Compartments
          compartment={place.view === "entries" ? place.compartment : undefined}
          isDue={place.isDue}
          onChoose={(compartment, isDue) => go({ view: "entries", compartment, isDue, entry: null, form: null })}
        />
      </nav>
      {place.view === "access" ? (
        <main class="detail" ref={detail}>
          <Access onEntry={(entry) => go({ view: "entries", compartment: null, isDue: false, entry, form: null })} />
        </main>
      ) : (
        <main class="columns">
          <section class="list" aria-label="Entries">
            <List
              place={place}
              query={query}
              onQuery={setQuery}
              search={search}
              onOpen={(entry) => go({ entry, form: null })}
              onAdd={() => go({ form: "new", entry: null })}
            />
          </section>
          <section class="detail" aria-label="Entry" ref={detail}>
            {place.form !== null ? (
              <Edit
                key={`${place.form} ${place.entry}`}
                name={place.entry}
                kind={place.form}
                compartment={place.compartment}
                onDone={(entry) =>
                  places.leave({
                    entry,
                    form: null,
                    isDue: false,
                    compartment: entry && place.compartment !== null ? entry.slice(0, entry.indexOf("/")) : null,
                  })
                }
                onCancel={() => go({ form: null })}
              />
            ) : place.entry !== null ? (
              <EntryView
                key={place.entry}
                name={place.entry}
                onBack={() => go({ entry: null })}
                onForm={(form) => go({ form })}
                onGone={(entry) => places.leave({ entry, form: null })}
              />
            ) : (
              <Empty />
            )}
          </section>
        </main>
      )}
      {places.asked && (
        <Confirm
          title="Leave without saving?"
          action="Drop my edits"
          onConfirm={() => places.confirm(true)}
          onClose={() => places.confirm(false)}
        >
          <p>What you typed here is not saved.</p>
        </Confirm>
      )}
      {hasSettings && <Settings onClose={() => setSettings(false)} />}
    </div>
  );
}

function Bar(properties: {
  readonly onLock: () => void;
  readonly onSettings: () => void;
  readonly isAccess: boolean;
  readonly onAccess: () => void;
  readonly onEntries: () => void;
}) {
  const { onLock, onSettings, isAccess, onAccess, onEntries } = properties;
  const { source, openedBy } = useSession();
  const [, draw] = useState(0);
  const { scope, label } = openedBy;
  return (
    <header class="bar">
      <div class="bar-name">
        <Icon name="vault" />
        <div>
          <h1>{source.name}</h1>
          <span>{label && label !== scope ? `${scope}: ${label}` : scope}</span>
        </div>
      </div>
      {source instanceof DownloadSource && source.isUnsaved && (
        <button
          type="button"
          class="unsaved"
          onClick={() => {
            source.download();
            notify(`${source.name} downloaded: put it in the old one's place`);
            draw(Math.random());
          }}
        >
          <Icon name="download" />
          <span>
            Unsaved changes<span class="wide-only">: download the vault</span>
          </span>
        </button>
      )}
      <div class="bar-buttons">
        {scope === "owner" && (
          <nav aria-label="Views" class="tabs">
            <button type="button" aria-current={isAccess ? undefined : "page"} onClick={onEntries}>
              <Icon name="folder" /> <span>Entries</span>
            </button>
            <button type="button" aria-current={isAccess ? "page" : undefined} onClick={onAccess}>
              <Icon name="access" /> <span>Access</span>
            </button>
          </nav>
        )}
        <button type="button" class="quiet square" aria-label="Settings" onClick={onSettings}>
          <Icon name="settings" />
        </button>
        <button type="button" class="lock" aria-label="Lock" title="Ctrl+Shift+L" onClick={onLock}>
          <Icon name="lock" /> <span>Lock</span>
        </button>
      </div>
    </header>
  );
}

/** What stays wrong until something is done about it. */
function Trouble() {
  const { damage, staleness } = useSession();
  const stale = staleness === null ? null : explain(staleness);
  return (
    <div class="trouble" role="status">
      {stale && (
        <p>
          <Icon name="alert" /> Not sure that this is the newest: {stale.title.toLowerCase()}.{" "}
          {stale.code === "conflict" ? "Lock, then unlock again." : stale.text}
        </p>
      )}
      {damage.length > 0 && (
        <details>
          <summary>
            <Icon name="alert" /> {damage.length === 1 ? "One part is" : `${damage.length} parts are`} damaged; the rest
            works
          </summary>
          <ul>
            {damage.map((part) => (
              <li key={`${part.compartment} ${part.record}`}>
                {part.name ??
                  (part.record === null ? `the whole of ${part.compartment}` : `a record in ${part.compartment}`)}{" "}
                ({part.code})
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

function Compartments(properties: {
  /** `undefined` if entries are not what is shown. */
  readonly compartment: string | null | undefined;
  readonly isDue: boolean;
  readonly onChoose: (compartment: string | null, isDue: boolean) => void;
}) {
  const { compartment, isDue, onChoose } = properties;
  const { compartments, rows, due } = useSession();
  const current = (name: string | null, due = false) => (compartment === name && isDue === due ? "page" : undefined);
  return (
    <ul>
      <li>
        <button type="button" aria-current={current(null)} onClick={() => onChoose(null, false)}>
          All entries <span class="count">{rows.length}</span>
        </button>
      </li>
      <li>
        <button
          type="button"
          class={due.size > 0 ? "has-due" : ""}
          aria-current={current(null, true)}
          onClick={() => onChoose(null, true)}
        >
          Due <span class="count">{due.size}</span>
        </button>
      </li>
      {compartments.length > 0 && (
        <li class="side-title" aria-hidden="true">
          Compartments
        </li>
      )}
      {compartments.map(({ name, entries, damaged }) => (
        <li key={name}>
          <button type="button" aria-current={current(name)} onClick={() => onChoose(name, false)}>
            <span class="cut">{name}</span>
            {damaged ? <span class="badge danger">damaged</span> : <span class="count">{entries}</span>}
          </button>
        </li>
      ))}
    </ul>
  );
}

function Empty() {
  const { rows } = useSession();
  return (
    <div class="empty">
      <Icon name="vault" />
      <p>{rows.length === 0 ? "This vault is empty. Add the first entry." : "Choose an entry to see it."}</p>
      <p class="hint wide-only">
        <kbd>/</kbd> searches, <kbd>Ctrl</kbd> <kbd>Shift</kbd> <kbd>L</kbd> locks
      </p>
    </div>
  );
}

function Settings({ onClose }: { readonly onClose: () => void }) {
  const [chosen, setChosen] = useState(theme());
  const [minutes, setMinutes] = useState(lockMinutes());
  return (
    <Dialog title="Settings" onClose={onClose}>
      <div class="stack">
        <div class="input">
          <label for="theme">Appearance</label>
          <select
            id="theme"
            value={chosen}
            onChange={(event) => {
              const next = event.currentTarget.value as Theme;
              setTheme(next);
              setChosen(next);
            }}
          >
            <option value="system">As the system</option>
            <option value="light">Light</option>
            <option value="dark">Dark</option>
          </select>
        </div>
        <div class="input">
          <label for="lock-minutes">Lock when idle for</label>
          <select
            id="lock-minutes"
            value={String(minutes)}
            onChange={(event) => {
              const next = LOCK_MINUTES.find((minutes) => String(minutes) === event.currentTarget.value) ?? 5;
              setLockMinutes(next);
              setMinutes(next);
            }}
          >
            {LOCK_MINUTES.map((minutes) => (
              <option key={minutes} value={String(minutes)}>
                {minutes === 1 ? "1 minute" : `${minutes} minutes`}
              </option>
            ))}
          </select>
        </div>
        <p class="hint">A page that is out of sight locks after one minute.</p>
      </div>
    </Dialog>
  );
}
