/** Points in time as people read and type them. */

const DAY = 86_400;

/** "in 3 days", "2 months ago". */
export function relative(unixSeconds: number, now: number): string {
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const seconds = unixSeconds - now;
  const size = Math.abs(seconds);
  const steps: readonly [number, Intl.RelativeTimeFormatUnit][] = [
    [365 * DAY, "year"],
    [30 * DAY, "month"],
    [DAY, "day"],
    [3600, "hour"],
    [60, "minute"],
  ];
  const step = steps.find(([length]) => size >= length);
  return step === undefined ? "just now" : words.format(Math.trunc(seconds / step[0]), step[1]);
}

/** "12 Mar 2027", and the time of day where it matters. */
export function absolute(unixSeconds: number, withTime = false): string {
  const date = new Date(unixSeconds * 1000);
  const options: Intl.DateTimeFormatOptions = { day: "numeric", month: "short", year: "numeric" };
  return withTime
    ? date.toLocaleString("en-GB", { ...options, hour: "2-digit", minute: "2-digit" })
    : date.toLocaleDateString("en-GB", options);
}

/** What an `<input type="datetime-local">` shows. */
export function toInput(unixSeconds: number | null): string {
  if (unixSeconds === null) {
    return "";
  }
  const date = new Date(unixSeconds * 1000);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

/** Unix seconds, or 0, which removes the date. */
export function fromInput(value: string): number {
  const time = new Date(value).getTime();
  return Number.isFinite(time) && time > 0 ? Math.floor(time / 1000) : 0;
}
