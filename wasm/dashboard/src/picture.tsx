/** A QR code on the screen, which is gone from the page once it is hidden. */

import { useEffect, useState } from "preact/hooks";
import { qrSvg } from "strongroom";

/** `text` is asked for when the picture is drawn, and dropped. */
export function QrPicture({ text, label }: { readonly text: () => Promise<string>; readonly label: string }) {
  const [url, setUrl] = useState<string | null>(null);
  const [isFailed, setFailed] = useState(false);
  useEffect(() => {
    let made: string | null = null;
    let isGone = false;
    void text()
      .then(qrSvg)
      .then((svg) => {
        if (!isGone) {
          made = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
          setUrl(made);
        }
      })
      .catch(() => setFailed(true));
    return () => {
      isGone = true;
      if (made !== null) {
        URL.revokeObjectURL(made);
      }
    };
  }, []);
  if (isFailed) {
    return <p role="alert">The QR code could not be made.</p>;
  }
  return <div class="qr">{url !== null && <img src={url} alt={label} />}</div>;
}
