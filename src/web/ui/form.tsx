import type { ReactNode, SyntheticEvent } from "react";
import { useEffect, useRef, useState } from "react";

interface FormProps {
  className?: string;
  role?: "search";
  noValidate?: boolean;
  "aria-label"?: string;
  "aria-labelledby"?: string;
  onSubmit: (event: SyntheticEvent) => void;
  children: ReactNode;
}

/** What can be at fault: a field, or the parts of a group, of which the first one gets the focus. */
const AT_FAULT = `[aria-invalid="true"], [data-fault] :is(input, select, textarea, button)`;

/**
 * A form that leads to what is wrong with it: once it is sent and refused, by the page or by the server, its first field at fault
 * is scrolled to and has the focus. It does so until the person goes on by themselves.
 */
export function Form({ onSubmit, children, ...rest }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  const [sent, setSent] = useState(0);
  useEffect(() => {
    const element = form.current;
    if (sent === 0 || element === null) return undefined;
    let last: Element | undefined;
    const lead = (): void => {
      const first = element.querySelector<HTMLElement>(AT_FAULT) ?? undefined;
      if (first !== undefined && first !== last) {
        const folded = first.closest("details");
        if (folded !== null) folded.open = true;
        first.focus({ preventScroll: true });
        first.scrollIntoView({ block: "center" });
      }
      last = first;
    };
    const observer = new MutationObserver(lead);
    observer.observe(element, {
      ...{ subtree: true, childList: true },
      attributeFilter: ["aria-invalid", "data-fault"],
    });
    lead();
    const leave = (): void => observer.disconnect();
    for (const name of ["pointerdown", "keydown", "input"]) document.addEventListener(name, leave);
    return () => {
      leave();
      for (const name of ["pointerdown", "keydown", "input"]) document.removeEventListener(name, leave);
    };
  }, [sent]);
  return (
    <form
      {...rest}
      ref={form}
      onSubmit={(event) => {
        onSubmit(event);
        setSent((before) => before + 1);
      }}
    >
      {children}
    </form>
  );
}
