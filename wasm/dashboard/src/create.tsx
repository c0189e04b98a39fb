/** A new vault with a passphrase, in a new file. */

import { useState } from "preact/hooks";
import { Kdf, Vault } from "strongroom";

import { Failure } from "./failure";
import { useTask } from "./hooks";
import { NewPassphraseInput, NO_PASSPHRASE, passphraseProblem, TextInput } from "./inputs";
import { useUnsavedEdits } from "./leave";
import { Session } from "./session";
import { canPickFiles, DownloadSource, FileSource, pickPlace, writeTo } from "./source/file";
import { Brand } from "./start";

export function Create({
  onDone,
  onCancel,
}: {
  readonly onDone: (session: Session) => void;
  readonly onCancel: () => void;
}) {
  const [name, setName] = useState("strongroom.vault");
  const [passphrase, setPassphrase] = useState(NO_PASSPHRASE);
  const [problem, setProblem] = useState<string | null>(null);
  const task = useTask();
  const words = [name, "strongroom"];
  useUnsavedEdits(passphrase.text !== "");
  const create = async () => {
    const found = await passphraseProblem(passphrase, words);
    setProblem(found);
    if (found !== null) {
      return;
    }
    await task.run(async () => {
      const fileName = name.trim() || "strongroom.vault";
      // Asked first: the browser lets a page do so only soon after a click, and the key takes a while.
      const handle = canPickFiles ? await pickPlace(fileName) : null;
      if (canPickFiles && handle === null) {
        return;
      }
      const vault = await Vault.create({ passphrase: passphrase.text, kdf: Kdf.argon2id() });
      try {
        const bytes = await vault.seal();
        let source = null;
        if (handle !== null) {
          await writeTo(handle, bytes);
          source = new FileSource(handle);
        } else {
          source = new DownloadSource(fileName, bytes, true);
        }
        await vault.saved(bytes);
        const session = new Session(source, await source.read(), vault);
        await session.look();
        onDone(session);
      } catch (error) {
        await vault.lock();
        throw error;
      }
    });
  };
  return (
    <main class="door">
      <Brand />
      <form
        class="card"
        aria-labelledby="create-title"
        onSubmit={(event) => {
          event.preventDefault();
          void create();
        }}
      >
        <h2 id="create-title">Make a new vault</h2>
        <TextInput label="File name" value={name} onInput={setName} />
        <NewPassphraseInput value={passphrase} words={words} error={problem} onChange={setPassphrase} />
        <p class="hint">
          {canPickFiles && "You choose where to save it next. "}Nobody can open the vault without the passphrase, and
          nobody can restore it. Keep it where you find it again.
        </p>
        <Failure message={task.failure} />
        {task.isBusy && <Working text="Making the key from your passphrase" />}
        <div class="actions">
          <button type="button" onClick={onCancel} disabled={task.isBusy}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={task.isBusy}>
            Create vault
          </button>
        </div>
      </form>
    </main>
  );
}

/** Something that takes as long as it takes. */
export function Working({ text }: { readonly text: string }) {
  return (
    <div class="working" role="status">
      <span class="working-bar" aria-hidden="true" />
      {text}
    </div>
  );
}
