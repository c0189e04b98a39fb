/** What a caller gave and this side looks into, where it may be anything. */

import { uncopied } from "./calls.js";

/** A copy, as on the way to a worker, so that nothing of the caller's runs or changes within a call. */
export function copied(value: unknown): unknown {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  try {
    return structuredClone(value);
  } catch {
    throw uncopied();
  }
}

/** A copy of an object's own properties; `undefined` for what is no object, or throws as it is looked at. */
export function properties<T extends object>(given: T): T | undefined {
  try {
    return typeof given === "object" && given !== null && !Array.isArray(given) ? { ...given } : undefined;
  } catch {
    return undefined;
  }
}

/** The first items of an array; `undefined` for what is no array, or throws as it is looked at. */
export function items<T>(given: readonly T[], most: number): T[] | undefined {
  try {
    return Array.isArray(given) ? Array.from(given.slice(0, most)) : undefined;
  } catch {
    return undefined;
  }
}
