import "../../ui/dialog.css";
import type { SyntheticEvent } from "react";
import { useId, useRef, useState } from "react";
import { failureOf } from "../../data/failure.ts";
import type { Overview } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Form } from "../../ui/form.tsx";
import { LongText } from "../../ui/long-text.tsx";
import { said } from "../../ui/said.tsx";
import { Moment } from "../../ui/times.tsx";
import { useToast } from "../../ui/toast.tsx";
import { usePageWords } from "../../words/language.tsx";
import { OPERATORS } from "../../words/operators.ts";
import { useFailureWords } from "../shell/failure-words.ts";
import { usePause, useResume } from "./queries.ts";

const MOST_CHARACTERS = 500;

export function PaymentSwitch({ state: { paused, reason, changed_at } }: { state: Overview["switch"] }) {
  const { switch: w } = usePageWords(OPERATORS);
  return (
    <section className="sheet ops-switch" data-paused={paused || undefined} aria-label={w.title}>
      <div className="ops-switch-state">
        <h2>
          <span className="dot" data-tone={paused ? "bad" : "good"} /> {paused ? w.paused : w.running}{" "}
          <span className="note">
            {w.since} <Moment at={changed_at} />
          </span>
        </h2>
        <p className="note">{paused ? w.pausedNote : w.runningNote}</p>
        {paused && (
          <p>
            {reason === null ? w.noReason : <Reason label={w.reason} text={said(reason, MOST_CHARACTERS)} />}
          </p>
        )}
      </div>
      {paused ? <Resume /> : <Pause />}
    </section>
  );
}

const Reason = ({ label, text }: { label: string; text: string }) => (
  <>
    <span className="faint">{label}</span> <bdi>{text}</bdi>
  </>
);

/** What can't be done is said in a toast. */
function useAnswers(done: string) {
  const explain = useFailureWords();
  const toast = useToast();
  return {
    onSuccess: () => toast({ text: done }),
    onError: (error: Error) => toast({ text: explain(failureOf(error)) }),
  };
}

/** The question asks for the reason, so nothing is paused by one press. */
function Pause() {
  const { switch: w } = usePageWords(OPERATORS);
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [reason, setReason] = useState("");
  const [isMissing, setMissing] = useState(false);
  const pause = usePause();
  const answers = useAnswers(w.isPaused);
  const close = (): void => dialog.current?.close();
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const words = reason.trim();
    const isUsable = words !== "" && words.length <= MOST_CHARACTERS;
    setMissing(!isUsable);
    if (!isUsable || pause.isPending) return;
    pause.mutate(words, {
      onSuccess: () => {
        close();
        answers.onSuccess();
      },
      onError: (error) => {
        if (failureOf(error).fields.includes("/reason")) return setMissing(true);
        close();
        answers.onError(error);
      },
    });
  };
  return (
    <>
      <Button tone="stop" onPress={() => dialog.current?.showModal()}>
        {w.pause}
      </Button>
      <dialog
        ref={dialog}
        className="dialog"
        aria-labelledby={id}
        aria-describedby={`${id}n`}
        onClose={() => setMissing(false)}
      >
        <Form className="ops-pause" onSubmit={submit} noValidate>
          <h2 className="dialog-title" id={id}>
            {w.pauseTitle}
          </h2>
          <p className="quiet" id={`${id}n`}>
            {w.pauseBody}
          </p>
          <LongText
            label={w.pauseReason}
            name="reason"
            value={reason}
            onChange={setReason}
            hint={w.pauseHint}
            error={isMissing ? w.pauseMissing : undefined}
          />
          <div className="dialog-buttons">
            <Button onPress={close}>{w.pauseNo}</Button>
            <Button tone="stop-solid" type="submit" isBusy={pause.isPending}>
              {w.pauseYes}
            </Button>
          </div>
        </Form>
      </dialog>
    </>
  );
}

function Resume() {
  const { switch: w } = usePageWords(OPERATORS);
  const resume = useResume();
  const answers = useAnswers(w.isResumed);
  return (
    <Dialog
      trigger={w.resume}
      tone={{ trigger: "plain", yes: "allow" }}
      title={w.resumeTitle}
      body={w.resumeBody}
      yes={w.resumeYes}
      no={w.resumeNo}
      onYes={() => resume.mutate(undefined, answers)}
    />
  );
}
