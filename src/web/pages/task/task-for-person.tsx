import "../../ui/sheet.css";
import "./task.css";
import type { ReactNode } from "react";
import type { OwnTask } from "../../data/shapes.ts";
import { said, Said, spaced } from "../../ui/said.tsx";
import { useWords } from "../../words/language.tsx";
import { Answers } from "./answers.tsx";

interface TaskForPersonProps {
  task: OwnTask;
  /** It is shown to its sponsor, before anybody is asked: answers can be typed, and nothing is sent. */
  isPreview?: boolean;
  /** In place of the questions, if they are answered. */
  children?: ReactNode;
}

/** A task as its person sees it: the sponsor's words, and its questions. */
export function TaskForPerson({ task, isPreview = false, children }: TaskForPersonProps) {
  return (
    <div className="task">
      <About task={task} />
      {task.completed_at === null ? (
        <Answers task={task} sponsor={said(task.sponsor, 60)} isPreview={isPreview} />
      ) : (
        children
      )}
    </div>
  );
}

/** What the sponsor says about its questions. */
function About({ task }: { task: OwnTask }) {
  const { words, format } = useWords();
  const { taskPage: w } = words;
  return (
    <section aria-labelledby="about-title" className="sheet task-part">
      <h2 id="about-title">{w.inTheirWords}</h2>
      <blockquote>
        <p>
          <b>
            <Said text={task.required_task} max={200} />
          </b>
        </p>
        <p className="task-words">
          <Said text={task.task_description} max={2_000} />
        </p>
      </blockquote>
      <dl className="granted">
        <div>
          <dt>{w.purpose}</dt>
          <dd>
            <Said text={task.purpose} max={300} />
          </dd>
        </div>
        <div>
          <dt>{w.kept}</dt>
          <dd>{format.days(task.retention_days)}</dd>
        </div>
        <div>
          <dt>{w.paysFor}</dt>
          <dd>{task.pays_for.length === 0 ? w.nothingNow : format.list(task.pays_for.map(spaced))}</dd>
        </div>
      </dl>
      <Rules task={task} sponsor={said(task.sponsor, 60)} />
    </section>
  );
}

/** What holds for answers here: that the sponsor looks at them first, and what it said of earlier ones. */
function Rules({ task, sponsor }: { task: OwnTask; sponsor: string }) {
  const { words, format } = useWords();
  const { taskPage: w } = words;
  const { held_back_minutes: minutes, review } = task;
  if (task.completed_at !== null) return null;
  return (
    <>
      {review?.state === "rejected" && (
        <div className="task-part" role="note">
          <p>{w.rejected(sponsor, w.reasons[review.reject_reason ?? "other"])}</p>
          {review.reject_note !== null && (
            <blockquote>
              <Said text={review.reject_note} max={300} />
            </blockquote>
          )}
          <p className="note">{w.triesLeft(review.tries_left)}</p>
        </div>
      )}
      {minutes !== null && (
        <p className="note">
          {minutes === 0
            ? w.rule(sponsor)
            : w.heldBefore(sponsor, minutes === 1_440 ? format.days(1) : format.duration(minutes * 60))}
        </p>
      )}
    </>
  );
}
