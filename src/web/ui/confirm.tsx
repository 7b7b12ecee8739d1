import "./confirm.css";
import { useId, useRef } from "react";
import { Button } from "./button.tsx";

interface ConfirmProps {
  /** What the button says that opens it. */
  trigger: string;
  title: string;
  body: string;
  /** Both answers say what will be true afterwards. */
  yes: string;
  no: string;
  onYes: () => void;
}

/** A dialog of the platform: what is behind it can't be reached, and Escape answers no. */
export function Confirm({ trigger, title, body, yes, no, onYes }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const close = (): void => dialog.current?.close();
  return (
    <>
      <Button tone="stop" onPress={() => dialog.current?.showModal()}>
        {trigger}
      </Button>
      <dialog
        ref={dialog}
        className="dialog"
        role="alertdialog"
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
        <div className="dialog-buttons">
          <Button onPress={close}>{no}</Button>
          <Button
            tone="stop-solid"
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
