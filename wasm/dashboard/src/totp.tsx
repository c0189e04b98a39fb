/** The one-time code of now, how long it is good, and the next one. */

import { useEffect, useState } from "preact/hooks";
import type { Entry, SealedTotp } from "strongroom";

import { copySecret } from "./clipboard";
import { useNow, useSession } from "./hooks";
import { Icon } from "./icons";
import { explain } from "./messages";

export function Codes({ entry, field }: { readonly entry: Entry; readonly field: string }) {
  const session = useSession();
  const [codes, setCodes] = useState<{ step: number; period: number; now: string; next: string } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const now = useNow(1);
  const isCurrent = codes !== null && Math.floor(now / codes.period) === codes.step;
  useEffect(() => {
    let isWanted = true;
    const totp = field === "totp" ? entry.totp : entry.totpOf(field);
    codesAt(totp, now).then(
      (codes) => isWanted && setCodes(codes),
      (error: unknown) => isWanted && setProblem(explain(session.whatFailed(error)).title),
    );
    return () => {
      isWanted = false;
    };
  }, [entry, field, isCurrent]);
  if (problem !== null) {
    return (
      <p class="nothing">
        No codes from {field}: {problem.toLowerCase()}.
      </p>
    );
  }
  const left = codes === null ? 0 : codes.period - (now % codes.period);
  return (
    <fieldset class="codes" aria-label={`Codes of ${field}`}>
      <Ring left={left} period={codes?.period ?? 30} />
      <div class="code-now">
        <span class="code">
          <span class="unseen">Code </span>
          {codes && isCurrent ? grouped(codes.now) : "··· ···"}
        </span>
        <span class="faint">
          Next <span class="code-next">{codes && isCurrent ? grouped(codes.next) : "··· ···"}</span>
        </span>
      </div>
      <button type="button" disabled={codes === null} onClick={() => codes && void copySecret("Code", codes.now)}>
        <Icon name="copy" /> Copy code
      </button>
    </fieldset>
  );
}

async function codesAt(totp: SealedTotp, at: number) {
  const period = await totp.period();
  const [now, next] = await Promise.all([totp.at(at), totp.at(at + period)]);
  return { step: Math.floor(at / period), period, now, next };
}

export function Ring({ left, period }: { readonly left: number; readonly period: number }) {
  return (
    <span class={left <= 5 ? "ring soon" : "ring"} role="timer" aria-label={`${left} seconds left`}>
      <svg viewBox="0 0 36 36" aria-hidden="true">
        <circle class="ring-ground" cx="18" cy="18" r="15.9155" />
        <circle
          class="ring-left"
          cx="18"
          cy="18"
          r="15.9155"
          pathLength={100}
          stroke-dasharray={`${(left / period) * 100} 100`}
        />
      </svg>
      <span aria-hidden="true">{left}</span>
    </span>
  );
}

/** "123 456": as people read them out. */
export function grouped(code: string): string {
  const half = Math.ceil(code.length / 2);
  return code.length < 6 ? code : `${code.slice(0, half)} ${code.slice(half)}`;
}
