import { useEffect } from "react";

/** The name of the browser's tab, and of its entry in the history. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Tollfree`;
  }, [title]);
}
