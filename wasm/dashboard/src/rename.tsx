/** Another name for an entry, also in another compartment. */

import { useState } from "preact/hooks";

import { Dialog } from "./dialog";
import { ChangeFailure } from "./failure";
import { useChange } from "./hooks";
import { TextInput } from "./inputs";
import { useUnsavedEdits } from "./leave";
import { notify } from "./notice";

export function Rename({
  name,
  onClose,
  onDone,
}: {
  readonly name: string;
  readonly onClose: () => void;
  readonly onDone: (name: string) => void;
}) {
  const [to, setTo] = useState(name);
  const change = useChange();
  useUnsavedEdits(to !== name && !change.isBusy);
  const rename = () => {
    const wanted = to.trim();
    void change.run(
      (vault) => vault.rename(name, wanted),
      () => {
        notify(`Renamed to ${wanted}`);
        onDone(wanted);
      },
    );
  };
  return (
    <Dialog title="Rename" onClose={change.isBusy ? null : onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          rename();
        }}
      >
        <TextInput
          label="New name"
          required
          value={to}
          onInput={setTo}
          hint="The part before the first / is the compartment. Bots look entries up by name."
        />
        <ChangeFailure change={change} onTheirs={onClose} />
        <div class="actions">
          <button type="button" onClick={onClose} disabled={change.isBusy}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={change.isBusy || to.trim() === name}>
            Rename
          </button>
        </div>
      </form>
    </Dialog>
  );
}
