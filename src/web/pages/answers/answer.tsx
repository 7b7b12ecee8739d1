import type { RefObject } from "react";
import type { SponsorAnswer } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Said } from "../../ui/said.tsx";
import { INBOX } from "../../words/inbox.ts";
import { useNow, usePageWords, useWords } from "../../words/language.tsx";

interface AnswerProps {
  answer: SponsorAnswer;
  /** The questions, by the names of their answers. */
  titles: ReadonlyMap<string, string>;
  /** Whether it is the one that keys are about. */
  isChosen: boolean;
  /** It is about to be rejected. */
  isLeaving: boolean;
  mayJudge: boolean;
  isBusy: boolean;
  row: RefObject<HTMLElement | null> | undefined;
  onChoose: () => void;
  onAccept: () => void;
  onReject: () => void;
}

/** One answer: what was said, what its person agreed to, and the verdict. */
export function Answer({ answer, titles, isChosen, isLeaving, mayJudge, isBusy, ...on }: AnswerProps) {
  const w = usePageWords(INBOX);
  const { format } = useWords();
  const now = useNow();
  const { state, consent } = answer;
  const until = format.deadline(answer.judge_until, now);
  const canJudge = mayJudge && state !== "accepted" && !isLeaving;
  return (
    <article
      ref={on.row}
      className="inbox-answer"
      tabIndex={isChosen ? 0 : -1}
      aria-label={w.answer(answer.answer_id.slice(0, 8))}
      onFocus={on.onChoose}
    >
      <div>
        <dl className="inbox-data">
          {Object.entries(answer.task_data).map(([name, value]) => (
            <div key={name} className="inbox-pair">
              <dt>
                <Said text={titles.get(name) ?? name} max={120} />
              </dt>
              <dd>
                <Said text={typeof value === "string" ? value : JSON.stringify(value)} max={2_000} />
              </dd>
            </div>
          ))}
        </dl>
        <p className="note">
          {w.agreed(format.moment(consent.given_at, now))},{" "}
          {consent.granted_via === "agent" ? w.byAgent : w.byPerson}.{" "}
          {answer.contact_permitted ? w.mayContact : w.noContact}.{" "}
          {w.kept_until(format.day(answer.retained_until))}.
        </p>
        <p className="note">
          {w.purpose}: <Said text={consent.purpose} max={300} />
        </p>
      </div>
      <div>
        <p className="note num">
          <span className="dot" data-tone={state === "held_back" ? "wait" : "good"} />{" "}
          {isLeaving ? w.willReject : state === "accepted" ? w.states.accepted : w.states[state](until)}
        </p>
        {canJudge && (
          <div className="inbox-buttons">
            <Button size="small" tone="allow" isBusy={isBusy} onPress={on.onAccept}>
              {w.accept}
            </Button>
            <Button size="small" tone="stop" isBusy={isBusy} onPress={on.onReject}>
              {w.reject}
            </Button>
          </div>
        )}
      </div>
    </article>
  );
}
