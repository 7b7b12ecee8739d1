import "../../ui/sheet.css";
import "./task.css";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { failureOf } from "../../data/failure.ts";
import type { OwnTask } from "../../data/shapes.ts";
import { Empty, Loading, Problem } from "../../ui/empty.tsx";
import { said, Said, spaced } from "../../ui/said.tsx";
import { useNow, useWords } from "../../words/language.tsx";
import { useFailureWords } from "../shell/failure-words.ts";
import { PageHead } from "../shell/page-head.tsx";
import { Answers } from "./answers.tsx";
import { taskQuery } from "./queries.ts";

const route = getRouteApi("/console/tasks/$campaignId");

/** What a sponsor asks for, in its words, for the person: an agent may have been kept from reading them. */
export function TaskPage() {
  const { words } = useWords();
  const { taskPage: w } = words;
  const explain = useFailureWords();
  const { campaignId } = route.useParams();
  const { data: task, error } = useQuery(taskQuery(campaignId));
  if (task === undefined && error !== null) {
    const { code } = failureOf(error);
    const isOver = code === "not_found" || code === "inactive" || code === "not_eligible";
    return isOver ? (
      <Empty>
        <p>{code === "not_eligible" ? w.notForYou : w.over}</p>
        <Link to="/agents" className="btn" data-tone="plain">
          {words.nothingHere.back}
        </Link>
      </Empty>
    ) : (
      <Problem>{explain(failureOf(error))}</Problem>
    );
  }
  if (task === undefined) return <Loading label={words.loading} />;
  const sponsor = said(task.sponsor, 60);
  return (
    <>
      <PageHead title={w.title(sponsor)} lead={w.lead(sponsor)} />
      <div className="task">
        <About task={task} />
        {task.completed_at === null ? (
          <Answers key={task.campaign_id} task={task} sponsor={sponsor} />
        ) : (
          <Done at={task.completed_at} heldUntil={task.review?.held_until ?? null} sponsor={sponsor} />
        )}
      </div>
    </>
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

function Done({ at, heldUntil, sponsor }: { at: string; heldUntil: string | null; sponsor: string }) {
  const { words, format } = useWords();
  const { taskPage: w } = words;
  const now = useNow();
  return (
    <section aria-labelledby="done-title" className="sheet task-part" role="status">
      <h2 id="done-title">{w.done}</h2>
      <p>{w.doneNote(sponsor, format.ago(at, now))}</p>
      {heldUntil !== null && <p>{w.heldNote(sponsor, format.deadline(heldUntil, now))}</p>}
      <p>
        <Link to="/consents" className="btn" data-tone="plain">
          {w.seeShared}
        </Link>
      </p>
    </section>
  );
}
