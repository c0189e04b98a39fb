/** One-time codes from a QR code or a seed, tried out before they are saved. */

import { useEffect, useRef, useState } from "preact/hooks";
import { readAccount, Totp } from "strongroom";

import { Dialog } from "./dialog";
import { Failure } from "./failure";
import { useNow, useTask } from "./hooks";
import { Icon } from "./icons";
import { SecretInput } from "./inputs";
import { useUnsavedEdits } from "./leave";
import { readQr } from "./qr";
import { PageError } from "./source/source";
import { grouped, Ring } from "./totp";

export function Enrol({ onSeed, onClose }: { readonly onSeed: (seed: string) => void; readonly onClose: () => void }) {
  const [seed, setSeed] = useState("");
  const [totp, setTotp] = useState<Totp | null>(null);
  const [whose, setWhose] = useState("");
  const [isFilming, setFilming] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const task = useTask();
  useUnsavedEdits(seed !== "");

  const take = (text: string) =>
    task.run(async () => {
      const given = text.trim();
      setSeed(given);
      setTotp(null);
      if (/^otpauth:/i.test(given)) {
        const account = await readAccount(given);
        if (account.totp === null) {
          throw new PageError("not_yours");
        }
        setWhose([account.issuer, account.name].filter(Boolean).join(": "));
        setTotp(account.totp);
      } else {
        setWhose("");
        setTotp(await Totp.fromSecret(given));
      }
    });
  const takePicture = (picture: Blob | null | undefined) =>
    task.run(async () => {
      if (!picture) {
        throw new PageError("no_code");
      }
      const text = await readQr(picture);
      if (!/^otpauth:/i.test(text)) {
        throw new PageError("not_yours");
      }
      await take(text);
    });
  const pasteOf = (transfer: DataTransfer | null) =>
    [...(transfer?.files ?? [])].find((file) => file.type.startsWith("image/"));
  return (
    <Dialog title="Set up one-time codes" onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          event.stopPropagation();
          if (totp === null) {
            void take(seed);
          } else {
            onSeed(seed);
          }
        }}
        onPaste={(event) => {
          const picture = pasteOf(event.clipboardData);
          if (picture) {
            event.preventDefault();
            void takePicture(picture);
          }
        }}
        onDragOver={(event) => event.preventDefault()}
        onDrop={(event) => {
          event.preventDefault();
          void takePicture(pasteOf(event.dataTransfer));
        }}
      >
        <p class="hint">Paste or drop a picture of the exchange's QR code here, choose one, or type the seed.</p>
        <div class="row-buttons">
          <button type="button" onClick={() => input.current?.click()}>
            <Icon name="file" /> Choose a picture
          </button>
          {"mediaDevices" in navigator && (
            <button type="button" onClick={() => setFilming(!isFilming)} aria-pressed={isFilming}>
              <Icon name="camera" /> Camera
            </button>
          )}
        </div>
        <input
          ref={input}
          type="file"
          accept="image/*"
          class="unseen"
          tabIndex={-1}
          aria-label="Picture of the QR code"
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            event.currentTarget.value = "";
            void takePicture(file);
          }}
        />
        {isFilming && (
          <Camera
            onCode={(text) => {
              setFilming(false);
              void take(text);
            }}
            onError={(error) => {
              setFilming(false);
              void task.run(async () => {
                throw error;
              });
            }}
          />
        )}
        <SecretInput
          label="Seed or otpauth URI"
          value={seed}
          onInput={(text) => {
            setSeed(text);
            setTotp(null);
            task.clear();
          }}
          hint="The letters and digits that the exchange shows beside its QR code."
        />
        <Failure message={task.failure} />
        {totp && <Check totp={totp} whose={whose} />}
        <div class="actions">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={seed.trim() === "" || task.isBusy}>
            {totp === null ? "Show the code" : "Use it"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** The code of now, to compare with, or to type at the exchange. */
function Check({ totp, whose }: { readonly totp: Totp; readonly whose: string }) {
  const now = useNow(1);
  const step = Math.floor(now / totp.period);
  const [code, setCode] = useState("");
  useEffect(() => {
    let isCurrent = true;
    void totp.at(step * totp.period).then((code) => isCurrent && setCode(code));
    return () => {
      isCurrent = false;
    };
  }, [totp, step]);
  return (
    <fieldset class="codes" aria-label="Code to check">
      <Ring left={totp.period - (now % totp.period)} period={totp.period} />
      <div class="code-now">
        <span class="code">
          <span class="unseen">Code </span>
          {grouped(code)}
        </span>
        <span class="faint">{whose || "Type it at the exchange to see whether it is right"}</span>
      </div>
    </fieldset>
  );
}

function Camera({
  onCode,
  onError,
}: {
  readonly onCode: (text: string) => void;
  readonly onError: (error: unknown) => void;
}) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    let stream: MediaStream | null = null;
    let isOver = false;
    const film = async () => {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      if (video.current === null || isOver) {
        return;
      }
      video.current.srcObject = stream;
      await video.current.play();
      while (!isOver) {
        const text = await readQr(video.current).catch(() => null);
        if (text !== null && /^otpauth:/i.test(text)) {
          onCode(text);
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    };
    film()
      .catch((error: unknown) => isOver || onError(error))
      .finally(() => stop(stream));
    return () => {
      isOver = true;
      stop(stream);
    };
  }, []);
  return <video ref={video} class="camera" muted playsInline aria-label="Camera: hold the QR code in front of it" />;
}

function stop(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) {
    track.stop();
  }
}
