import "./check.css";
import type { ReactNode } from "react";
import { useId } from "react";

interface CheckProps {
  label: string;
  note?: string | undefined;
  /** What stands at the end of the line, such as the value that would be shared. */
  aside?: ReactNode;
  /** A word beside the label, such as "new". */
  tag?: string | undefined;
  isChecked: boolean;
  onChange: (isChecked: boolean) => void;
}

export function Check({ label, note, aside, tag, isChecked, onChange }: CheckProps) {
  const id = useId();
  return (
    <label className="check">
      <input
        type="checkbox"
        className="check-box"
        checked={isChecked}
        onChange={(event) => onChange(event.target.checked)}
        aria-labelledby={id}
        aria-describedby={note === undefined ? undefined : `${id}n`}
      />
      <span className="check-text">
        <span className="check-label">
          <span id={id}>{label}</span>
          {tag !== undefined && <span className="tag">{tag}</span>}
        </span>
        {note !== undefined && (
          <span className="note" id={`${id}n`}>
            {note}
          </span>
        )}
      </span>
      {aside !== undefined && <span className="check-aside">{aside}</span>}
    </label>
  );
}
