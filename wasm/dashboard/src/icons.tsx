/** The page's own few icons: strokes on a grid of 24. They are decoration; the words beside them say what they mean. */

const PATHS = {
  add: "M12 5v14M5 12h14",
  access: "M15 7a4 4 0 1 1-3.9 4.9L4 19v2h3v-2h2v-2h2l1.6-1.6M16.5 8.5h.01",
  alert: "M12 4 2.8 19.5h18.4L12 4ZM12 10v4M12 17h.01",
  back: "M15 5l-7 7 7 7",
  camera: "M4 8h3l2-3h6l2 3h3v11H4V8ZM12 16.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z",
  check: "M5 13l4.5 4.5L19 7.5",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7v5l3.5 2",
  close: "M6 6l12 12M18 6 6 18",
  copy: "M9 9h11v11H9V9ZM5 15H4V4h11v1",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  edit: "M4 20l1-4L16.5 4.5l3 3L8 19l-4 1ZM14 7l3 3",
  file: "M6 3h8l4 4v14H6V3ZM14 3v4h4",
  folder: "M3 6h6l2 2h10v11H3V6Z",
  hide: "M4 4l16 16M10 6.2A9.6 9.6 0 0 1 12 6c5 0 8.5 4 9.5 6a13 13 0 0 1-2.7 3.4M6.3 7.9A13 13 0 0 0 2.5 12c1 2 4.5 6 9.5 6 1.3 0 2.5-.3 3.6-.7M10 10.200a2.6 2.6 0 0 0 3.7 3.7",
  key: "M8 15.500a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 11.500h9M18 11.500v3M15 11.500v2",
  lock: "M6 11h12v9H6v-9ZM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  passkey:
    "M9.5 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM3 20c0-3.5 2.9-6 6.5-6 1 0 2 .2 2.9.6M17.5 15a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM17.5 15v6M17.5 18h2",
  qr: "M4 4h6v6H4V4ZM14 4h6v6h-6V4ZM4 14h6v6H4v-6ZM14 14h2v2h-2zM18 18h2v2h-2zM18 14h2M14 20h2",
  remove: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM16 16l4.5 4.5",
  settings:
    "M4 7h9M17 7h3M4 17h3M11 17h9M15 9.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM9 19.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
  show: "M2.5 12c1-2 4.5-6 9.5-6s8.5 4 9.5 6c-1 2-4.5 6-9.5 6s-8.5-4-9.5-6ZM12 14.600a2.6 2.6 0 1 0 0-5.2 2.6 2.6 0 0 0 0 5.200Z",
  vault: "M4 4h16v16H4V4ZM12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 8v1.500M12 14.500V16M8 12h1.500M14.5 12H16",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
