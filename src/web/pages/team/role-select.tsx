import "../../ui/field.css";
import { useId } from "react";
import type { SponsorRole } from "../../data/shapes.ts";
import { Down } from "../../ui/icons.tsx";
import { useWords } from "../../words/language.tsx";

interface RoleSelectProps {
  label: string;
  isLabelHidden?: boolean;
  value: SponsorRole;
  onChange: (role: SponsorRole) => void;
}

const ROLES = ["viewer", "editor", "owner"] as const satisfies readonly SponsorRole[];

export function RoleSelect({ label, isLabelHidden = false, value, onChange }: RoleSelectProps) {
  const { sponsor: w } = useWords().words;
  const id = useId();
  return (
    <div className="field">
      <label className={isLabelHidden ? "unseen" : "field-label"} htmlFor={id}>
        {label}
      </label>
      <span className="select">
        <select
          id={id}
          className="input"
          value={value}
          onChange={(event) => {
            const role = ROLES.find((one) => one === event.target.value);
            if (role !== undefined) onChange(role);
          }}
        >
          {ROLES.map((role) => (
            <option key={role} value={role}>
              {w.role[role]}
            </option>
          ))}
        </select>
        <Down />
      </span>
      {!isLabelHidden && <span className="note">{w.roleMay[value]}</span>}
    </div>
  );
}
