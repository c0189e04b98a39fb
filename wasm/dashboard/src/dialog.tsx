/** A native dialog: the browser keeps the focus inside, and Escape closes it. The focus goes back to what opened it. */

import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

import { Icon } from "./icons";

interface Properties {
  readonly title: string;
  readonly children: ComponentChildren;
  /** `null` if it can't be closed just now. */
  readonly onClose: (() => void) | null;
  readonly isWide?: boolean;
}

export function Dialog({ title, children, onClose, isWide = false }: Properties) {
  const element = useRef<HTMLDialogElement>(null);
  const isGone = useRef(false);
  const heading = useId();
  useLayoutEffect(() => {
    const opener = document.activeElement;
    const dialog = element.current;
    dialog?.showModal();
    return () => {
      isGone.current = true;
      dialog?.close();
      if (opener instanceof HTMLElement) {
        opener.focus();
      }
    };
  }, []);
  return (
    <dialog
      ref={element}
      class={isWide ? "dialog wide" : "dialog"}
      aria-labelledby={heading}
      onCancel={(event) => {
        // An input of type file inside sends a cancel event too.
        if (event.target === element.current) {
          event.preventDefault();
          onClose?.();
        }
      }}
      onClose={(event) => {
        // Browsers close it at a second Escape without asking. What can't be closed, such as a key shown once, stays.
        if (event.target === element.current && !isGone.current) {
          if (onClose === null) {
            element.current?.showModal();
          } else {
            onClose();
          }
        }
      }}
    >
      <header class="dialog-head">
        <h2 id={heading}>{title}</h2>
        {onClose && (
          <button type="button" class="quiet square" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        )}
      </header>
      <div class="dialog-body">{children}</div>
    </dialog>
  );
}

/** Two steps for what can't be undone. */
export function Confirm(properties: {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly action: string;
  readonly isBusy?: boolean;
  readonly isDanger?: boolean;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}) {
  const { title, children, action, isBusy = false, isDanger = true, onConfirm, onClose } = properties;
  return (
    <Dialog title={title} onClose={isBusy ? null : onClose}>
      {children}
      <div class="actions">
        <button type="button" onClick={onClose} disabled={isBusy}>
          Cancel
        </button>
        <button
          type="button"
          class={isDanger ? "danger" : "primary"}
          onClick={onConfirm}
          disabled={isBusy}
          aria-busy={isBusy}
        >
          {action}
        </button>
      </div>
    </Dialog>
  );
}
