/** What went wrong, beside the form that is still filled in, with the ways out. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { type Change, isConflict, useSession, useTask } from "./hooks";
import { Icon } from "./icons";
import type { Message } from "./messages";
import { notify } from "./notice";
import { copyName, download } from "./source/file";

export function Failure({
  message,
  children,
}: {
  readonly message: Message | null;
  readonly children?: ComponentChildren;
}) {
  const element = useRef<HTMLDivElement>(null);
  // In a long form it would come up out of sight.
  useEffect(() => {
    if (message !== null) {
      element.current?.scrollIntoView({ block: "nearest" });
    }
  }, [message?.code, message?.title]);
  // The place is there before the words are, so that screen readers say them.
  return (
    <div role="alert" ref={element}>
      {message && (
        <div class="failure">
          <Icon name="alert" />
          <div>
            <strong>{message.title}</strong>
            <p>{message.text}</p>
            {children && <div class="failure-actions">{children}</div>}
          </div>
        </div>
      )}
    </div>
  );
}

/** What kept a change from being saved. */
export function ChangeFailure({ change, onTheirs }: { readonly change: Change; readonly onTheirs?: () => void }) {
  const session = useSession();
  const rescue = useTask();
  const { failure } = change;
  if (failure !== null && isConflict(failure)) {
    return (
      <Failure message={{ ...failure, text: conflictText(failure.text) }}>
        <button type="button" class="small" onClick={() => void change.keepMine()}>
          Keep mine
        </button>
        <button
          type="button"
          class="small"
          onClick={() => void change.takeTheirs().then((isTaken) => isTaken && onTheirs?.())}
        >
          Take theirs
        </button>
      </Failure>
    );
  }
  const save = () =>
    rescue.run(async () => {
      download(copyName(session.source.name), await session.sealedWithChanges());
      notify("Downloaded a copy of the vault with your changes, sealed");
    });
  return (
    <>
      <Failure message={failure}>
        {failure && canRetry(failure) && (
          <>
            <button type="button" class="small" onClick={() => void change.again()}>
              Try again
            </button>
            {session.hasPending && (
              <button type="button" class="small" onClick={() => void save()}>
                Download the vault with your changes
              </button>
            )}
          </>
        )}
      </Failure>
      <Failure message={rescue.failure} />
    </>
  );
}

/** The core says what was changed, and then what a program should do. */
function conflictText(text: string): string {
  const [what = ""] = text.split(/[;.]/);
  return `${what}. What you filled in is still here: keep it, on top of what they saved, or take theirs and drop yours.`;
}

/** What is wrong with the input is not better the second time. */
function canRetry({ code }: Message): boolean {
  return !["invalid_input", "exists", "limit", "not_found", "no_access", "damaged", "decrypt"].includes(code);
}
