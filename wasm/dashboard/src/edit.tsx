/** The form of an entry: a new one, changes of one, or its next version. Secrets stay as they are unless they are replaced. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Entry, type EntryOptions, StrongroomError } from "strongroom";

import { fromInput, toInput } from "./dates";
import { type FieldRow, newRow, Rows, SecretRows } from "./edit_rows";
import { Enrol } from "./enrol";
import { ChangeFailure, Failure } from "./failure";
import { useChange, useSession } from "./hooks";
import { TextInput } from "./inputs";
import { useUnsavedEdits } from "./leave";
import { explain, type Message } from "./messages";
import { notify } from "./notice";
import type { Apply } from "./session";

interface Properties {
  /** `null` for a new one. */
  readonly name: string | null;
  readonly kind: "new" | "edit" | "stage";
  readonly compartment: string | null;
  readonly onDone: (name: string) => void;
  readonly onCancel: () => void;
}

interface Draft {
  readonly name: string;
  readonly kind: string;
  readonly tags: string;
  readonly note: string;
  readonly expires: string;
  readonly rotate: string;
  readonly info: readonly FieldRow[];
  readonly secrets: readonly FieldRow[];
}

const TITLES = { new: "Add entry", edit: "Edit", stage: "Stage the next version" } as const;

export function Edit({ name, kind, compartment, onDone, onCancel }: Properties) {
  const session = useSession();
  const change = useChange();
  // The entry as it was when the form was opened: what differs from it is what the form changes.
  const base = useMemo(() => session.rows.find((row) => row.name === name)?.entry ?? null, []);
  const first = useMemo(() => draftOf(base, compartment), []);
  const [draft, setDraft] = useState(first);
  const [original, setOriginal] = useState(first);
  const [problem, setProblem] = useState<Message | null>(null);
  const [isEnrolling, setEnrolling] = useState(false);
  const isDone = useRef(false);
  const set = (part: Partial<Draft>) => setDraft((draft) => ({ ...draft, ...part }));
  const isDirty = JSON.stringify(draft) !== JSON.stringify(original);
  useUnsavedEdits(isDirty && !isDone.current);

  useEffect(() => {
    base?.fieldNames().then(
      (names) => {
        const kept = names.map((field) => newRow(field, "kept"));
        setOriginal((draft) => ({ ...draft, secrets: kept }));
        setDraft((draft) => ({ ...draft, secrets: [...kept, ...draft.secrets] }));
      },
      (error: unknown) => setProblem(explain(session.whatFailed(error))),
    );
  }, [base]);

  const save = () => {
    const wrong = draftProblem(draft);
    setProblem(wrong);
    if (wrong !== null) {
      return;
    }
    const apply = base === null ? putting(draft) : changing(base, original, draft, kind === "stage");
    void change.run(apply, () => {
      isDone.current = true;
      // What was typed goes now, not when the page happens to be cleaned up.
      setDraft(original);
      notify(kind === "stage" ? "Staged" : "Saved");
      onDone(base?.name ?? draft.name.trim());
    });
  };
  const theirs = () => {
    isDone.current = true;
    setDraft(original);
    onDone(base?.name ?? draft.name.trim());
  };
  return (
    <form
      class="entry edit"
      aria-labelledby="edit-title"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <h2 id="edit-title" tabIndex={-1}>
        {TITLES[kind]} {base && <span class="faint">{base.name}</span>}
      </h2>
      {base === null && (
        <TextInput
          label="Name"
          required
          placeholder="binance/main"
          list="names"
          value={draft.name}
          onInput={(name) => set({ name })}
          hint="Compartment and name, with a / between. A bot's key opens whole compartments."
        />
      )}
      <datalist id="names">
        {session.compartments.map(({ name }) => (
          <option key={name} value={`${name}/`} />
        ))}
      </datalist>
      <SecretRows rows={draft.secrets} onChange={(secrets) => set({ secrets })} onEnrol={() => setEnrolling(true)} />
      <Rows rows={draft.info} onChange={(info) => set({ info })} />
      <fieldset class="part grid">
        <legend>About</legend>
        <TextInput label="Kind" value={draft.kind} onInput={(kind) => set({ kind })} placeholder="credentials" />
        <TextInput label="Tags" value={draft.tags} onInput={(tags) => set({ tags })} placeholder="spot, read-only" />
        <TextInput
          label="Expires"
          type="datetime-local"
          value={draft.expires}
          onInput={(expires) => set({ expires })}
        />
        <TextInput
          label="Rotate after"
          type="datetime-local"
          value={draft.rotate}
          onInput={(rotate) => set({ rotate })}
        />
        <div class="input whole">
          <label for="note">Note</label>
          <textarea
            id="note"
            rows={3}
            value={draft.note}
            onInput={(event) => set({ note: event.currentTarget.value })}
          />
        </div>
      </fieldset>
      <Failure message={problem} />
      <ChangeFailure change={change} onTheirs={theirs} />
      <div class="actions sticky">
        <button type="button" onClick={onCancel} disabled={change.isBusy}>
          Cancel
        </button>
        <button type="submit" class="primary" disabled={change.isBusy} aria-busy={change.isBusy}>
          {kind === "stage" ? "Stage" : "Save"}
        </button>
      </div>
      {isEnrolling && (
        <Enrol
          onClose={() => setEnrolling(false)}
          onSeed={(seed) => {
            setEnrolling(false);
            const others = draft.secrets.filter((row) => row.name !== "totp" || row.state === "kept");
            const kept = others.find((row) => row.name === "totp");
            const secrets = kept
              ? others.map((row) => (row === kept ? { ...row, state: "replaced" as const, value: seed } : row))
              : [...others, { ...newRow("totp", "new"), value: seed }];
            set({ secrets });
          }}
        />
      )}
    </form>
  );
}

