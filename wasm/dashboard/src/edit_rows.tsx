/** The fields of an entry as rows of a form. */

import { useId } from "preact/hooks";

import { Icon } from "./icons";

export interface FieldRow {
  readonly id: number;
  readonly name: string;
  readonly value: string;
  /** A `kept` secret is in the vault and not here. */
  readonly state: "kept" | "replaced" | "removed" | "new";
}

let lastId = 0;

export function newRow(name: string, state: FieldRow["state"]): FieldRow {
  return { id: ++lastId, name, value: "", state };
}

interface RowsProperties {
  readonly rows: readonly FieldRow[];
  readonly onChange: (rows: readonly FieldRow[]) => void;
}

export function SecretRows({ rows, onChange, onEnrol }: RowsProperties & { readonly onEnrol: () => void }) {
  const set = (id: number, part: Partial<FieldRow>) =>
    onChange(rows.map((row) => (row.id === id ? { ...row, ...part } : row)));
  return (
    <fieldset class="part">
      <legend>Secrets</legend>
      {rows.map((row, at) => (
        <SecretRow
          key={row.id}
          row={row}
          number={at + 1}
          onSet={(part) => set(row.id, part)}
          onDrop={() => onChange(rows.filter(({ id }) => id !== row.id))}
        />
      ))}
      <div class="row-buttons">
        <button type="button" class="small" onClick={() => onChange([...rows, newRow("", "new")])}>
          <Icon name="add" /> Add secret
        </button>
        <button type="button" class="small" onClick={onEnrol}>
          <Icon name="qr" /> Set up one-time codes
        </button>
      </div>
    </fieldset>
  );
}

function SecretRow(properties: {
  readonly row: FieldRow;
  readonly number: number;
  readonly onSet: (part: Partial<FieldRow>) => void;
  readonly onDrop: () => void;
}) {
  const { row, number, onSet, onDrop } = properties;
  const id = useId();
  const what = row.name || `secret ${number}`;
  if (row.state === "kept" || row.state === "removed") {
    return (
      <fieldset class="edit-row kept" aria-label={what}>
        <span class={row.state === "removed" ? "field-name struck" : "field-name"}>{row.name}</span>
        <span class="faint">{row.state === "removed" ? "will be removed" : "unchanged"}</span>
        <span class="row-buttons">
          {row.state === "kept" ? (
            <>
              <button
                type="button"
                class="small"
                aria-label={`Replace ${what}`}
                onClick={() => onSet({ state: "replaced" })}
              >
                Replace
              </button>
              <button
                type="button"
                class="quiet square"
                aria-label={`Remove ${what}`}
                onClick={() => onSet({ state: "removed" })}
              >
                <Icon name="remove" />
              </button>
            </>
          ) : (
            <button type="button" class="small" aria-label={`Keep ${what}`} onClick={() => onSet({ state: "kept" })}>
              Keep
            </button>
          )}
        </span>
      </fieldset>
    );
  }
  return (
    <fieldset class="edit-row" aria-label={what}>
      {row.state === "new" ? (
        <input
          aria-label={`Name of secret ${number}`}
          placeholder="Name"
          autocomplete="off"
          spellcheck={false}
          value={row.name}
          onInput={(event) => onSet({ name: event.currentTarget.value })}
        />
      ) : (
        <label class="field-name" for={id}>
          {row.name}
        </label>
      )}
      {/* Not an input: a PEM key has lines. */}
      <textarea
        id={id}
        class="masked"
        rows={row.value.includes("\n") ? 4 : 1}
        aria-label={`Value of ${what}`}
        placeholder={row.state === "new" ? "Value" : "New value"}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        value={row.value}
        onInput={(event) => onSet({ value: event.currentTarget.value })}
      />
      <span class="row-buttons">
        {row.state === "replaced" ? (
          <button
            type="button"
            class="small"
            aria-label={`Keep ${what}`}
            onClick={() => onSet({ state: "kept", value: "" })}
          >
            Keep
          </button>
        ) : (
          <button type="button" class="quiet square" aria-label={`Remove ${what}`} onClick={onDrop}>
            <Icon name="remove" />
          </button>
        )}
      </span>
    </fieldset>
  );
}

export function Rows({ rows, onChange }: RowsProperties) {
  const set = (id: number, part: Partial<FieldRow>) =>
    onChange(rows.map((row) => (row.id === id ? { ...row, ...part } : row)));
  return (
    <fieldset class="part">
      <legend>Info</legend>
      <p class="hint">Sealed, but shown at once: an API key's id, a username.</p>
      {rows.map((row, at) => (
        <fieldset class="edit-row" aria-label={row.name || `info ${at + 1}`} key={row.id}>
          <input
            aria-label={`Name of info ${at + 1}`}
            placeholder="Name"
            autocomplete="off"
            spellcheck={false}
            value={row.name}
            onInput={(event) => set(row.id, { name: event.currentTarget.value })}
          />
          <input
            aria-label={`Value of ${row.name || `info ${at + 1}`}`}
            placeholder="Value"
            autocomplete="off"
            spellcheck={false}
            value={row.value}
            onInput={(event) => set(row.id, { value: event.currentTarget.value })}
          />
          <span class="row-buttons">
            <button
              type="button"
              class="quiet square"
              aria-label={`Remove ${row.name || `info ${at + 1}`}`}
              onClick={() => onChange(rows.filter(({ id }) => id !== row.id))}
            >
              <Icon name="remove" />
            </button>
          </span>
        </fieldset>
      ))}
      <div class="row-buttons">
        <button type="button" class="small" onClick={() => onChange([...rows, newRow("", "new")])}>
          <Icon name="add" /> Add info
        </button>
      </div>
    </fieldset>
  );
}
