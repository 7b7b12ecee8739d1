import type { OperatorEntry } from "../../data/shapes.ts";
import { said, spaced } from "../../ui/said.tsx";
import { Moment } from "../../ui/times.tsx";
import { usePageWords, useWords } from "../../words/language.tsx";
import { OPERATORS } from "../../words/operators.ts";
import { OlderList } from "../shell/older-list.tsx";
import { useLog } from "./queries.ts";

/** What operators and the administrator's key did, the newest first. */
export function Log() {
  const { log: w } = usePageWords(OPERATORS);
  const query = useLog();
  const entries = query.data?.pages.flatMap((page) => page.entries);
  return (
    <section className="ops-log" aria-label={w.title}>
      <div>
        <h2>{w.title}</h2>
        <p className="note">{w.lead}</p>
      </div>
      <OlderList query={query} isEmpty={entries?.length === 0} empty={w.empty}>
        <div className="sheet">
          <table className="records">
            <caption className="unseen">{w.title}</caption>
            <thead>
              <tr>
                <th scope="col">{w.when}</th>
                <th scope="col">{w.who}</th>
                <th scope="col">{w.what}</th>
                <th scope="col">{w.object}</th>
                <th scope="col">{w.outcome}</th>
              </tr>
            </thead>
            <tbody>
              {entries?.map((entry) => (
                <Entry key={entry.entry_id} entry={entry} />
              ))}
            </tbody>
          </table>
        </div>
      </OlderList>
    </section>
  );
}

function Entry({ entry: { created_at, by, action, object, reason, outcome } }: { entry: OperatorEntry }) {
  const { words } = useWords();
  const { log: w } = usePageWords(OPERATORS);
  const who = by.kind === "administrator" ? w.administrator : by.email === null ? w.gone : said(by.email, 60);
  return (
    <tr>
      <td data-label={w.when}>
        <Moment at={created_at} />
      </td>
      <td data-label={w.who}>
        <bdi>{who}</bdi>
      </td>
      <th scope="row">
        {w.actions[action] ?? spaced(action)}
        {reason !== null && (
          <span className="note ops-reason">
            <span className="unseen">{w.reason}: </span>
            <bdi>{said(reason, 500)}</bdi>
          </span>
        )}
      </th>
      <td data-label={w.object} className="mono ops-id">
        {object === null ? "–" : said(object, 64)}
      </td>
      <td data-label={w.outcome}>
        <span className="dot" data-tone={outcome === "ok" ? "good" : "bad"} />{" "}
        {outcome === "ok" ? w.done : words.outcome[outcome]}
      </td>
    </tr>
  );
}
