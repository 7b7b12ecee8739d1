import "../../ui/field.css";
import "../../ui/sheet.css";
import "./activity.css";
import { getRouteApi } from "@tanstack/react-router";
import { useId } from "react";
import type { CallRow } from "../../data/shapes.ts";
import { Down } from "../../ui/icons.tsx";
import { said, Said, spaced } from "../../ui/said.tsx";
import { Moment } from "../../ui/times.tsx";
import { useWords } from "../../words/language.tsx";
import { useAgents } from "../agents/queries.ts";
import { OlderList } from "../shell/older-list.tsx";
import { PageHead } from "../shell/page-head.tsx";
import { useActivity } from "./queries.ts";

const route = getRouteApi("/console/activity");

export function ActivityPage() {
  const { activity: w } = useWords().words;
  const { agent } = route.useSearch();
  const query = useActivity(agent);
  const calls = query.data?.pages.flatMap((page) => page.calls);
  return (
    <>
      <PageHead title={w.title} lead={w.lead}>
        <AgentFilter />
      </PageHead>
      <OlderList
        query={query}
        isEmpty={calls?.length === 0}
        empty={agent === undefined ? w.empty : w.emptyOfAgent}
      >
        <div className="sheet">
          <table className="calls">
            <caption className="unseen">{w.title}</caption>
            <thead>
              <tr>
                <th scope="col">{w.column.when}</th>
                <th scope="col">{w.column.agent}</th>
                <th scope="col">{w.column.what}</th>
                <th scope="col">{w.column.service}</th>
                <th scope="col">{w.column.outcome}</th>
              </tr>
            </thead>
            <tbody>
              {/* A call has no name of its own, and rows keep nothing: their place will do. */}
              {calls?.map((call, index) => (
                <Call key={`${call.at} ${index}`} call={call} />
              ))}
            </tbody>
          </table>
        </div>
      </OlderList>
    </>
  );
}

/** The choice stands in the address, so that it can be kept and shared. */
function AgentFilter() {
  const { activity: w } = useWords().words;
  const { agent = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const agents = useAgents().data ?? [];
  const id = useId();
  if (agents.length < 2 && agent === "") return null;
  return (
    <div className="filter">
      <label className="note" htmlFor={id}>
        {w.agent}
      </label>
      <span className="select">
        <select
          id={id}
          className="input"
          value={agent}
          onChange={({ target: { value } }) => {
            navigate({ search: value === "" ? {} : { agent: value } }).catch(() => undefined);
          }}
        >
          <option value="">{w.everyAgent}</option>
          {agents.map((row) => (
            <option key={row.grant_id} value={row.grant_id}>
              {said(row.agent.name, 40)}
            </option>
          ))}
        </select>
        <Down />
      </span>
    </div>
  );
}

function Call({ call: { at, agent, operation, outcome, service_name } }: { call: CallRow }) {
  const { words } = useWords();
  return (
    <tr>
      <td className="num call-when">
        <Moment at={at} />
      </td>
      <td className="call-agent">
        <Said text={agent.name} max={28} />
      </td>
      <th scope="row">{words.operation[operation] ?? spaced(operation)}</th>
      <td className="call-service">{service_name !== null && <Said text={service_name} max={60} />}</td>
      <td className="call-outcome" data-outcome={outcome === "ok" ? "ok" : "refused"}>
        <span className="dot" data-tone={outcome === "ok" ? "good" : "bad"} />
        {words.outcome[outcome]}
      </td>
    </tr>
  );
}