function draftOf(entry: Entry | null, compartment: string | null): Draft {
  return {
    name: entry?.name ?? (compartment === null ? "" : `${compartment}/`),
    kind: entry?.kind ?? "",
    tags: entry?.tags.join(", ") ?? "",
    note: entry?.note ?? "",
    expires: toInput(entry?.expiresAt ?? null),
    rotate: toInput(entry?.rotateAfter ?? null),
    info: Object.entries(entry?.info ?? {}).map(([name, value]) => ({ ...newRow(name, "kept"), value })),
    secrets: entry === null ? [newRow("secret", "new")] : [],
  };
}

function draftProblem({ info, secrets }: Draft): Message | null {
  const rows = [...info, ...secrets].filter((row) => row.state !== "removed");
  const nameless = rows.some((row) => row.name.trim() === "" && row.value !== "");
  const twice = rows.find(
    (row, at) => row.name.trim() !== "" && rows.findIndex((other) => other.name.trim() === row.name.trim()) !== at,
  );
  if (nameless) {
    return { code: "invalid_input", title: "A field has no name", text: "Name it, for example api_key, or remove it." };
  }
  const empty = secrets.find((row) => row.state === "replaced" && row.value === "");
  if (empty) {
    return {
      code: "invalid_input",
      title: `The new value of ${empty.name} is empty`,
      text: "Fill it in, or keep the one there is.",
    };
  }
  return twice
    ? {
        code: "invalid_input",
        title: "Two fields have the same name",
        text: `Rename one of the two called ${twice.name.trim()}.`,
      }
    : null;
}

/** Everything that the form holds, for an entry that is not there yet. */
function putting(draft: Draft): Apply<unknown> {
  const name = draft.name.trim();
  const filled = (rows: readonly FieldRow[]) =>
    Object.fromEntries(
      rows.filter((row) => row.name.trim() !== "" && row.value !== "").map((row) => [row.name.trim(), row.value]),
    );
  const { kind, ...rest } = optionsOf(draft);
  return async (vault, isForced) => {
    if (!isForced && vault.has(name)) {
      throw new StrongroomError("exists", `entry ${name} exists already; choose another name, or edit that one`);
    }
    return await vault.put(name, filled(draft.secrets), { ...rest, ...(kind && { kind }), info: filled(draft.info) });
  };
}

/** Only what the form changed, so that it goes on top of what someone else has saved to other parts of the entry. */
function changing(base: Entry, original: Draft, draft: Draft, isStaging: boolean): Apply<unknown> {
  const fields: Record<string, string> = {};
  const info: Record<string, string> = {};
  const removed: string[] = [];
  for (const row of draft.secrets) {
    if (row.state === "removed") {
      removed.push(row.name);
    } else if (row.state !== "kept" && row.name.trim() !== "" && row.value !== "") {
      fields[row.name.trim()] = row.value;
    }
  }
  for (const { name } of original.info) {
    if (!draft.info.some((row) => row.name.trim() === name)) {
      removed.push(name);
    }
  }
  for (const row of draft.info) {
    if (row.name.trim() !== "" && base.info[row.name.trim()] !== row.value) {
      info[row.name.trim()] = row.value;
    }
  }
  const now = optionsOf(draft);
  const before = optionsOf(original);
  const options = Object.fromEntries(
    Object.entries(now).filter(
      ([key, value]) => JSON.stringify(value) !== JSON.stringify(before[key as keyof typeof before]),
    ),
  ) as EntryOptions;
  return async (vault, isForced) => {
    if (isStaging) {
      return await vault.stage(base.name, fields, { ...options, info });
    }
    // A field that goes from secret to info, or back, has to be gone first.
    const current = vault.entry(base.name);
    if (!isForced && current.version !== base.version) {
      throw new StrongroomError("conflict", `${base.name} was changed by someone else after this form was opened`);
    }
    const there = new Set([...(await current.fieldNames()), ...Object.keys(current.info)]);
    for (const field of removed.filter((field) => there.has(field))) {
      await vault.removeField(base.name, field);
    }
    return await vault.update(base.name, fields, { ...options, info });
  };
}

function optionsOf(draft: Draft) {
  const tags = draft.tags.split(/[,\s]+/).filter(Boolean);
  return {
    kind: draft.kind.trim(),
    tags: [...new Set(tags)].sort(),
    note: draft.note,
    expiresAt: fromInput(draft.expires),
    rotateAfter: fromInput(draft.rotate),
  };
}
