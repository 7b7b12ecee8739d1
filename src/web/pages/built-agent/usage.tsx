import "../agents/agents.css";
import { failureOf } from "../../data/failure.ts";
import type { AgentUsage } from "../../data/shapes.ts";
import { Bars } from "../../ui/bars.tsx";
import { Loading, Problem } from "../../ui/empty.tsx";
import { Ago } from "../../ui/times.tsx";
import { useWords } from "../../words/language.tsx";
import { useUsage } from "../built-agents/queries.ts";
import { useFailureWords } from "../shell/failure-words.ts";

/** How the agent does: counts, and how its calls failed. Of the people it acts for, only how many they are. */
export function Usage({ agentId }: { agentId: string }) {
  const { words } = useWords();
  const explain = useFailureWords();
  const { data, error } = useUsage(agentId);
  if (data !== undefined) return <Figures usage={data} />;
  return error === null ? <Loading label={words.loading} /> : <Problem>{explain(failureOf(error))}</Problem>;
}

function Figures({ usage: { total, days, errors, is_cut } }: { usage: AgentUsage }) {
  const { words, format } = useWords();
  const { usage: w } = words.build;
  const dayOf = (day: string): string => format.day(`${day}T12:00:00Z`);
  const figures: [string, string][] = [
    [w.calls, format.count(total.calls)],
    [w.runs, format.count(total.runs)],
    [w.people, format.count(total.people)],
    [w.spent, format.amount(total.spent_cents)],
  ];
  return (
    <section className="sheet built-part" aria-label={w.title}>
      <h2>{w.title}</h2>
      <dl className="figures num">
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {total.calls === 0 ? (
        <p className="note">{w.none}</p>
      ) : (
        <Bars
          label={w.chart}
          bars={days.map(({ day, calls, people }) => ({
            ...{ id: day, value: calls, title: w.onDay(dayOf(day), calls, people) },
          }))}
          first={dayOf(days[0]?.day ?? "")}
          last={dayOf(days.at(-1)?.day ?? "")}
        />
      )}
      {is_cut && <p className="note">{w.cut}</p>}
      {total.calls > 0 && <Errors errors={errors} />}
      <p className="note">{w.privacy}</p>
    </section>
  );
}

function Errors({ errors }: { errors: AgentUsage["errors"] }) {
  const { words, format } = useWords();
  const { usage: w } = words.build;
  if (errors.length === 0) return <p className="note">{w.noErrors}</p>;
  return (
    <table className="errors">
      <caption>{w.errors}</caption>
      <thead>
        <tr>
          <th scope="col">{w.code}</th>
          <th scope="col">{w.times}</th>
          <th scope="col">{w.latest}</th>
        </tr>
      </thead>
      <tbody>
        {errors.map(({ error_code: code, calls, latest_at }) => (
          <tr key={code}>
            <th scope="row">
              <code>{code}</code>
            </th>
            <td className="num">{format.count(calls)}</td>
            <td>
              <Ago at={latest_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
