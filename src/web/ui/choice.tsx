import "./field.css";
import "./choice.css";
import { useId } from "react";

interface ChoiceProps<Value extends string> {
  label: string;
  value: Value;
  onChange: (value: Value) => void;
  options: { value: Value; label: string; note?: string }[];
}

/** One of a few, each as a card. */
export function Choice<Value extends string>({ label, value, onChange, options }: ChoiceProps<Value>) {
  const name = useId();
  return (
    <fieldset className="choice-set">
      <legend className="field-label">{label}</legend>
      <div className="choice">
        {options.map((option) => (
          <label key={option.value} className="choice-item">
            <input
              type="radio"
              className="choice-radio"
              name={name}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            <span>{option.label}</span>
            {option.note !== undefined && <span className="note">{option.note}</span>}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
