import type { Campaign } from "../../data/shapes.ts";
import { Said } from "../../ui/said.tsx";
import { CAMPAIGN } from "../../words/campaign.ts";
import { usePageWords, useWords } from "../../words/language.tsx";

/** What was paid for, by service. */
export function Services({ services }: { services: Campaign["figures"]["services"] }) {
  const w = usePageWords(CAMPAIGN);
  const { format } = useWords();
  if (services.length === 0) return <p className="sheet empty">{w.noCalls}</p>;
  return (
    <div className="sheet campaign-scroll" role="region" aria-label={w.service} tabIndex={0}>
      <table className="campaign-services">
        <thead>
          <tr>
            <th scope="col">{w.service}</th>
            {[w.calls, w.spend, w.median, w.delivered].map((head) => (
              <th scope="col" key={head}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {services.map(({ service_key, name, calls, spent_cents, median_ms, delivered }) => {
            const done = calls.settled + calls.free;
            return (
              <tr key={service_key}>
                <th scope="row">
                  <Said text={name} max={60} />
                </th>
                <td className="num">{format.count(done + calls.pending)}</td>
                <td className="num">{format.amount(spent_cents)}</td>
                <td className="num">{median_ms === null ? w.none : `${format.count(median_ms)} ms`}</td>
                <td className="num">{done === 0 ? w.none : format.percent(delivered / done)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
