import type { Overview } from "../../data/shapes.ts";
import { said, spaced } from "../../ui/said.tsx";
import { Ago } from "../../ui/times.tsx";
import { usePageWords, useWords } from "../../words/language.tsx";
import { OPERATORS } from "../../words/operators.ts";

export function Waiting({ waiting }: { waiting: Overview["waiting"] }) {
  const { format } = useWords();
  const { waiting: w } = usePageWords(OPERATORS);
  const { total, payments, longer_than_seconds: seconds } = waiting;
  return (
    <section className="sheet" aria-label={w.title}>
      <div className="ops-part">
        <h2>{w.title}</h2>
        <p className="note">{w.lead(format.duration(seconds))}</p>
      </div>
      {payments.length > 0 && (
        <table className="records">
          <caption className="unseen">{w.title}</caption>
          <thead>
            <tr>
              <th scope="col">{w.kind}</th>
              <th scope="col">{w.status}</th>
              <th scope="col" className="num">
                {w.amount}
              </th>
              <th scope="col">{w.since}</th>
              <th scope="col">{w.network}</th>
              <th scope="col">{w.id}</th>
            </tr>
          </thead>
          <tbody>
            {payments.map((payment) => (
              <tr key={payment.id}>
                <th scope="row">
                  {w.kinds[payment.kind]}
                  {payment.service_key !== null && (
                    <span className="note ops-service">{said(payment.service_key, 64)}</span>
                  )}
                </th>
                <td data-label={w.status}>
                  <span className="dot" data-tone="wait" />{" "}
                  {w.states[payment.status] ?? spaced(payment.status)}
                </td>
                <td className="num" data-label={w.amount}>
                  {format.amount(payment.amount_cents)}
                </td>
                <td data-label={w.since}>
                  <Ago at={payment.since} />
                </td>
                <td data-label={w.network}>{payment.network}</td>
                <td className="mono ops-id" data-label={w.id}>
                  {payment.id}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {total > payments.length && (
        <p className="ops-part note">{w.shown(format.count(payments.length), format.count(total))}</p>
      )}
    </section>
  );
}
