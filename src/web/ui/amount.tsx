import "./field.css";
import { NumberField } from "@base-ui/react/number-field";
import { useId } from "react";
import { Minus, Plus } from "./icons.tsx";

interface AmountProps {
  label: string;
  /** Said after the label to who doesn't see the sign beside the number. */
  unit: string;
  cents: number;
  max: number;
  onChange: (cents: number) => void;
  note: string;
  less: string;
  more: string;
  locale: string;
}

/** An amount in cents, in the person's own digits and separators. */
export function Amount({ label, unit, cents, max, onChange, note, less, more, locale }: AmountProps) {
  const id = useId();
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label} <span className="unseen">{unit}</span>
      </label>
      <NumberField.Root
        id={id}
        value={cents}
        onValueChange={(typed) => onChange(typed ?? 0)}
        min={0}
        max={max}
        step={max < 5 ? 0.1 : 1}
        smallStep={0.1}
        largeStep={10}
        locale={locale}
        format={{ maximumFractionDigits: 4 }}
      >
        <NumberField.Group className="amount">
          <NumberField.Decrement className="amount-step" aria-label={less}>
            <Minus />
          </NumberField.Decrement>
          <span className="amount-value">
            <NumberField.Input className="amount-input" aria-describedby={`${id}n`} />
            <span aria-hidden="true">¢</span>
          </span>
          <NumberField.Increment className="amount-step" aria-label={more}>
            <Plus />
          </NumberField.Increment>
        </NumberField.Group>
      </NumberField.Root>
      <span className="note" id={`${id}n`}>
        {note}
      </span>
    </div>
  );
}
