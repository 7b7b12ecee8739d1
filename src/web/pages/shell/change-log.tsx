import type { ComponentProps, ReactNode } from "react";
import type { SponsorEntry } from "../../data/shapes.ts";
import { said } from "../../ui/said.tsx";
import { Moment } from "../../ui/times.tsx";
import { useWords } from "../../words/language.tsx";
import "./change-log.css";
import { OlderList } from "./older-list.tsx";

/** One change, as it is shown. */
export interface LoggedChange {
  id: string;
  at: string;
  /** Who made it. */
  who: string;
  what: ReactNode;
  /** What it is about, such as an id. */
  object: string | null;
  outcome: SponsorEntry["outcome"];
}

interface ChangeLogWords {
  title: string;
  empty: string;
  when: string;
  who: string;
  what: string;
  object: string;
  outcome: string;
  done: string;
}

/**
 * What was changed and by whom, the newest first.
 * @param changes undefined: they aren't loaded yet
 */
export function ChangeLog({
  words: w,
  lead,
  query,
  changes,
}: {
  words: ChangeLogWords;
  lead?: string;
  query: ComponentProps<typeof OlderList>["query"];
  changes: readonly LoggedChange[] | undefined;
}) {
  return (
    <section className="change-log" aria-label={w.title}>
      <div>
        <h2>{w.title}</h2>
        {lead !== undefined && <p className="note">{lead}</p>}
      </div>
      <OlderList query={query} isEmpty={changes?.length === 0} empty={w.empty}>
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
              {changes?.map((change) => (
                <Row key={change.id} change={change} words={w} />
              ))}
            </tbody>
          </table>
        </div>
      </OlderList>
    </section>
  );
}

function Row({
  change: { at, who, what, object, outcome },
  words: w,
}: {
  change: LoggedChange;
  words: ChangeLogWords;
}) {
  const { words } = useWords();
  return (
    <tr>
      <td className="change-when" data-label={w.when}>
        <Moment at={at} />
      </td>
      <td data-label={w.who}>
        <bdi>{who}</bdi>
      </td>
      <th scope="row">{what}</th>
      <td data-label={w.object} className="mono change-object" data-empty={object === null || undefined}>
        {object === null ? "–" : said(object, 64)}
      </td>
      <td className="change-outcome" data-label={w.outcome}>
        <span className="dot" data-tone={outcome === "ok" ? "good" : "bad"} />{" "}
        {outcome === "ok" ? w.done : words.outcome[outcome]}
      </td>
    </tr>
  );
}
