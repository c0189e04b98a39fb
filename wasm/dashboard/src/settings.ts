/** What this browser remembers of the page: nothing of any vault. */

export type Theme = "system" | "light" | "dark";
export type LockMinutes = 1 | 5 | 15 | 60;

export const LOCK_MINUTES: readonly LockMinutes[] = [1, 5, 15, 60];

export function theme(): Theme {
  const kept = read("strongroom-theme");
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function setTheme(theme: Theme): void {
  write("strongroom-theme", theme);
  showTheme();
}

export function showTheme(): void {
  document.documentElement.dataset.theme = theme();
}

export function lockMinutes(): LockMinutes {
  return LOCK_MINUTES.find((minutes) => String(minutes) === read("strongroom-lock-minutes")) ?? 5;
}

export function setLockMinutes(minutes: LockMinutes): void {
  write("strongroom-lock-minutes", String(minutes));
}

/** Storage may be switched off; then the setting lasts as long as the page. */
const forThisPage = new Map<string, string>();

function read(key: string): string | null {
  try {
    return forThisPage.get(key) ?? localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  forThisPage.set(key, value);
  try {
    localStorage.setItem(key, value);
  } catch {
    // kept for this page
  }
}
