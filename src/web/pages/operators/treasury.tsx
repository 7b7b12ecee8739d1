import type { Overview } from "../../data/shapes.ts";
import { Meter } from "../../ui/meter.tsx";
import { usePageWords, useWords } from "../../words/language.tsx";
import { OPERATORS } from "../../words/operators.ts";

export function Treasury({ treasury: { networks, day } }: { treasury: Overview["treasury"] }) {
  const { treasury: w } = usePageWords(OPERATORS);
  return (
    <section className="sheet" aria-label={w.title}>
      <div className="ops-part">
        <h2>{w.title}</h2>
        {day !== null && <Today day={day} />}
      </div>
      <table className="records">
        <caption className="unseen">{w.title}</caption>
        <thead>
          <tr>
            <th scope="col">{w.network}</th>
            <th scope="col">{w.state}</th>
            <th scope="col" className="num">
              {w.balance}
            </th>
            <th scope="col" className="num">
              {w.owed}
            </th>
            <th scope="col" className="num">
              {w.free}
            </th>
            <th scope="col">{w.address}</th>
          </tr>
        </thead>
        <tbody>
          {networks.map((network) => (
            <Row key={network.network} network={network} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Today({ day }: { day: NonNullable<Overview["treasury"]["day"]> }) {
  const { format } = useWords();
  const { treasury: w } = usePageWords(OPERATORS);
  const text = w.today(format.amount(day.spent_cents), format.amount(day.limit_cents));
  return (
    <div className="ops-day">
      <span className="note num">
        {text}
        {day.reserved_cents > 0 && ` · ${w.underWay(format.amount(day.reserved_cents))}`}
      </span>
      <Meter value={day.spent_cents + day.reserved_cents} max={day.limit_cents} label={text} />
    </div>
  );
}

function Row({ network: row }: { network: Overview["treasury"]["networks"][number] }) {
  const { format } = useWords();
  const { treasury: w } = usePageWords(OPERATORS);
  const free = row.balance_cents === null ? undefined : row.balance_cents - row.owed_cents;
  return (
    <tr>
      <th scope="row">{row.network}</th>
      <td data-label={w.state}>
        <span className="dot" data-tone={row.is_up ? "good" : "bad"} /> {row.is_up ? w.up : w.down}
      </td>
      <td className="num" data-label={w.balance}>
        {row.balance_cents === null ? w.unknown : format.amount(row.balance_cents)}
      </td>
      <td className="num" data-label={w.owed}>
        {format.amount(row.owed_cents)}
      </td>
      <td
        className="num ops-free"
        data-label={w.free}
        data-tone={free !== undefined && free < 0 ? "bad" : undefined}
      >
        {free === undefined ? w.unknown : free < 0 ? `−${format.amount(-free)}` : format.amount(free)}
      </td>
      <td className="mono ops-id" data-label={w.address}>
        {row.address}
      </td>
    </tr>
  );
}
