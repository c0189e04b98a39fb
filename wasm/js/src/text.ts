/** What Rust asks about a string before it is copied. */

/** Whether it has a UTF-8 form: no surrogate without its other half. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** Whether Unicode, as this engine knows it, says what each character is, and so can never change how it is normalised. */
export function isAssigned(text: string): boolean {
  return !/\p{Unassigned}/u.test(text);
}

const encoder = new TextEncoder();

/** Its UTF-8, for Rust to copy in one piece and to wipe here. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}
