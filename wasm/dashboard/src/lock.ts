/** Locks the vault when nobody is there: nothing pressed or moved for some minutes, or the page hidden for one. */

import { lockMinutes } from "./settings";

const HIDDEN_SECONDS = 60;
/** So long before the lock a person with unsaved edits is warned. */
export const WARNING_SECONDS = 30;

export interface LockWatch {
  /** Somebody is there. */
  touch(): void;
  stop(): void;
}

/**
 * Calls `onLeft` each second with how long it is until the lock; at 0 or less it is time. The clock decides, not how often a
 * timer ran: a machine that slept locks as it wakes.
 */
export function watchIdle(onLeft: (seconds: number) => void): LockWatch {
  let touched = Date.now();
  let hidden: number | null = document.hidden ? Date.now() : null;
  const touch = (): void => {
    touched = Date.now();
  };
  const tick = (): void => {
    const idleLeft = lockMinutes() * 60 - (Date.now() - touched) / 1000;
    const hiddenLeft = hidden === null ? Infinity : HIDDEN_SECONDS - (Date.now() - hidden) / 1000;
    onLeft(Math.ceil(Math.min(idleLeft, hiddenLeft)));
  };
  const onVisibility = (): void => {
    tick(); // before the page is seen again
    hidden = document.hidden ? Date.now() : null;
  };
  const events = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"] as const;
  for (const event of events) {
    window.addEventListener(event, touch, { passive: true });
  }
  document.addEventListener("visibilitychange", onVisibility);
  const timer = setInterval(tick, 1000);
  return {
    touch,
    stop() {
      clearInterval(timer);
      for (const event of events) {
        window.removeEventListener(event, touch);
      }
      document.removeEventListener("visibilitychange", onVisibility);
    },
  };
}
