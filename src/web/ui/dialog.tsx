import "./dialog.css";
import type { ReactNode } from "react";
import { useId, useRef } from "react";
import { Button } from "./button.tsx";

export interface DialogProps {
  /** What the button says that opens it. */
  trigger: string;
  /** The button's look, and that of the answer that changes something. */
  tone: { trigger: "stop" | "plain"; yes: "stop-solid" | "allow" };
  size?: "small" | undefined;
  title: string;
  body: string;
  /** Both answers say what will be true afterwards. */
  yes: string;
  no: string;
  onYes: () => void;
  /** What is chosen before the answer. */
  children?: ReactNode;
}

/** A dialog of the platform: what is behind it can't be reached, and Escape answers no. */
export function Dialog({ trigger, tone, size, title, body, yes, no, onYes, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const close = (): void => dialog.current?.close();
  return (
    <>
      <Button tone={tone.trigger} size={size} onPress={() => dialog.current?.showModal()}>
        {trigger}
      </Button>
      <dialog
        ref={dialog}
        className="dialog"
        role={children === undefined ? "alertdialog" : "dialog"}
        aria-labelledby={id}
        aria-describedby={`${id}n`}
        onClick={(event) => {
          if (event.target === event.currentTarget && event.detail > 0 && isOutside(event)) close();
        }}
      >
        <h2 className="dialog-title" id={id}>
          {title}
        </h2>
        <p className="dialog-body" id={`${id}n`}>
          {body}
        </p>
        {children}
        <div className="dialog-buttons">
          <Button onPress={close}>{no}</Button>
          <Button
            tone={tone.yes}
            onPress={() => {
              close();
              onYes();
            }}
          >
            {yes}
          </Button>
        </div>
      </dialog>
    </>
  );
}

/** Whether a press was on the shade around the dialog, which belongs to the dialog's element. */
function isOutside({ currentTarget, clientX, clientY }: React.MouseEvent): boolean {
  const { left, right, top, bottom } = currentTarget.getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
}
