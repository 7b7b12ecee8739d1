import "../../ui/records.css";
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
    <div className="sheet">
      <table className="records">
        <thead>
          <tr>
            <th scope="col">{w.service}</th>
            {[w.calls, w.spend, w.median, w.delivered].map((head) => (
              <th scope="col" className="num" key={head}>
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
                <td className="num" data-label={w.calls}>
                  {format.count(done + calls.pending)}
                </td>
                <td className="num" data-label={w.spend}>
                  {format.amount(spent_cents)}
                </td>
                <td className="num" data-label={w.median}>
                  {median_ms === null ? w.none : `${format.count(median_ms)} ms`}
                </td>
                <td className="num" data-label={w.delivered}>
                  {done === 0 ? w.none : format.percent(delivered / done)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
