import "./agents.css";
import { Link } from "@tanstack/react-router";
import { useOrganisations } from "../../data/organisations.ts";
import type { AgentRow } from "../../data/shapes.ts";
import { Empty } from "../../ui/empty.tsx";
import { useWords } from "../../words/language.tsx";
import { PageHead } from "../shell/page-head.tsx";
import { Row } from "./agent-row.tsx";
import { useAgents, useQuestions } from "./queries.ts";
import { Questions } from "./questions.tsx";
import { NotLoaded } from "../shell/not-loaded.tsx";

/** What has ended goes last, but not while it can be undone: a row doesn't leave the place of its button. */
const rank = ({ state, undo_until }: AgentRow): number =>
  state === "expired" || state === "retired" || (state === "stopped" && undo_until === null) ? 1 : 0;

export function AgentsPage() {
  const { words, format } = useWords();
  const { agents: w } = words;
  const { data, error, refetch } = useAgents();
  const questions = useQuestions();
  const hasNoOrganisation = useOrganisations().data?.organisations.length === 0;
  const agents = (data ?? []).toSorted((a, b) => rank(a) - rank(b));
  const running = agents.filter(({ state }) => state === "active").length;
  const spent = agents.reduce((sum, { budget }) => sum + budget.spent_cents, 0);
  return (
    <>
      <PageHead title={w.title} lead={w.lead}>
        {agents.length > 0 && (
          <dl className="figures num">
            <div>
              <dt>{w.running}</dt>
              <dd>{format.count(running)}</dd>
            </div>
            <div>
              <dt>{w.spentInAll}</dt>
              <dd>
                {format.amount(spent)} {spent > 0 && <span>{w.bySponsors}</span>}
              </dd>
            </div>
          </dl>
        )}
      </PageHead>
      {questions.length > 0 && <Questions questions={questions} />}
      {data === undefined && <NotLoaded error={error} refetch={refetch} />}
      {data?.length === 0 && (
        <Empty>
          <p>{w.empty}</p>
        </Empty>
      )}
      {agents.length > 0 && <Table agents={agents} isLive={error === null} />}
      <p className="agents-more">
        <Link to="/connect" className="btn" data-tone="plain">
          {words.connect.title}
        </Link>
        {data?.length === 0 && hasNoOrganisation && (
          <Link to="/organisations/new" className="btn" data-tone="plain">
            {w.sponsor}
          </Link>
        )}
      </p>
    </>
  );
}

function Table({ agents, isLive }: { agents: AgentRow[]; isLive: boolean }) {
  const { agents: w } = useWords().words;
  return (
    <div className="sheet">
      <table className="agents">
        <caption className="unseen">{w.title}</caption>
        <thead>
          <tr>
            <th scope="col">{w.column.agent}</th>
            <th scope="col">{w.column.spent}</th>
            <th scope="col">{w.column.lastHour}</th>
            <th scope="col">{w.column.lastCall}</th>
            <th scope="col" className="live" data-on={isLive || undefined}>
              <span className="unseen">{w.column.action}</span>
              <span role="status">
                <span className="dot" data-tone={isLive ? "good" : "wait"} /> {isLive ? w.live : w.stale}
              </span>
            </th>
          </tr>
        </thead>
        <tbody>
          {agents.map((row) => (
            <Row key={row.grant_id} row={row} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
