/** Which vault? */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { Failure } from "./failure";
import { useTask } from "./hooks";
import { Icon } from "./icons";
import type { Message } from "./messages";
import { canPickFiles, droppedVault, pickVault, readVault } from "./source/file";
import type { Source } from "./source/source";

interface Properties {
  readonly children?: ComponentChildren;
  readonly problem: Message | null;
  readonly onAgain: (() => void) | null;
  readonly onSource: (source: Source) => Promise<void>;
  readonly onCreate: () => void;
}

export function Start({ children, problem, onAgain, onSource, onCreate }: Properties) {
  const [isOver, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const task = useTask();
  const cannotOpen = problem?.code === "no_wasm" || problem?.code === "wasm_blocked";
  const take = (job: () => Promise<Source | null>) =>
    void task.run(async () => {
      const source = await job();
      if (source !== null) {
        await onSource(source);
      }
    });
  // On the whole page: a file that misses the box would replace the page.
  useEffect(() => {
    const over = (event: DragEvent) => {
      event.preventDefault();
      setOver(event.type === "dragover");
    };
    const drop = (event: DragEvent) => {
      over(event);
      const { dataTransfer } = event;
      if (dataTransfer !== null && !cannotOpen) {
        take(() => droppedVault(dataTransfer));
      }
    };
    window.addEventListener("dragover", over);
    window.addEventListener("dragleave", over);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragover", over);
      window.removeEventListener("dragleave", over);
      window.removeEventListener("drop", drop);
    };
  });
  return (
    <main class="door">
      <Brand />
      <Failure message={task.failure ?? problem}>
        {onAgain && !task.failure && (
          <button type="button" class="small" onClick={onAgain}>
            Try again
          </button>
        )}
      </Failure>
      {children}
      {!cannotOpen && (
        <div class={isOver ? "card drop over" : "card drop"}>
          <Icon name="vault" />
          <h2>Open a vault</h2>
          <p>Drop a vault file here, or choose one. It is opened inside this browser and sent nowhere.</p>
          <button
            type="button"
            class="primary"
            aria-busy={task.isBusy}
            onClick={() => (canPickFiles ? take(pickVault) : input.current?.click())}
          >
            <Icon name="folder" /> Choose a vault file
          </button>
          <input
            ref={input}
            type="file"
            class="unseen"
            tabIndex={-1}
            aria-label="Vault file"
            onChange={(event) => {
              const file = event.currentTarget.files?.[0];
              event.currentTarget.value = "";
              if (file) {
                take(() => readVault(file));
              }
            }}
          />
          <button type="button" class="quiet" onClick={onCreate}>
            <Icon name="add" /> Make a new vault
          </button>
          {onAgain && !problem && (
            <button type="button" class="quiet" onClick={onAgain}>
              <Icon name="back" /> Back to the host's vault
            </button>
          )}
          {!canPickFiles && (
            <p class="hint">This browser can't write files: you download the vault after changing it.</p>
          )}
        </div>
      )}
    </main>
  );
}

export function Brand() {
  return (
    <h1 class="brand">
      <Icon name="vault" /> Strongroom
    </h1>
  );
}
