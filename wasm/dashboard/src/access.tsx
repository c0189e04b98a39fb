/** Who has access: the slots of the vault, for owners. */

import { useState } from "preact/hooks";
import type { Kdf, Slot } from "strongroom";

import { absolute } from "./dates";
import { Grant } from "./grant";
import { useSession } from "./hooks";
import { Icon } from "./icons";
import { ChangePassphrase, Rekey, Revoke } from "./owner";

type Asked = { readonly what: "grant" | "rekey" } | { readonly what: "revoke" | "passphrase"; readonly slot: Slot };

/** What has to be rotated at the exchange after a revocation: on screen until it is dismissed. */
export interface Rotation {
  readonly why: string;
  readonly names: readonly string[];
}

export function Access({ onEntry }: { readonly onEntry: (name: string) => void }) {
  const session = useSession();
  const [asked, setAsked] = useState<Asked | null>(null);
  const [rotation, setRotation] = useState<Rotation | null>(null);
  // In the file they stand by ids that are random.
  const slots = [...session.slots].sort(
    (left, right) => left.created - right.created || (left.label < right.label ? -1 : 1),
  );
  const owners = slots.filter(({ scope }) => scope === "owner");
  const holders = slots.filter(({ scope }) => scope === "holder");
  const close = () => setAsked(null);
  return (
    <div class="entry">
      <header class="entry-head">
        <h2 tabIndex={-1}>Access</h2>
        <p class="hint">
          Every way into this vault. An owner may do everything; a holder, such as a bot, reads and writes its
          compartments.
        </p>
        <div class="entry-actions">
          <button type="button" class="primary" onClick={() => setAsked({ what: "grant" })}>
            <Icon name="add" /> Grant access
          </button>
          <button type="button" class="danger-quiet" onClick={() => setAsked({ what: "rekey" })}>
            Re-key the vault
          </button>
        </div>
      </header>
      {rotation && <ToRotate rotation={rotation} onEntry={onEntry} onDismiss={() => setRotation(null)} />}
      <Slots title="Owners" slots={owners} onAsk={setAsked} />
      <Slots title="Holders" slots={holders} onAsk={setAsked} />
      {asked?.what === "grant" && <Grant onClose={close} />}
      {asked?.what === "rekey" && <Rekey onClose={close} onRotation={setRotation} />}
      {asked?.what === "revoke" && <Revoke slot={asked.slot} onClose={close} onRotation={setRotation} />}
      {asked?.what === "passphrase" && <ChangePassphrase slot={asked.slot} onClose={close} />}
    </div>
  );
}

function Slots({
  title,
  slots,
  onAsk,
}: {
  readonly title: string;
  readonly slots: readonly Slot[];
  readonly onAsk: (asked: Asked) => void;
}) {
  const { openedBy } = useSession();
  const id = `slots-${title.toLowerCase()}`;
  return (
    <section class="part" aria-labelledby={id}>
      <h3 id={id}>
        {title} <span class="count">{slots.length}</span>
      </h3>
      {slots.length === 0 && <p class="nothing">None yet. Grant a bot the compartments it needs, and nothing else.</p>}
      <ul class="slots">
        {slots.map((slot) => (
          <li key={slot.id} class="slot" aria-label={slot.label}>
            <Icon name={slot.passkey ? "passkey" : slot.factors === "passphrase" ? "lock" : "key"} />
            <div class="slot-text">
              <strong>{slot.label}</strong>
              {slot.id === openedBy.slotId && <span class="chip strong">you</span>}
              <span class="faint">
                {factorsOf(slot)}
                {slot.kdf && ` · ${costOf(slot.kdf)}`} · since {absolute(slot.created)}
              </span>
              {slot.scope === "holder" && (
                <span class="chips">
                  {slot.compartments?.map((name) => (
                    <span key={name} class="chip">
                      {name}
                    </span>
                  )) ?? <span class="badge danger">damaged: its compartments are unknown</span>}
                </span>
              )}
            </div>
            <div class="slot-buttons">
              {slot.factors !== "key" && (
                <button
                  type="button"
                  class="small"
                  aria-label={`Change passphrase of ${slot.label}`}
                  onClick={() => onAsk({ what: "passphrase", slot })}
                >
                  Change passphrase
                </button>
              )}
              {slot.scope === "holder" && (
                <button
                  type="button"
                  class="small danger-quiet"
                  aria-label={`Revoke ${slot.label}`}
                  onClick={() => onAsk({ what: "revoke", slot })}
                >
                  Revoke
                </button>
              )}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function ToRotate({
  rotation,
  onEntry,
  onDismiss,
}: {
  readonly rotation: Rotation;
  readonly onEntry: (name: string) => void;
  readonly onDismiss: () => void;
}) {
  const { rows } = useSession();
  return (
    <section class="part rotate" aria-labelledby="rotate-title">
      <h3 id="rotate-title">
        <Icon name="alert" /> Rotate these at the exchange
      </h3>
      <p>{rotation.why}</p>
      {rotation.names.length === 0 && <p>There is nothing that could have been read.</p>}
      <ul>
        {rotation.names.map((name) => (
          <li key={name}>
            {rows.some((row) => row.name === name) ? (
              <button type="button" class="link" onClick={() => onEntry(name)}>
                {name}
              </button>
            ) : (
              name
            )}
          </li>
        ))}
      </ul>
      <button type="button" onClick={onDismiss}>
        Dismiss
      </button>
    </section>
  );
}

function factorsOf(slot: Slot): string {
  const withPassphrase = slot.factors === "passphrase+key";
  if (slot.passkey) {
    return withPassphrase ? "passkey and passphrase" : "passkey";
  }
  return withPassphrase ? "passphrase and key" : slot.factors;
}

function costOf(kdf: Kdf): string {
  return kdf.algorithm === "argon2id"
    ? `Argon2id ${kdf.memoryKib / 1024} MiB × ${kdf.passes}`
    : `PBKDF2 ${kdf.iterations.toLocaleString("en")}`;
}
