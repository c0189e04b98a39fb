/** The entries, as they are being searched for. */

import type { RefObject } from "preact";
import { useRef } from "preact/hooks";

import { absolute, relative } from "./dates";
import { useNow, useSession } from "./hooks";
import { Icon } from "./icons";
import type { Place } from "./place";
import type { Row } from "./session";

interface Properties {
  readonly place: Place;
  readonly query: string;
  readonly onQuery: (query: string) => void;
  readonly search: RefObject<HTMLInputElement | null>;
  readonly onOpen: (name: string) => void;
  readonly onAdd: () => void;
}

export function List({ place, query, onQuery, search, onOpen, onAdd }: Properties) {
  const session = useSession();
  const list = useRef<HTMLUListElement>(null);
  const rows = session.rows.filter((row) => isWanted(row, place, query, session.due));
  const inTabOrder = rows.find((row) => row.name === place.entry) ?? rows[0];
  const title = place.isDue ? "Due" : (place.compartment ?? "All entries");

  /** The list is one stop for Tab; the arrows move inside. */
  const move = (event: KeyboardEvent) => {
    const buttons = [...(list.current?.querySelectorAll<HTMLElement>("button") ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (to === undefined) {
      return;
    }
    event.preventDefault();
    (to < 0 ? search.current : buttons[Math.min(to, buttons.length - 1)])?.focus();
  };
  return (
    <>
      <div class="list-head">
        <div class="list-title">
          <h2>{title}</h2>
          <button type="button" class="primary" onClick={onAdd}>
            <Icon name="add" /> Add entry
          </button>
        </div>
        <div class="search">
          <Icon name="search" />
          <input
            ref={search}
            type="search"
            aria-label="Search entries"
            placeholder="Search name, tag, info, kind"
            autocomplete="off"
            spellcheck={false}
            value={query}
            onInput={(event) => onQuery(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "ArrowDown") {
                event.preventDefault();
                list.current?.querySelector("button")?.focus();
              } else if (event.key === "Enter" && rows[0]) {
                onOpen(rows[0].name);
              } else if (event.key === "Escape") {
                onQuery("");
              }
            }}
          />
          <span class="shortcut" aria-hidden="true">
            /
          </span>
        </div>
        <p class="unseen" role="status">
          {query !== "" && `${rows.length} ${rows.length === 1 ? "entry" : "entries"} found`}
        </p>
      </div>
      {rows.length === 0 ? (
        <p class="nothing">
          {query !== "" ? "No entry matches." : place.isDue ? "Nothing is due." : "No entries yet."}
        </p>
      ) : (
        <ul class="rows" ref={list} onKeyDown={move}>
          {rows.map((row) => (
            <li key={row.name}>
              <button
                type="button"
                tabIndex={row === inTabOrder ? 0 : -1}
                aria-current={row.name === place.entry ? "true" : undefined}
                onClick={() => onOpen(row.name)}
              >
                <RowText row={row} isDue={session.due.has(row.name)} hasCompartment={place.compartment === null} />
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function RowText({
  row,
  isDue,
  hasCompartment,
}: {
  readonly row: Row;
  readonly isDue: boolean;
  readonly hasCompartment: boolean;
}) {
  const { entry } = row;
  return (
    <>
      <span class="row-name">
        {hasCompartment && <span class="faint">{row.compartment}/</span>}
        {row.rest}
      </span>
      <span class="row-about">
        {entry === null ? "can't be read" : [entry.kind, ...entry.tags].filter(Boolean).join(" · ")}
      </span>
      {entry === null && <span class="badge danger">damaged</span>}
      {isDue && entry && <DueBadge expiresAt={entry.expiresAt} />}
    </>
  );
}

export function DueBadge({ expiresAt }: { readonly expiresAt: number | null }) {
  const now = useNow(60);
  return expiresAt !== null && expiresAt <= now ? (
    <span class="badge danger" title={absolute(expiresAt, true)}>
      expired {relative(expiresAt, now)}
    </span>
  ) : (
    <span class="badge warn">rotate</span>
  );
}

function isWanted(row: Row, place: Place, query: string, due: ReadonlySet<string>): boolean {
  if (place.isDue ? !due.has(row.name) : place.compartment !== null && place.compartment !== row.compartment) {
    return false;
  }
  // Every word somewhere, in any order.
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => row.text.includes(word));
}
