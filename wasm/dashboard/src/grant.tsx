/** A new way in: for a bot or a person, by a new key, a passphrase or a passkey. */

import { useState } from "preact/hooks";
import { createPasskey, hasPasskeys } from "strongroom/passkey";

import { Working } from "./create";
import { Dialog } from "./dialog";
import { ChangeFailure, Failure } from "./failure";
import { useChange, useSession } from "./hooks";
import { NewPassphraseInput, NO_PASSPHRASE, passphraseProblem, TextInput } from "./inputs";
import { useUnsavedEdits } from "./leave";
import type { Message } from "./messages";
import { NewKey } from "./new_key";
import { notify } from "./notice";

type Factor = "key" | "passphrase" | "passkey";

export function Grant({ onClose }: { readonly onClose: () => void }) {
  const { compartments, source } = useSession();
  const change = useChange();
  const [label, setLabel] = useState("");
  const [isOwner, setOwner] = useState(false);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [factor, setFactor] = useState<Factor>("key");
  const [passphrase, setPassphrase] = useState(NO_PASSPHRASE);
  const [passphraseError, setPassphraseError] = useState<string | null>(null);
  const [problem, setProblem] = useState<Message | null>(null);
  const [key, setKey] = useState<string | null>(null);
  const name = label.trim();
  useUnsavedEdits(key !== null || name !== "");

  const words = [name, source.name, "strongroom"];
  const grant = async () => {
    const weak = factor === "passphrase" ? await passphraseProblem(passphrase, words) : null;
    setPassphraseError(weak);
    const wrong =
      name === "" ? "Give it a label." : !isOwner && chosen.length === 0 ? "Choose at least one compartment." : null;
    setProblem(wrong === null ? null : { code: "invalid_input", title: wrong, text: "" });
    if (wrong !== null || weak !== null) {
      return;
    }
    const access = isOwner ? "owner" : { compartments: chosen };
    await change.run(
      async (vault) => {
        switch (factor) {
          case "key":
            return await vault.grant(name, access);
          case "passphrase":
            return await vault.grant(name, access, { passphrase: passphrase.text });
          case "passkey":
            return await vault.grant(name, access, { passkey: await createPasskey(vault, { label: name }) });
        }
      },
      (key) => {
        setPassphrase(NO_PASSPHRASE);
        if (key === null) {
          notify(`Access granted to ${name}`);
          onClose();
        } else {
          setKey(key);
        }
      },
    );
  };
  if (key !== null) {
    return <NewKey keys={{ [name]: key }} onClose={onClose} />;
  }
  return (
    <Dialog title="Grant access" onClose={change.isBusy ? null : onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void grant();
        }}
      >
        <TextInput
          label="Label"
          placeholder="scalper-1"
          maxLength={64}
          value={label}
          onInput={setLabel}
          hint="Only owners see it."
        />
        <Choices
          legend="May open"
          choices={[
            ["holder", "Some compartments, as a bot"],
            ["owner", "Everything, as an owner"],
          ]}
          chosen={isOwner ? "owner" : "holder"}
          onChoose={(choice) => setOwner(choice === "owner")}
        />
        {!isOwner && (
          <fieldset class="choices many">
            <legend>Compartments</legend>
            {compartments.length === 0 && <p class="hint">There is none yet: add an entry first.</p>}
            {compartments.map((compartment) => (
              <label key={compartment.name} class="check">
                <input
                  type="checkbox"
                  checked={chosen.includes(compartment.name)}
                  onChange={(event) =>
                    setChosen(
                      event.currentTarget.checked
                        ? [...chosen, compartment.name]
                        : chosen.filter((other) => other !== compartment.name),
                    )
                  }
                />
                {compartment.name}
              </label>
            ))}
          </fieldset>
        )}
        <Choices
          legend="By"
          choices={[
            ["key", "A new key, for a machine"],
            ["passphrase", "A passphrase, for a person"],
            ...(hasPasskeys() ? [["passkey", "A passkey of this device or a security key"] as const] : []),
          ]}
          chosen={factor}
          onChoose={setFactor}
        />
        {factor === "passphrase" && (
          <NewPassphraseInput value={passphrase} words={words} error={passphraseError} onChange={setPassphrase} />
        )}
        <Failure message={problem} />
        <ChangeFailure change={change} onTheirs={onClose} />
        {change.isBusy && <Working text="Making the new slot" />}
        <div class="actions">
          <button type="button" onClick={onClose} disabled={change.isBusy}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={change.isBusy}>
            Grant
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Choices<T extends string>(properties: {
  readonly legend: string;
  readonly choices: readonly (readonly [T, string])[];
  readonly chosen: T;
  readonly onChoose: (choice: T) => void;
}) {
  const { legend, choices, chosen, onChoose } = properties;
  return (
    <fieldset class="choices">
      <legend>{legend}</legend>
      {choices.map(([choice, text]) => (
        <label key={choice} class="check">
          <input type="radio" name={legend} checked={choice === chosen} onChange={() => onChoose(choice)} />
          {text}
        </label>
      ))}
    </fieldset>
  );
}
