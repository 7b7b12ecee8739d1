import "../../ui/field.css";
import { useId } from "react";
import { Check } from "../../ui/check.tsx";
import { Choice } from "../../ui/choice.tsx";
import { said } from "../../ui/said.tsx";
import { Text } from "../../ui/text.tsx";
import { useWords } from "../../words/language.tsx";
import type { Field } from "./fields.ts";
import { chosenIn, toggled } from "./typed.ts";

interface ControlProps {
  field: Field;
  value: string;
  /** Whether the value came from the person's stored data, and is as it was. */
  isStored: boolean;
  error: string | undefined;
  onChange: (value: string) => void;
}

const AUTO_COMPLETE: Record<string, string> = {
  email: "email",
  phone: "tel",
  name: "name",
  address: "street-address",
  birthdate: "bday",
};

/** One question. Its words are the sponsor's. */
export function Control({ field, value, isStored, error, onChange }: ControlProps) {
  const { taskPage: w } = useWords().words;
  const { kind, options, isRequired } = field;
  const name = said(field.label, 120);
  const label = isRequired ? name : w.optional(name);
  const hint = [
    field.hint === undefined ? undefined : said(field.hint, 300),
    kind === "lines" ? w.oneALine : undefined,
    isStored ? w.fromStored : undefined,
  ]
    .filter((part) => part !== undefined)
    .join(" ");
  const shown = { label, value, error, onChange, ...(hint !== "" && { hint }) };
  switch (kind) {
    case "yes":
    case "form":
    case "one": {
      const answers =
        kind === "yes"
          ? [
              { value: "yes", label: w.yes },
              { value: "no", label: w.no },
            ]
          : options.map((option) => ({ value: option.value, label: said(option.label, 80) }));
      return (
        <div className="task-choice">
          <Choice label={label} value={value} onChange={onChange} options={answers} />
          <Note hint={hint} error={error} />
        </div>
      );
    }
    case "several":
      return (
        <fieldset className="task-choice">
          <legend className="field-label">{label}</legend>
          {options.map((option) => (
            <Check
              key={option.value}
              label={said(option.label, 80)}
              isChecked={chosenIn(value).includes(option.value)}
              onChange={() => onChange(toggled(value, option.value))}
            />
          ))}
          <Note hint={hint} error={error} />
        </fieldset>
      );
    case "text":
    case "lines":
      return <Long {...shown} />;
    default:
      return (
        <Text {...shown} name={field.pointer} autoComplete={AUTO_COMPLETE[field.dataType ?? ""] ?? "off"} />
      );
  }
}

function Note({ hint, error }: { hint: string; error: string | undefined }) {
  if (error !== undefined)
    return (
      <span className="field-error" role="alert">
        {error}
      </span>
    );
  return hint === "" ? null : <span className="note">{hint}</span>;
}

function Long(props: {
  label: string;
  hint?: string;
  error: string | undefined;
  value: string;
  onChange: (value: string) => void;
}) {
  const id = useId();
  const { label, hint = "", error, value, onChange } = props;
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      <textarea
        className="input task-long"
        id={id}
        rows={3}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        aria-invalid={error !== undefined}
        aria-describedby={`${id}n`}
      />
      <span id={`${id}n`}>
        <Note hint={hint} error={error} />
      </span>
    </div>
  );
}
