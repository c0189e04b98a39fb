/** What only owners do to slots: revoke, change a passphrase, re-key the whole vault. */

import { useState } from "preact/hooks";
import type { Factors, Slot } from "strongroom";

import type { Rotation } from "./access";
import { Working } from "./create";
import { Confirm, Dialog } from "./dialog";
import { ChangeFailure, Failure } from "./failure";
import { useChange, useSession } from "./hooks";
import { KeyFile, NewPassphraseInput, NO_PASSPHRASE, passphraseProblem, SecretInput } from "./inputs";
import { useUnsavedEdits } from "./leave";
import type { Message } from "./messages";
import { NewKey } from "./new_key";
import { notify } from "./notice";

export function Revoke({
  slot,
  onClose,
  onRotation,
}: {
  readonly slot: Slot;
  readonly onClose: () => void;
  readonly onRotation: (rotation: Rotation) => void;
}) {
  const change = useChange();
  const [dropDamaged, setDropDamaged] = useState(false);
  const revoke = () =>
    change.run(
      (vault) => vault.revoke(slot.label, { dropDamaged }),
      ({ rotate }) => {
        notify(`${slot.label} revoked`);
        onRotation({
          why: `${slot.label} has been able to read them. It can't open what is saved from now on, but keeps what it has read.`,
          names: rotate,
        });
        onClose();
      },
    );
  return (
    <Confirm
      title={`Revoke ${slot.label}?`}
      action="Revoke"
      isBusy={change.isBusy}
      onConfirm={() => void revoke()}
      onClose={onClose}
    >
      <p>
        Its key stops working{slot.compartments && ` for ${slot.compartments.join(", ")}`}, and the compartments get new
        keys. All other holders keep their access.
      </p>
      {change.failure?.code === "damaged" && <DropDamaged isChecked={dropDamaged} onCheck={setDropDamaged} />}
      <ChangeFailure change={change} onTheirs={onClose} />
    </Confirm>
  );
}

function DropDamaged({
  isChecked,
  onCheck,
}: {
  readonly isChecked: boolean;
  readonly onCheck: (isChecked: boolean) => void;
}) {
  return (
    <label class="check">
      <input type="checkbox" checked={isChecked} onChange={(event) => onCheck(event.currentTarget.checked)} />
      Go on, and lose what is damaged
    </label>
  );
}

