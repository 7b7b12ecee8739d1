import "../../ui/field.css";
import { useId, useState } from "react";
import { Button } from "../../ui/button.tsx";

interface CopiedProps {
  label: string;
  text: string;
  copy: string;
  copied: string;
}

/** A command to paste somewhere else, with a button that copies it. */
export function Copied({ label, text, copy, copied }: CopiedProps) {
  const id = useId();
  const [isCopied, setIsCopied] = useState(false);
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      <div className="fund-command">
        <input
          className="input mono"
          id={id}
          value={text}
          readOnly
          spellCheck={false}
          onFocus={(event) => event.target.select()}
        />
        <Button
          onPress={() => {
            navigator.clipboard.writeText(text).then(
              () => setIsCopied(true),
              () => undefined, // The browser doesn't allow it here. The text can be selected.
            );
          }}
        >
          {copy}
        </Button>
      </div>
      <span className="note" role="status">
        {isCopied && copied}
      </span>
    </div>
  );
}
