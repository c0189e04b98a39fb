/** One entry: what it is for, its secrets, codes, dates and versions, and what can be done with it. */

import { useState } from "preact/hooks";
import type { Entry } from "strongroom";

import { copyPlain } from "./clipboard";
import { absolute, relative } from "./dates";
import { Confirm } from "./dialog";
import { ChangeFailure } from "./failure";
import { useChange, useNow, useSession } from "./hooks";
import { Icon } from "./icons";
import { DueBadge } from "./list";
import { notify } from "./notice";
import { Rename } from "./rename";
import { Secrets } from "./secrets";
import { Versions } from "./versions";

interface Properties {
  readonly name: string;
  readonly onBack: () => void;
  readonly onForm: (form: "edit" | "stage") => void;
  /** It has another name now, or `null` if it is removed. */
  readonly onGone: (name: string | null) => void;
}

export function EntryView({ name, onBack, onForm, onGone }: Properties) {
  const session = useSession();
  const [asks, setAsks] = useState<"remove" | "rename" | null>(null);
  const row = session.rows.find((row) => row.name === name);
  const entry = row?.entry ?? null;
  return (
    <article class="entry">
      <button type="button" class="quiet back" onClick={onBack}>
        <Icon name="back" /> Entries
      </button>
      <header class="entry-head">
        <h2 tabIndex={-1}>
          <span class="faint">{name.slice(0, name.indexOf("/") + 1)}</span>
          {name.slice(name.indexOf("/") + 1)}
        </h2>
        {entry && (
          <p class="chips">
            {entry.kind && <span class="chip strong">{entry.kind}</span>}
            {entry.tags.map((tag) => (
              <span key={tag} class="chip">
                {tag}
              </span>
            ))}
            {session.due.has(name) && <DueBadge expiresAt={entry.expiresAt} />}
          </p>
        )}
        <div class="entry-actions">
          {entry && (
            <>
              <button type="button" class="primary" onClick={() => onForm("edit")}>
                <Icon name="edit" /> Edit
              </button>
              <button type="button" onClick={() => setAsks("rename")}>
                Rename
              </button>
            </>
          )}
          {row && (
            <button type="button" class="danger-quiet" onClick={() => setAsks("remove")}>
              <Icon name="remove" /> Remove
            </button>
          )}
        </div>
      </header>
      {row === undefined && <p class="nothing">This entry is gone: it was removed or renamed.</p>}
      {row && !entry && (
        <p class="nothing">
          This entry is damaged and can't be read. Restore it from a copy of the vault, or remove it.
        </p>
      )}
      {entry && (
        <>
          <Secrets entry={entry} />
          <Info entry={entry} />
          {entry.note && (
            <section class="part" aria-labelledby="note-title">
              <h3 id="note-title">Note</h3>
              <p class="note">{entry.note}</p>
            </section>
          )}
          <Dates entry={entry} />
          <Versions entry={entry} onStage={() => onForm("stage")} />
        </>
      )}
      {asks === "remove" && <Remove name={name} onClose={() => setAsks(null)} onGone={() => onGone(null)} />}
      {asks === "rename" && <Rename name={name} onClose={() => setAsks(null)} onDone={onGone} />}
    </article>
  );
}

function Info({ entry }: { readonly entry: Entry }) {
  const info = Object.entries(entry.info);
  if (info.length === 0) {
    return null;
  }
  return (
    <section class="part" aria-labelledby="info-title">
      <h3 id="info-title">Info</h3>
      <dl class="fields">
        {info.map(([key, value]) => (
          <div key={key} class="field">
            <dt>{key}</dt>
            <dd class="value">{value}</dd>
            <dd class="field-buttons">
              <button
                type="button"
                class="quiet square"
                aria-label={`Copy ${key}`}
                onClick={() => void copyPlain(key, value)}
              >
                <Icon name="copy" />
              </button>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Dates({ entry }: { readonly entry: Entry }) {
  const now = useNow(60);
  const dates: readonly [string, number | null, boolean][] = [
    ["Expires", entry.expiresAt, true],
    ["Rotate after", entry.rotateAfter, true],
    ["Changed", entry.updated, false],
    ["Added", entry.created, false],
  ];
  return (
    <section class="part" aria-labelledby="dates-title">
      <h3 id="dates-title">Dates</h3>
      <dl class="dates">
        {dates.map(
          ([what, at, isDeadline]) =>
            at !== null && (
              <div key={what} class={isDeadline && at <= now ? "past" : ""}>
                <dt>{what}</dt>
                <dd>
                  <time datetime={new Date(at * 1000).toISOString()}>{absolute(at, true)}</time>{" "}
                  <span class="faint">{relative(at, now)}</span>
                </dd>
              </div>
            ),
        )}
      </dl>
    </section>
  );
}

function Remove({
  name,
  onClose,
  onGone,
}: {
  readonly name: string;
  readonly onClose: () => void;
  readonly onGone: () => void;
}) {
  const change = useChange();
  const remove = () =>
    change.run(
      (vault) => vault.remove(name),
      () => {
        notify(`${name} removed`);
        onGone();
      },
    );
  return (
    <Confirm
      title={`Remove ${name}?`}
      action="Remove"
      isBusy={change.isBusy}
      onConfirm={() => void remove()}
      onClose={onClose}
    >
      <p>All its versions go. Bots that use it will fail. Only a copy of the vault brings it back.</p>
      <ChangeFailure change={change} onTheirs={onClose} />
    </Confirm>
  );
}
