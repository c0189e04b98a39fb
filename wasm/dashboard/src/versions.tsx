/** Rotation: a staged version beside the current one, and the ones before. */

import { useEffect, useState } from "preact/hooks";
import type { Entry } from "strongroom";

import { absolute } from "./dates";
import { Confirm } from "./dialog";
import { ChangeFailure } from "./failure";
import { useChange, useSession } from "./hooks";
import { notify } from "./notice";
import { Secrets } from "./secrets";

export function Versions({ entry, onStage }: { readonly entry: Entry; readonly onStage: () => void }) {
  const session = useSession();
  const [versions, setVersions] = useState<readonly Entry[]>([]);
  const [asks, setAsks] = useState<"promote" | "retire" | null>(null);
  const { name } = entry;
  useEffect(() => {
    let isCurrent = true;
    session.vault.versions(name).then(
      (found) => isCurrent && setVersions(found),
      (error: unknown) => void session.whatFailed(error),
    );
    return () => {
      isCurrent = false;
    };
  }, [name, session.revision]);
  const has = (state: Entry["state"]) => versions.some((version) => version.state === state);
  return (
    <section class="part" aria-labelledby="versions-title">
      <div class="part-head">
        <h3 id="versions-title">Versions</h3>
        <div class="part-buttons">
          {has("previous") && (
            <button type="button" class="small" onClick={() => setAsks("retire")}>
              Retire previous
            </button>
          )}
          {has("pending") && (
            <button type="button" class="small" onClick={() => setAsks("promote")}>
              Promote
            </button>
          )}
          <button type="button" class="small" onClick={onStage}>
            {has("pending") ? "Stage another" : "Stage next"}
          </button>
        </div>
      </div>
      <ul class="versions">
        {versions.map((version) => (
          <li key={version.version}>
            <span class={`badge ${version.state}`}>{version.state}</span> Version {version.version}
            <span class="faint"> changed {absolute(version.updated, true)}</span>
            {version.state !== "current" && (
              <details>
                <summary>Its secrets</summary>
                <Secrets entry={version} title={`Secrets of version ${version.version}`} />
              </details>
            )}
          </li>
        ))}
      </ul>
      {asks && <Step name={name} step={asks} onClose={() => setAsks(null)} />}
    </section>
  );
}

const STEPS = {
  promote: [
    "Promote the staged version?",
    "Promote",
    "Bots use it from their next read on. The current one stays as a previous version.",
    "Promoted",
  ],
  retire: [
    "Retire the previous versions?",
    "Retire",
    "They are removed for good. Do it once nothing uses them any more.",
    "Previous versions removed",
  ],
} as const;

function Step({
  name,
  step,
  onClose,
}: {
  readonly name: string;
  readonly step: "promote" | "retire";
  readonly onClose: () => void;
}) {
  const change = useChange();
  const [title, action, text, done] = STEPS[step];
  const take = () =>
    change.run<unknown>(
      (vault) => vault[step](name),
      () => {
        notify(done);
        onClose();
      },
    );
  return (
    <Confirm
      title={title}
      action={action}
      isDanger={step === "retire"}
      isBusy={change.isBusy}
      onConfirm={() => void take()}
      onClose={onClose}
    >
      <p>{text}</p>
      <ChangeFailure change={change} onTheirs={onClose} />
    </Confirm>
  );
}