export function ChangePassphrase({ slot, onClose }: { readonly slot: Slot; readonly onClose: () => void }) {
  const { source } = useSession();
  const change = useChange();
  const [passphrase, setPassphrase] = useState(NO_PASSPHRASE);
  const [key, setKey] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const needsKey = slot.factors === "passphrase+key";
  useUnsavedEdits(passphrase.text !== "");
  const words = [slot.label, source.name, "strongroom"];
  const save = async () => {
    const wrong = await passphraseProblem(passphrase, words);
    setProblem(wrong);
    if (wrong === null) {
      await change.run(
        (vault) => vault.changePassphrase(slot.label, passphrase.text, needsKey ? { key } : {}),
        () => {
          notify("Passphrase changed");
          onClose();
        },
      );
    }
  };
  return (
    <Dialog title={`Change passphrase of ${slot.label}`} onClose={change.isBusy ? null : onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <NewPassphraseInput value={passphrase} words={words} error={problem} onChange={setPassphrase} />
        {needsKey && (
          <SecretInput label="Its key" value={key} onInput={setKey} hint="It stays the same, and has to be given." />
        )}
        <p class="hint">
          The old passphrase still opens older copies of the file. If someone may know it, re-key the vault instead.
        </p>
        <ChangeFailure change={change} onTheirs={onClose} />
        {change.isBusy && <Working text="Making the key from the passphrase" />}
        <div class="actions">
          <button type="button" onClick={onClose} disabled={change.isBusy}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={change.isBusy}>
            Change
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface Kept {
  readonly id: number;
  readonly passphrase: string;
  readonly key: string;
}

const nobody = (id: number): Kept => ({ id, passphrase: "", key: "" });

/** New keys for everything. Only slots that are opened here stay; everybody else is granted access again. */
export function Rekey({
  onClose,
  onRotation,
}: {
  readonly onClose: () => void;
  readonly onRotation: (rotation: Rotation) => void;
}) {
  const change = useChange();
  const [kept, setKept] = useState<readonly Kept[]>([nobody(0)]);
  const [isSure, setSure] = useState(false);
  const [dropDamaged, setDropDamaged] = useState(false);
  const [problem, setProblem] = useState<Message | null>(null);
  const [keys, setKeys] = useState<Readonly<Record<string, string>> | null>(null);
  const set = (id: number, part: Partial<Kept>) =>
    setKept(kept.map((one) => (one.id === id ? { ...one, ...part } : one)));
  useUnsavedEdits(keys !== null || kept.some(({ passphrase, key }) => passphrase + key !== ""));
  const rekey = () => {
    const keep = kept.map(factorsOf).filter((factors) => Object.keys(factors).length > 0);
    const wrong =
      keep.length === 0
        ? "Give the passphrase or key of an owner that stays."
        : !isSure
          ? "Tick that you are sure."
          : null;
    setProblem(wrong === null ? null : { code: "invalid_input", title: wrong, text: "" });
    if (wrong !== null) {
      return;
    }
    void change.run(
      (vault) => vault.rekey(keep, { dropDamaged }),
      ({ keys, removed, rotate }) => {
        notify("Vault re-keyed");
        setKept([nobody(0)]);
        const gone =
          removed.length > 0 ? ` These have no access any more, until you grant it again: ${removed.join(", ")}.` : "";
        onRotation({ why: `Whoever held an owner's secret has been able to read every entry.${gone}`, names: rotate });
        if (Object.keys(keys).length > 0) {
          setKeys(keys);
        } else {
          onClose();
        }
      },
    );
  };
  if (keys !== null) {
    return <NewKey keys={keys} onClose={onClose} />;
  }
  return (
    <Dialog title="Re-key the vault" onClose={change.isBusy ? null : onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          rekey();
        }}
      >
        <p>
          For when someone may know an owner's passphrase or key. The vault gets new keys, and{" "}
          <strong>every slot goes</strong> except those whose passphrase or key you give here: bots and passkeys are
          granted access again afterwards.
        </p>
        {kept.map((one, at) => (
          <fieldset key={one.id} class="choices">
            <legend>{at === 0 ? "Keep" : "Keep too"}</legend>
            <SecretInput
              label="Passphrase"
              value={one.passphrase}
              onInput={(passphrase) => set(one.id, { passphrase })}
            />
            <SecretInput
              label="Key"
              value={one.key}
              onInput={(key) => set(one.id, { key })}
              hint="A slot with a key gets a new one, shown afterwards."
            />
            <KeyFile
              onKey={(key) => set(one.id, { key })}
              onError={(title) => setProblem({ code: "invalid_input", title, text: "" })}
            />
          </fieldset>
        ))}
        <button type="button" class="small start" onClick={() => setKept([...kept, nobody(kept.length)])}>
          Keep another
        </button>
        {change.failure?.code === "damaged" && <DropDamaged isChecked={dropDamaged} onCheck={setDropDamaged} />}
        <label class="check">
          <input type="checkbox" checked={isSure} onChange={(event) => setSure(event.currentTarget.checked)} />
          All other slots may go
        </label>
        <Failure message={problem} />
        <ChangeFailure change={change} onTheirs={onClose} />
        {change.isBusy && <Working text="Making new keys" />}
        <div class="actions">
          <button type="button" onClick={onClose} disabled={change.isBusy}>
            Cancel
          </button>
          <button type="submit" class="danger" disabled={change.isBusy}>
            Re-key
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function factorsOf({ passphrase, key }: Kept): Factors {
  return { ...(passphrase !== "" && { passphrase }), ...(key.trim() !== "" && { key }) };
}
