import type { Movement } from "../../data/shapes.ts";
import { said } from "../../ui/said.tsx";
import { Moment } from "../../ui/times.tsx";
import { FUNDS } from "../../words/funds.ts";
import { usePageWords, useWords } from "../../words/language.tsx";
import { useExplorer } from "../payments/explorer.ts";
import { OlderList } from "../shell/older-list.tsx";
import { useMovements } from "./queries.ts";

/** Every movement of the organisation's money, the newest first. */
export function Movements() {
  const { movements: w } = usePageWords(FUNDS);
  const query = useMovements();
  const movements = query.data?.pages.flatMap((page) => page.movements);
  return (
    <section className="fund-movements" aria-label={w.title}>
      <h2>{w.title}</h2>
      <OlderList query={query} isEmpty={movements?.length === 0} empty={w.empty}>
        <div className="sheet">
          <table className="movements">
            <caption className="unseen">{w.title}</caption>
            <thead>
              <tr>
                <th scope="col">{w.when}</th>
                <th scope="col">{w.what}</th>
                <th scope="col">{w.budget}</th>
                <th scope="col" className="movement-amount">
                  {w.amount}
                </th>
                <th scope="col">{w.transaction}</th>
              </tr>
            </thead>
            <tbody>
              {movements?.map((movement) => (
                <Row key={movement.movement_id} movement={movement} />
              ))}
            </tbody>
          </table>
        </div>
      </OlderList>
    </section>
  );
}

function Row({ movement: { at, kind, name, amount_cents }, movement }: { movement: Movement }) {
  const { format } = useWords();
  const { movements: w } = usePageWords(FUNDS);
  return (
    <tr>
      <td className="num" data-label={w.when}>
        <Moment at={at} />
      </td>
      <th scope="row">{w.kind[kind]}</th>
      <td data-label={w.budget}>
        <bdi>{said(name, 50)}</bdi>
      </td>
      <td className="num movement-amount" data-label={w.amount}>
        {amount_cents < 0 ? "−" : "+"}
        {format.amount(Math.abs(amount_cents))}
      </td>
      <td data-label={w.transaction}>
        <Transaction movement={movement} />
      </td>
    </tr>
  );
}

function Transaction({ movement: { tx_hash: hash, network, kind } }: { movement: Movement }) {
  const { movements: w } = usePageWords(FUNDS);
  const explorerUrl = useExplorer();
  if (hash === null)
    return <span className="faint">{kind === "withdrawal" ? w.underWay : w.noTransaction}</span>;
  const short = `${said(hash.slice(0, 8), 8)}…${said(hash.slice(-4), 4)}`;
  const url = network === null ? undefined : explorerUrl(network, hash);
  return url === undefined ? (
    <span className="mono" title={said(hash, 70)}>
      {short}
    </span>
  ) : (
    <a className="mono" href={url} rel="noreferrer" target="_blank">
      {short}
    </a>
  );
}
