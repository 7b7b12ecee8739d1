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
    </section>
  );
}
