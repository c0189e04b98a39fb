/** Where in the vault one is. The address bar and the browser's history get a number: names of entries are sealed, too. */

import { useEffect, useRef, useState } from "preact/hooks";

import { hasUnsavedEdits } from "./leave";

export interface Place {
  readonly view: "entries" | "access";
  /** `null` for all. */
  readonly compartment: string | null;
  readonly isDue: boolean;
  readonly entry: string | null;
  readonly form: "edit" | "stage" | "new" | null;
}

const FIRST: Place = { view: "entries", compartment: null, isDue: false, entry: null, form: null };

export interface Places {
  readonly place: Place;
  readonly go: (change: Partial<Place>) => void;
  /** Where one wants to go from a form that is not saved: to be confirmed. */
  readonly asked: Place | null;
  readonly confirm: (isLeaving: boolean) => void;
  /** Goes on without asking, from a form that is done. */
  readonly leave: (change: Partial<Place>) => void;
}

export function usePlaces(): Places {
  const [place, setPlace] = useState(FIRST);
  const [asked, setAsked] = useState<Place | null>(null);
  const visited = useRef<Place[]>([FIRST]);
  const at = useRef(0);

  const enter = (next: Place) => {
    visited.current = [...visited.current.slice(0, at.current + 1), next];
    at.current = visited.current.length - 1;
    history.pushState({ place: at.current }, "");
    setPlace(next);
  };
  useEffect(() => {
    history.replaceState({ place: 0 }, "");
    const onBack = (event: PopStateEvent) => {
      const index = (event.state as { place?: number } | null)?.place ?? 0;
      const next = visited.current[index] ?? FIRST;
      if (index === at.current) {
        return; // back where we were, on the way to asking
      }
      if (hasUnsavedEdits()) {
        history.go(at.current - index);
        setAsked(next);
        return;
      }
      at.current = index;
      setPlace(next);
    };
    window.addEventListener("popstate", onBack);
    return () => window.removeEventListener("popstate", onBack);
  }, []);
  return {
    place,
    asked,
    go(change) {
      const next = { ...place, ...change };
      if (hasUnsavedEdits()) {
        setAsked(next);
      } else {
        enter(next);
      }
    },
    confirm(isLeaving) {
      if (isLeaving && asked !== null) {
        enter(asked);
      }
      setAsked(null);
    },
    leave: (change) => enter({ ...place, ...change }),
  };
}
