import "../../ui/sheet.css";
import "../agents/agents.css";
import "./agent.css";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { AgentRow, PaymentRow } from "../../data/shapes.ts";
import { Empty, Loading } from "../../ui/empty.tsx";
import { Glyph } from "../../ui/glyph.tsx";
import { said } from "../../ui/said.tsx";
import { useTitle } from "../../ui/title.ts";
import { useWords } from "../../words/language.tsx";
import { Actions, Spent } from "../agents/agent-row.tsx";
import { AgentState } from "../agents/agent-state.tsx";
import { useAgents } from "../agents/queries.ts";
import { useNouns } from "../approval/noun-words.ts";
import { Payment } from "../payments/payment.tsx";
import { usePayments } from "../payments/queries.ts";
import { OlderList } from "../shell/older-list.tsx";
import { AskAbove, DontAsk } from "./rule-dialogs.tsx";
import { Reading } from "./reading.tsx";
import { Rules } from "./rules.tsx";

const route = getRouteApi("/console/agents/$grantId");

/** One agent: what it may, the rules about it, and what it paid for. */
export function AgentPage() {
  const { words } = useWords();
  const { grantId } = route.useParams();
  const { data: agents } = useAgents();
  const row = agents?.find(({ grant_id }) => grant_id === grantId);
  useTitle(row === undefined ? words.agents.title : said(row.agent.name, 40));
  if (agents === undefined) return <Loading label={words.loading} />;
  if (row === undefined)
    return (
      <Empty>
        <p>{words.agent.missing}</p>
        <Link to="/agents" className="btn" data-tone="plain">
          {words.nothingHere.back}
        </Link>
      </Empty>
    );
  const name = said(row.agent.name, 40);
  return (
    <>
      <div className="page-head">
        <div className="agent">
          <Glyph name={name} isLarge />
          <div>
            <h1>
              <bdi>{name}</bdi>
            </h1>
            <p>
              <AgentState row={row} />
            </p>
          </div>
        </div>
        <Actions row={row} name={name} />
      </div>
      <div className="agent-facts">
        <Allowed row={row} />
        <Rules row={row} />
        {row.state !== "expired" && row.state !== "retired" && <Reading row={row} />}
      </div>
      <Payments row={row} />
    </>
  );
}

function Allowed({ row }: { row: AgentRow }) {
  const { agent: w } = useWords().words;
  const { dataList, taskList, kindList } = useNouns();
  const { allowed_data_types: data, allowed_task_types: tasks, allowed_categories: kinds } = row.scopes;
  return (
    <section aria-labelledby="allowed-title" className="sheet agent-section">
      <h2 id="allowed-title">
        {row.state === "stopped" || row.state === "expired" ? w.wasAllowed : w.allowed}
      </h2>
      <dl className="granted">
        <div>
          <dt>{w.shares}</dt>
          <dd>{data.length === 0 ? w.nothing : dataList(data)}</dd>
        </div>
        <div>
          <dt>{w.does}</dt>
          <dd>{tasks.length === 0 ? w.looks : taskList(tasks)}</dd>
        </div>
        <div>
          <dt>{w.services}</dt>
          <dd>{kinds.length === 0 ? w.noServices : kindList(kinds)}</dd>
        </div>
        <div>
          <dt>{w.spends}</dt>
          <dd>
            <Spent row={row} />
          </dd>
        </div>
      </dl>
    </section>
  );
}

/** What a payment says about the rules, and the rules that can be made of it. Those that hold already aren't offered. */
function RuleActions({ row, payment }: { row: AgentRow; payment: PaymentRow }) {
  const { agent: w } = useWords().words;
  const { amount_cents: cents, service_key: service, by_rule: isByRule, approved_above_rule: yes } = payment;
  const isLive = row.state === "active";
  const isAskedAbove = row.rules.some((rule) => rule.kind === "ask_above" && rule.amount_cents <= cents);
  const isExempt = row.rules.some((rule) => rule.kind === "dont_ask" && rule.service_key === service);
  return (
    <>
      {isByRule && <span className="note">{w.byRule}</span>}
      {yes !== null && <span className="note">{w.saidYes}</span>}
      {isLive && cents > 0 && !isAskedAbove && <AskAbove row={row} payment={payment} />}
      {isLive && yes !== null && isAskedAbove && !isExempt && (
        <DontAsk row={row} payment={payment} approvalId={yes} />
      )}
    </>
  );
}

function Payments({ row }: { row: AgentRow }) {
  const { words } = useWords();
  const { agent: w } = words;
  const query = usePayments(row.grant_id);
  const payments = query.data?.pages.flatMap((page) => page.payments);
  return (
    <section aria-labelledby="paid-title" className="agent-payments">
      <div className="agent-section-head">
        <h2 id="paid-title">{w.payments}</h2>
        <Link to="/activity" search={{ agent: row.grant_id }}>
          {w.allActivity}
        </Link>
      </div>
      <OlderList query={query} isEmpty={payments?.length === 0} empty={w.noPayments}>
        <ul className="sheet rows">
          {payments?.map((payment) => (
            <li key={payment.payment_id}>
              <Payment payment={payment} actions={<RuleActions row={row} payment={payment} />} />
            </li>
          ))}
        </ul>
      </OlderList>
    </section>
  );
}
