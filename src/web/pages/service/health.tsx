import "../agents/agents.css";
import { failureOf } from "../../data/failure.ts";
import type { ServiceHealth } from "../../data/shapes.ts";
import { Bars } from "../../ui/bars.tsx";
import { Loading, Problem } from "../../ui/empty.tsx";
import { Ago } from "../../ui/times.tsx";
import { usePageWords, useWords } from "../../words/language.tsx";
import { SERVICES } from "../../words/services.ts";
import { useFailureWords } from "../shell/failure-words.ts";
import { useHealth } from "../services/queries.ts";

/** How the service delivered, day by day. */
export function Health({ serviceKey }: { serviceKey: string }) {
  const { words } = useWords();
  const explain = useFailureWords();
  const { data, error } = useHealth(serviceKey);
  if (data !== undefined) return <Figures health={data} />;
  return error === null ? <Loading label={words.loading} /> : <Problem>{explain(failureOf(error))}</Problem>;
}

function Figures({ health: { daily, last_failure } }: { health: ServiceHealth }) {
  const { health: w } = usePageWords(SERVICES);
  const { format } = useWords();
  const dayOf = (day: string): string => format.day(`${day}T12:00:00Z`);
  const sum = (of: (day: ServiceHealth["daily"][number]) => number): number =>
    daily.reduce((total, day) => total + of(day), 0);
  const runs = sum((day) => day.runs);
  const latest = daily.findLast(({ p50_ms }) => p50_ms !== null)?.p50_ms ?? null;
  const figures: [string, string][] = [
    [w.runs, format.count(runs)],
    [w.delivered, format.count(sum((day) => day.delivered))],
    [w.undelivered, format.count(sum((day) => day.undelivered))],
    [w.p50, latest === null ? "–" : w.milliseconds(format.count(latest))],
  ];
  return (
    <section className="sheet part" aria-labelledby="health-title">
      <h2 id="health-title">{w.title}</h2>
      <dl className="figures num">
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {runs === 0 ? (
        <p className="note">{w.none}</p>
      ) : (
        <Bars
          label={w.chart}
          bars={daily.map((day) => ({
            ...{ id: day.day, value: day.runs, title: w.onDay(dayOf(day.day), day.runs, day.undelivered) },
          }))}
          first={dayOf(daily[0]?.day ?? "")}
          last={dayOf(daily.at(-1)?.day ?? "")}
        />
      )}
      <p className="note">
        {w.lastFailure}:{" "}
        {last_failure === null ? (
          w.noFailure
        ) : (
          <>
            <Ago at={last_failure.at} />
            {", "}
            {last_failure.reason === "refused"
              ? w.reason.refused(String(last_failure.upstream_status ?? "–"))
              : w.reason[last_failure.reason]}
          </>
        )}
      </p>
    </section>
  );
}
