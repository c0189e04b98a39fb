/** Passphrase, key or passkey. */

import { useEffect, useRef, useState } from "preact/hooks";
import { type Unlock as Factors, type PasskeySlot, Vault } from "strongroom";
import { getPasskey } from "strongroom/passkey";

import { Working } from "./create";
import { Failure } from "./failure";
import { useTask } from "./hooks";
import { Icon } from "./icons";
import { KeyFile, SecretInput } from "./inputs";
import { DownloadSource } from "./source/file";
import type { Source, Stored } from "./source/source";
import { Brand } from "./start";

interface Properties {
  readonly source: Source;
  readonly stored: Stored;
  readonly isInDialog?: boolean;
  readonly onUnlock: (stored: Stored, unlock: Factors) => Promise<void>;
  readonly onOther: () => void;
}

const NO_FACTORS = { passphrase: "", key: "" };

export function Unlock({ source, stored, isInDialog = false, onUnlock, onOther }: Properties) {
  const [{ passphrase, key }, setFactors] = useState(NO_FACTORS);
  const [hasKey, setHasKey] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [passkeys, setPasskeys] = useState<readonly PasskeySlot[]>([]);
  const form = useRef<HTMLFormElement>(null);
  const task = useTask();
  useEffect(() => {
    if ("PublicKeyCredential" in window) {
      Vault.passkeys(stored.bytes).then(setPasskeys, () => setPasskeys([]));
    }
  }, [stored]);
  useEffect(() => form.current?.querySelector<HTMLInputElement>("input")?.focus(), []);

  const unlock = (factors: () => Promise<Factors>) =>
    task.run(async () => {
      const given = await factors();
      // What others saved while the page stood at the door.
      const newest = (await source.readLater(stored).catch(() => null)) ?? stored;
      await onUnlock(newest, given);
      setFactors(NO_FACTORS);
    });
  const typed = (): Factors => ({
    ...(passphrase !== "" && { passphrase }),
    ...(hasKey && key.trim() !== "" && { key }),
  });
  const submit = () => {
    const factors = typed();
    const isEmpty = factors.passphrase === undefined && factors.key === undefined;
    setProblem(isEmpty ? (hasKey ? "Type the passphrase, or give the key." : "Type the passphrase.") : null);
    if (!isEmpty) {
      void unlock(async () => factors);
    }
  };
  return (
    <>
      {!isInDialog && <Brand />}
      <form
        ref={form}
        class={isInDialog ? "stack" : "card"}
        aria-label={`Unlock ${source.name}`}
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        {!isInDialog && (
          <h2>
            <Icon name="lock" /> {source.name}
          </h2>
        )}
        <SecretInput
          label="Passphrase"
          autocomplete="current-password"
          value={passphrase}
          error={problem}
          onInput={(passphrase) => setFactors({ passphrase, key })}
        />
        {hasKey ? (
          <>
            <SecretInput
              label="Key"
              placeholder="STRONGROOM-KEY-1-…"
              value={key}
              hint="If the vault asks for both, give the passphrase too."
              onInput={(key) => setFactors({ passphrase, key })}
            />
            <KeyFile onKey={(key) => setFactors({ passphrase, key })} onError={setProblem} />
          </>
        ) : (
          <button type="button" class="quiet start" onClick={() => setHasKey(true)}>
            <Icon name="key" /> Use a key
          </button>
        )}
        <Failure message={task.failure} />
        {task.isBusy && <Working text="Unlocking" />}
        <button type="submit" class="primary" disabled={task.isBusy}>
          Unlock
        </button>
        {passkeys.length > 0 && (
          <button
            type="button"
            disabled={task.isBusy}
            onClick={() => void unlock(async () => ({ ...typed(), passkey: await getPasskey([...passkeys]) }))}
          >
            <Icon name="passkey" /> Unlock with a passkey
          </button>
        )}
        <div class="door-foot">
          {source instanceof DownloadSource && source.isUnsaved && (
            <button type="button" class="quiet" onClick={() => source.download()}>
              <Icon name="download" /> Download the changed vault
            </button>
          )}
          <button type="button" class="quiet" disabled={task.isBusy} onClick={onOther}>
            {isInDialog ? "Lock and drop what I typed" : "Open another vault"}
          </button>
        </div>
      </form>
    </>
  );
}
