import { FUNDS } from "../../words/funds.ts";
import { usePageWords, useWords } from "../../words/language.tsx";
import { NotLoaded } from "../shell/not-loaded.tsx";
import { useDays } from "./queries.ts";

/** What was paid in, spent and withdrawn on each day, the newest first. */
export function Days() {
  const { days: w } = usePageWords(FUNDS);
  const { format } = useWords();
  const { data, error, refetch } = useDays();
  if (data?.days.length === 0) return null;
  const columns = [
    ["paid_in_cents", w.paidIn],
    ["runs_cents", w.runs],
    ["withdrawn_cents", w.withdrawn],
    ...(data?.days.some(({ refunds_cents }) => refunds_cents > 0) === true
      ? [["refunds_cents", w.refunds] as const]
      : []),
  ] as const;
  return (
    <section className="fund-movements" aria-label={w.title}>
      <h2>{w.title}</h2>
      {data === undefined ? (
        <NotLoaded error={error} refetch={refetch} />
      ) : (
        <div className="sheet">
          <table className="movements">
            <caption className="unseen">{w.title}</caption>
            <thead>
              <tr>
                <th scope="col">{w.day}</th>
                {columns.map(([key, label]) => (
                  <th key={key} scope="col" className="movement-amount">
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {data.days.map((row) => (
                <tr key={row.day}>
                  <th scope="row" className="num">
                    <time dateTime={row.day}>{format.day(`${row.day}T12:00:00`)}</time>
                  </th>
                  {columns.map(([key, label]) => (
                    <td key={key} className="num movement-amount" data-label={label}>
                      {row[key] === 0 ? <span className="faint">–</span> : format.amount(row[key])}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
