import "../../ui/sheet.css";
import "./task.css";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { failureOf } from "../../data/failure.ts";
import { Empty, Loading, Problem } from "../../ui/empty.tsx";
import { said } from "../../ui/said.tsx";
import { useNow, useWords } from "../../words/language.tsx";
import { useFailureWords } from "../shell/failure-words.ts";
import { PageHead } from "../shell/page-head.tsx";
import { TaskForPerson } from "./task-for-person.tsx";
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
      <TaskForPerson key={task.campaign_id} task={task}>
        {task.completed_at !== null && (
          <Done at={task.completed_at} heldUntil={task.review?.held_until ?? null} sponsor={sponsor} />
        )}
      </TaskForPerson>
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
