/** Short words on what was just done, in a live region at the foot of the page. */

import { useEffect, useState } from "preact/hooks";

import { type Notice, onNotice } from "./notice";

const SHOWN_MS = 6_000;

export function Notices() {
  const [notice, setNotice] = useState<Notice | null>(null);
  useEffect(() => onNotice(setNotice), []);
  useEffect(() => {
    const timer = setTimeout(() => setNotice(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [notice]);
  return (
    <div role="status" class="notices">
      {notice && (
        <p key={notice.id} class="notice">
          {notice.text}
        </p>
      )}
    </div>
  );
}
