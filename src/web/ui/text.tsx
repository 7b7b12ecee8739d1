import "./field.css";
import { useId } from "react";

interface TextProps {
  label: string;
  name: string;
  type?: "text" | "email" | "password";
  autoComplete: string;
  hint?: string;
  error?: string | undefined;
  /** A code that is read off another screen: large, in capitals. */
  isCode?: boolean;
  placeholder?: string;
  value: string;
  onChange: (value: string) => void;
}

export function Text({
  label,
  name,
  type = "text",
  hint,
  error,
  isCode = false,
  value,
  onChange,
  ...rest
}: TextProps) {
  const id = useId();
  const said = error ?? hint;
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      <input
        {...rest}
        className="input"
        id={id}
        name={name}
        type={type}
        data-code={isCode || undefined}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        spellCheck={false}
        autoCapitalize={isCode ? "characters" : "off"}
        aria-invalid={error !== undefined}
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
