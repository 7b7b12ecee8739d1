import "./field.css";
import { useId } from "react";

interface LongTextProps {
  label: string;
  name?: string;
  rows?: number;
  hint?: string | undefined;
  error?: string | undefined;
  /** Whether something is wrong with it that is said elsewhere. */
  isAtFault?: boolean;
  /** Code, such as JSON. */
  isCode?: boolean;
  value: string;
  onChange: (value: string) => void;
}

/** A text of several lines. */
export function LongText({
  label,
  name,
  rows = 3,
  hint,
  error,
  isAtFault = false,
  isCode = false,
  value,
  onChange,
}: LongTextProps) {
  const id = useId();
  const said = error ?? hint;
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      <textarea
        className="input input-long"
        data-mono={isCode || undefined}
        id={id}
        name={name}
        rows={rows}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        spellCheck={!isCode}
        autoComplete="off"
        aria-invalid={error !== undefined || isAtFault}
        aria-describedby={said === undefined ? undefined : `${id}n`}
      />
      {said !== undefined && (
        <span
          className={error === undefined ? "note" : "field-error"}
          id={`${id}n`}
          role={error === undefined ? undefined : "alert"}
        >
          {said}
        </span>
      )}
    </div>
  );
}
