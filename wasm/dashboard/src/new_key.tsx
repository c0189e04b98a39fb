/** Keys that are shown once: they are nowhere else. */

import { useState } from "preact/hooks";

import { copySecret } from "./clipboard";
import { Dialog } from "./dialog";
import { Icon } from "./icons";
import { notify } from "./notice";
import { QrPicture } from "./picture";
import { download } from "./source/file";

export function NewKey({
  keys,
  onClose,
}: {
  readonly keys: Readonly<Record<string, string>>;
  readonly onClose: () => void;
}) {
  const [isStored, setStored] = useState(false);
  const [qrOf, setQrOf] = useState<string | null>(null);
  return (
    <Dialog title="Store this key now" onClose={isStored ? onClose : null} isWide>
      <p>
        It is shown this once, and is nowhere else. Put it where only its user can read it: a key file with mode 0600,
        or the machine's secret store.
      </p>
      {Object.entries(keys).map(([label, key]) => (
        <fieldset key={label} class="new-key" aria-label={`Key of ${label}`}>
          <h3>{label}</h3>
          <code class="key-text">{key}</code>
          <div class="row-buttons">
            <button type="button" onClick={() => void copySecret("Key", key)}>
              <Icon name="copy" /> Copy
            </button>
            <button
              type="button"
              onClick={() => {
                download(`${label.replace(/[^A-Za-z0-9._-]/g, "_")}.key`, new TextEncoder().encode(`${key}\n`));
                notify("Key file downloaded: move it to its machine, and make it readable by its user alone");
              }}
            >
              <Icon name="download" /> Key file
            </button>
            <button type="button" aria-pressed={qrOf === label} onClick={() => setQrOf(qrOf === label ? null : label)}>
              <Icon name="qr" /> QR code
            </button>
          </div>
          {qrOf === label && <QrPicture text={async () => key} label={`Key of ${label} as a QR code`} />}
        </fieldset>
      ))}
      <label class="check">
        <input type="checkbox" checked={isStored} onChange={(event) => setStored(event.currentTarget.checked)} />I have
        stored it
      </label>
      <div class="actions">
        <button type="button" class="primary" disabled={!isStored} onClick={onClose}>
          Done
        </button>
      </div>
    </Dialog>
  );
}
