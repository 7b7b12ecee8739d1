import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import type { Decided } from "../../data/shapes.ts";
import { Alert, Cross, Tick } from "../../ui/icons.tsx";
import { said } from "../../ui/said.tsx";
import { useTitle } from "../../ui/title.ts";
import { useNow, useWords } from "../../words/language.tsx";
import { Frame } from "../shell/frame.tsx";
import { StepHeading } from "./heading.tsx";
import { useNouns } from "./noun-words.ts";

type OutcomeProps = { state: "decided"; page: Decided } | { state: "ended" } | { state: "missing" };

/** A question that nobody answers any more: what was answered, or why it can't be. */
export function Outcome(props: OutcomeProps) {
  const { words } = useWords();
  const { done: w } = words.approval;
  const { sign, title, lead } = useOutcome(props);
  useTitle(title);
  return (
    <Frame isNarrow>
      <section className="sheet card">
        <span className="sign" data-state={sign}>
          {sign === "approved" && <Tick size={18} />}
          {sign === "denied" && <Cross size={18} />}
          {sign === "over" && <Alert />}
        </span>
        <StepHeading>{title}</StepHeading>
        <p className="quiet">{lead}</p>
        {props.state === "decided" && sign === "approved" && <Granted page={props.page} />}
        {props.state === "decided" && <Onward page={props.page} />}
        <Link to="/agents" className="btn" data-tone="plain">
          {w.toAgents}
        </Link>
      </section>
    </Frame>
  );
}

/** The way on: back to the app that waits for the answer, or to the agent's own page. */
function Onward({ page: { continue_at: path, question } }: { page: Decided }) {
  return path === null ? <WayBack url={question.agent.return_url} /> : <GoOn path={path} />;
}

/** Takes the answer to the app that waits for it. The server knows where that is. */
function GoOn({ path }: { path: string }) {
  const { goOn } = useWords().words.approval.done;
  useEffect(() => location.assign(path), [path]);
  return (
    <a href={path} className="btn" data-tone="allow">
      {goOn}
    </a>
  );
}

/** Where the agent's owner lets people go back to. Nobody is led there who doesn't press it. */
function WayBack({ url }: { url: string | null }) {
  const { words } = useWords();
  if (url === null || !URL.canParse(url)) return null;
  return (
    <a href={url} rel="noreferrer" className="btn" data-tone="allow">
      {words.backTo(said(new URL(url).host, 60))}
    </a>
  );
}

function useOutcome(props: OutcomeProps) {
  const { done: w } = useWords().words.approval;
  if (props.state === "ended") return { sign: "over", title: w.ended, lead: w.endedLead };
  if (props.state === "missing") return { sign: "over", title: w.missing, lead: w.missingLead };
  const { status, question, continue_at: onward } = props.page;
  const name = said(question.agent.name, 40);
  const place = question.returns_to ?? "";
  const goingOn = onward === null ? undefined : w.goingOn(place.includes(".") ? said(place, 60) : w.theApp);
  return status === "approved"
    ? { sign: status, title: w.allowed(name), lead: goingOn ?? w.allowedLead }
    : { sign: status, title: w.denied(name), lead: goingOn ?? w.deniedLead };
}

/** What was allowed, once more. */
function Granted({ page: { question, granted } }: { page: Decided }) {
  const { words, format } = useWords();
  const { done: w } = words.approval;
  const { dataList, taskList, kindList } = useNouns();
  const now = useNow();
  const rows: [string, string][] = [];
  if (question.kind === "budget") {
    rows.push([w.budget, w.once(format.amount(question.asks.budget_limit_cents ?? 0))]);
  } else if (granted !== null) {
    const { allowed_data_types: data, allowed_task_types: tasks, allowed_categories: kinds } = granted.scopes;
    rows.push([w.shares, data.length === 0 ? w.nothing : dataList(data)]);
    if (question.kind !== "data") {
      rows.push([w.does, tasks.length === 0 ? w.looks : taskList(tasks)]);
      if (kinds.length > 0) rows.push([w.services, kindList(kinds)]);
      rows.push([w.budget, w.upTo(format.amount(granted.budget_limit_cents))]);
      rows.push([w.until, format.deadline(granted.expires_at, now)]);
    }
  }
  if (rows.length === 0) return null;
  return (
    <dl className="granted" aria-label={w.allowedTerms}>
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
