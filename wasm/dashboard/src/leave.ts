/** Which forms hold what is typed and not saved. */

import { useLayoutEffect } from "preact/hooks";

const dirtyForms = new Set<object>();

export function hasUnsavedEdits(): boolean {
  return dirtyForms.size > 0;
}

/** While `isDirty`, leaving the page or the form has to be confirmed. */
export function useUnsavedEdits(isDirty: boolean): void {
  useLayoutEffect(() => {
    const form = {};
    if (isDirty) {
      dirtyForms.add(form);
    }
    return () => dirtyForms.delete(form);
  }, [isDirty]);
}
