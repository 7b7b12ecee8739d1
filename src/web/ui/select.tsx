import "./field.css";
import { useId } from "react";
import { Down } from "./icons.tsx";

interface SelectProps<Value extends string> {
  label: string;
  value: Value;
  options: readonly { value: Value; label: string }[];
  hint?: string | undefined;
  onChange: (value: Value) => void;
}

/** One of several, as the platform lets one choose. */
export function Select<Value extends string>({ label, value, options, hint, onChange }: SelectProps<Value>) {
  const id = useId();
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      <span className="select">
        <select
          id={id}
          className="input"
          value={value}
          aria-describedby={hint === undefined ? undefined : `${id}n`}
          onChange={(event) => {
            const chosen = options.find((option) => option.value === event.target.value);
            if (chosen !== undefined) onChange(chosen.value);
          }}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
        <Down />
      </span>
      {hint !== undefined && (
        <span className="note" id={`${id}n`}>
          {hint}
        </span>
      )}
    </div>
  );
}
