import "./field.css";
import "./sheet.css";
import "./secret-once.css";
import type { ReactNode } from "react";
import { useEffect, useId, useRef, useState } from "react";
import { Button } from "./button.tsx";

interface SecretOnceProps {
  title: string;
  label: string;
  secret: string;
  /** Says that it can't be shown again. */
  warning: string;
  note?: string | undefined;
  copy: string;
  copied: string;
  done: string;
  /** What to do with it. */
  children?: ReactNode;
  /** The secret is forgotten. */
  onDone: () => void;
}

/** A secret that leaves the server once. It is kept by this component's page alone, and gone when the page is left. */
export function SecretOnce({
  title,
  label,
  secret,
  warning,
  note,
  copy,
  copied,
  done,
  children,
  onDone,
}: SecretOnceProps) {
  const id = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const [isCopied, setIsCopied] = useState(false);
  useEffect(() => heading.current?.focus(), [secret]);
  const copySecret = async (): Promise<void> => {
    field.current?.select();
    try {
      await navigator.clipboard.writeText(secret);
      setIsCopied(true);
    } catch {
      // The browser doesn't allow it here. The secret is selected, and the person copies it.
    }
  };
  return (
    <section className="sheet secret" aria-labelledby={id}>
      <h2 id={id} ref={heading} tabIndex={-1}>
        {title}
      </h2>
      <label className="field-label" htmlFor={`${id}f`}>
        {label}
      </label>
      <div className="secret-line">
        <input
          ref={field}
          className="input"
          id={`${id}f`}
          value={secret}
          readOnly
          autoComplete="off"
          spellCheck={false}
          aria-describedby={`${id}w`}
          onFocus={(event) => event.target.select()}
        />
        <Button
          tone="allow"
          onPress={() => {
            copySecret().catch(() => undefined);
          }}
        >
          {copy}
        </Button>
      </div>
      <p className="secret-warn" id={`${id}w`}>
        {warning}
      </p>
      {note !== undefined && <p className="note">{note}</p>}
      <p className="note" role="status">
        {isCopied && copied}
      </p>
      {children}
      <span className="secret-done">
        <Button onPress={onDone}>{done}</Button>
      </span>
    </section>
  );
}
