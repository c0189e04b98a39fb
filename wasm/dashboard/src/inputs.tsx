/** Labelled inputs, with their hints and errors tied to them. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useState } from "preact/hooks";

import { Icon } from "./icons";
import { type Strength, strengthOf } from "./strength";

interface Labelled {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly error?: string | null;
}

interface InputProperties extends Labelled {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly type?: "text" | "datetime-local";
  readonly autocomplete?: "off" | "current-password" | "new-password";
  readonly placeholder?: string;
  readonly required?: boolean;
  readonly maxLength?: number;
  /** The id of a datalist. */
  readonly list?: string;
}

export function TextInput({ label, hint, error, value, onInput, ...rest }: InputProperties) {
  const id = useId();
  return (
    <div class="input">
      <label for={id}>{label}</label>
      <input
        autocomplete="off"
        spellcheck={false}
        {...(rest as object)}
        id={id}
        value={value}
        aria-invalid={Boolean(error)}
        aria-describedby={`${id}-hint`}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      <Hint id={`${id}-hint`} hint={hint} error={error} />
    </div>
  );
}

function Hint({
  id,
  hint,
  error,
}: {
  readonly id: string;
  readonly hint?: ComponentChildren;
  readonly error?: string | null | undefined;
}) {
  return (
    <div id={id} class={error ? "hint bad" : "hint"}>
      {error || hint}
    </div>
  );
}

/** A passphrase or a key, masked until it is asked to be shown. */
export function SecretInput(properties: InputProperties) {
  const { label, hint, error, value, onInput, ...rest } = properties;
  const [isShown, setShown] = useState(false);
  const id = useId();
  return (
    <div class="input">
      <label for={id}>{label}</label>
      <div class="with-button">
        <input
          autocomplete="off"
          {...(rest as object)}
          id={id}
          type={(isShown ? "text" : "password") as "text"}
          spellcheck={false}
          autocapitalize="none"
          value={value}
          aria-invalid={Boolean(error)}
          aria-describedby={`${id}-hint`}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
        <button
          type="button"
          class="quiet square"
          aria-label={`${isShown ? "Hide" : "Show"} ${label.toLowerCase()}`}
          onClick={() => setShown(!isShown)}
        >
          <Icon name={isShown ? "hide" : "show"} />
        </button>
      </div>
      <Hint id={`${id}-hint`} hint={hint} error={error} />
    </div>
  );
}

/** A new passphrase, typed twice, and how hard it is to guess. */
export interface NewPassphrase {
  readonly text: string;
  readonly repeated: string;
  readonly isWeakAllowed: boolean;
  readonly strength: Strength | null;
}

export const NO_PASSPHRASE: NewPassphrase = { text: "", repeated: "", isWeakAllowed: false, strength: null };

/** Why it can't be used yet, or `null`. */
export async function passphraseProblem(passphrase: NewPassphrase, words: readonly string[]): Promise<string | null> {
  const { text, repeated, isWeakAllowed, strength } = passphrase;
  if (text === "") {
    return "Type a passphrase.";
  }
  // It may have been sent off before the estimate was there.
  const { weakness } = strength ?? (await strengthOf(text, words));
  if (weakness !== null && !isWeakAllowed) {
    return `This passphrase is easy to guess: ${weakness}.`;
  }
  return text === repeated ? null : "The two passphrases are not the same.";
}

const SCORES = ["Very weak", "Weak", "Fair", "Good", "Strong"] as const;

export function NewPassphraseInput(properties: {
  readonly value: NewPassphrase;
  readonly words: readonly string[];
  readonly error: string | null;
  readonly onChange: (value: NewPassphrase) => void;
}) {
  const { value, words, error, onChange } = properties;
  const { text, strength } = value;
  const [isUnavailable, setUnavailable] = useState(false);
  useEffect(() => {
    let isCurrent = true;
    // A pause in typing, so that a slow machine does not estimate every letter.
    const timer = setTimeout(() => {
      if (text !== "") {
        strengthOf(text, words).then(
          (strength) => isCurrent && onChange({ ...value, strength }),
          () => isCurrent && setUnavailable(true),
        );
      }
    }, 150);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [text, value.repeated, value.isWeakAllowed, words.join("\n")]);
  const score = strength?.score ?? 0;
  return (
    <>
      <SecretInput
        label="New passphrase"
        autocomplete="new-password"
        value={text}
        error={error}
        hint="Four or more words that do not belong together are good."
        onInput={(text) => onChange({ ...value, text, strength: null })}
      />
      <div class="strength">
        <meter
          min={0}
          max={4}
          low={2}
          high={3}
          optimum={4}
          value={text === "" ? 0 : score}
          aria-label="Strength"
          data-score={score}
        />
        <span role="status">
          {text === "" ? "Strength" : strength === null ? "Estimating" : SCORES[score]}
          {strength?.weakness && text !== "" ? `: ${strength.weakness}` : ""}
          {isUnavailable && ". It could not be estimated: read the page again"}
        </span>
      </div>
      {strength?.weakness && text !== "" && (
        <label class="check">
          <input
            type="checkbox"
            checked={value.isWeakAllowed}
            onChange={(event) => onChange({ ...value, isWeakAllowed: event.currentTarget.checked })}
          />
          Take it although it is easy to guess
        </label>
      )}
      <SecretInput
        label="Repeat the passphrase"
        autocomplete="new-password"
        value={value.repeated}
        onInput={(repeated) => onChange({ ...value, repeated })}
      />
    </>
  );
}

/** Asks for a file that holds a key, and hands its text on. */
export function KeyFile({
  onKey,
  onError,
}: {
  readonly onKey: (text: string) => void;
  readonly onError: (error: string) => void;
}) {
  const id = useId();
  const read = async (file: File | undefined) => {
    // A key is one line of 89 characters.
    if (file === undefined || file.size > 4096) {
      onError("This is not a key file: it is too large.");
      return;
    }
    onKey((await file.text()).trim());
  };
  return (
    <div class="input">
      <label for={id}>Key file</label>
      <input
        id={id}
        type="file"
        onChange={(event) => {
          void read(event.currentTarget.files?.[0]);
          event.currentTarget.value = "";
        }}
      />
    </div>
  );
}
