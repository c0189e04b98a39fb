/** The secret fields of an entry: masked, shown for a short while, or copied for one. */

import { useEffect, useState } from "preact/hooks";
import { type Entry, type FieldValue, Totp } from "strongroom";

import { copySecret } from "./clipboard";
import { Dialog } from "./dialog";
import { useSession } from "./hooks";
import { Icon } from "./icons";
import { explain } from "./messages";
import { notify } from "./notice";
import { QrPicture } from "./picture";
import { Codes } from "./totp";

export const SHOWN_SECONDS = 20;

export function Secrets({ entry, title = "Secrets" }: { readonly entry: Entry; readonly title?: string }) {
  const session = useSession();
  const [names, setNames] = useState<readonly string[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    let isCurrent = true;
    entry.fieldNames().then(
      (names) => {
        if (isCurrent) {
          setNames(names);
          setProblem(null);
        }
      },
      (error: unknown) => isCurrent && setProblem(explain(session.whatFailed(error)).title),
    );
    return () => {
      isCurrent = false;
    };
  }, [entry]);
  const id = `secrets-${entry.version}`;
  if (names?.length === 0) {
    return null;
  }
  return (
    <section class="part" aria-labelledby={id}>
      <h3 id={id}>{title}</h3>
      {problem && <p class="nothing">{problem}</p>}
      {names?.filter(isCodeField).map((field) => (
        <Codes key={field} entry={entry} field={field} />
      ))}
      <div class="fields">
        {names?.map((field) => (
          <SecretField key={`${field} ${entry.version} ${entry.updated}`} entry={entry} field={field} />
        ))}
      </div>
    </section>
  );
}

/** Fields that hold the seed of one-time codes, by their usual names. */
export function isCodeField(field: string): boolean {
  return /(^|[._-])(totp|otp|2fa)([._-]|$)/i.test(field);
}

function SecretField({ entry, field }: { readonly entry: Entry; readonly field: string }) {
  const session = useSession();
  const [shown, setShown] = useState<string | null>(null);
  const [isQr, setQr] = useState(false);
  useHiding(shown !== null, () => setShown(null));
  const reveal = async (use: (text: string) => void | Promise<void>) => {
    try {
      await use(asText(await entry.reveal(field)));
    } catch (error) {
      notify(explain(session.whatFailed(error)).title);
    }
  };
  return (
    <fieldset class="field" aria-label={field}>
      <span class="field-name">{field}</span>
      <span class="value secret">{shown ?? <Hidden />}</span>
      <div class="field-buttons">
        {isCodeField(field) && (
          <button type="button" class="quiet square" aria-label={`QR code of ${field}`} onClick={() => setQr(true)}>
            <Icon name="qr" />
          </button>
        )}
        <button
          type="button"
          class="quiet square"
          aria-label={shown === null ? `Show ${field}` : `Hide ${field}`}
          onClick={() => (shown === null ? void reveal(setShown) : setShown(null))}
        >
          <Icon name={shown === null ? "show" : "hide"} />
        </button>
        <button
          type="button"
          class="quiet square"
          aria-label={`Copy ${field}`}
          onClick={() => void reveal((text) => copySecret(field, text))}
        >
          <Icon name="copy" />
        </button>
      </div>
      {isQr && <SeedQr entry={entry} field={field} onClose={() => setQr(false)} />}
    </fieldset>
  );
}

function Hidden() {
  return (
    <>
      <span class="unseen">hidden</span>
      <span aria-hidden="true">{"•".repeat(12)}</span>
    </>
  );
}

/** The seed as a QR code, to move it to a phone. */
function SeedQr({
  entry,
  field,
  onClose,
}: {
  readonly entry: Entry;
  readonly field: string;
  readonly onClose: () => void;
}) {
  useHiding(true, onClose);
  const uri = async () => {
    const seed = asText(await entry.reveal(field));
    return seed.startsWith("otpauth://") ? seed : await (await Totp.fromSecret(seed)).uri(entry.name, "Strongroom");
  };
  return (
    <Dialog title={`QR code of ${field}`} onClose={onClose}>
      <QrPicture text={uri} label={`The seed of ${entry.name} as a QR code`} />
      <p class="hint">
        Scan it with an authenticator. Whoever sees it can make these codes. It hides itself after {SHOWN_SECONDS}{" "}
        seconds.
      </p>
    </Dialog>
  );
}

/** Hides what is secret after a while, and as soon as the window is not the one in front. */
export function useHiding(isShown: boolean, hide: () => void): void {
  useEffect(() => {
    if (!isShown) {
      return;
    }
    const timer = setTimeout(hide, SHOWN_SECONDS * 1000);
    window.addEventListener("blur", hide);
    return () => {
      clearTimeout(timer);
      window.removeEventListener("blur", hide);
    };
  }, [isShown]);
}

/** Bytes that are no text are shown in base64. */
export function asText(value: FieldValue): string {
  if (typeof value === "string") {
    return value;
  }
  return btoa(Array.from(value, (byte) => String.fromCharCode(byte)).join(""));
}
