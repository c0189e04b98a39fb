/** Short words on what was just done, seen and heard: drawn by `Notices` in a live region. */

export interface Notice {
  readonly id: number;
  readonly text: string;
}

let listener: ((notice: Notice) => void) | null = null;
let count = 0;

export function notify(text: string): void {
  listener?.({ id: ++count, text });
}

export function onNotice(listen: (notice: Notice) => void): () => void {
  listener = listen;
  return () => {
    listener = null;
  };
}
