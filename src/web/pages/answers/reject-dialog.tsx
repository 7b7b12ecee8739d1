import "../../ui/dialog.css";
import { useEffect, useRef, useState } from "react";
import { Button } from "../../ui/button.tsx";
import { Choice } from "../../ui/choice.tsx";
import { Text } from "../../ui/text.tsx";
import { INBOX } from "../../words/inbox.ts";
import { usePageWords } from "../../words/language.tsx";
import type { Rejection } from "./queries.ts";

const REASONS = [
  ...(["incomplete", "implausible", "off_topic", "duplicate"] as const),
  ...(["low_effort", "not_wanted", "other"] as const),
];

/** Asks why an answer is rejected. Open while there is one. */
export function RejectDialog({
  answerId,
  onClose,
  onReject,
}: {
  answerId: string;
  onClose: () => void;
  onReject: (rejection: Rejection) => void;
}) {
  const w = usePageWords(INBOX);
  const dialog = useRef<HTMLDialogElement>(null);
  const [reason, setReason] = useState<(typeof REASONS)[number]>("incomplete");
  const [note, setNote] = useState("");
  useEffect(() => dialog.current?.showModal(), []);
  const words = note.trim().slice(0, 300);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="reject-title" onClose={onClose}>
      <h2 className="dialog-title" id="reject-title">
        {w.rejectTitle}
      </h2>
      <p className="dialog-body">{w.rejectBody}</p>
      <Choice
        label={w.reason}
        value={reason}
        onChange={setReason}
        options={REASONS.map((value) => ({ value, label: w.reasons[value] }))}
      />
      <Text label={w.note} name="note" autoComplete="off" value={note} onChange={setNote} />
      <div className="dialog-buttons">
        <Button onPress={onClose}>{w.rejectNo}</Button>
        <Button
          tone="stop-solid"
          onPress={() => {
            onClose();
            onReject({ answer_id: answerId, reason, ...(words !== "" && { note: words }) });
          }}
        >
          {w.rejectYes}
        </Button>
      </div>
    </dialog>
  );
}
