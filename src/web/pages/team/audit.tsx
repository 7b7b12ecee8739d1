import type { SponsorEntry } from "../../data/shapes.ts";
import { said, spaced } from "../../ui/said.tsx";
import { Moment } from "../../ui/times.tsx";
import { SPONSOR_ACTIONS } from "../../words/audit.ts";
import { usePageWords, useWords } from "../../words/language.tsx";
import { TEAM } from "../../words/team.ts";
import { OlderList } from "../shell/older-list.tsx";
import { useAudit } from "./queries.ts";

/** What members and keys changed, the newest first. */
export function Audit() {
  const { audit: w } = usePageWords(TEAM);
  const query = useAudit();
  const entries = query.data?.pages.flatMap((page) => page.entries);
  return (
    <section className="team-audit" aria-label={w.title}>
      <h2>{w.title}</h2>
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

function Entry({ entry: { created_at, by, action, object, outcome } }: { entry: SponsorEntry }) {
  const { words } = useWords();
  const { audit: w } = usePageWords(TEAM);
  const actions = usePageWords(SPONSOR_ACTIONS);
  const who = by.kind === "key" ? w.byKey(by.hint) : by.email === null ? w.somebody : said(by.email, 60);
  return (
    <tr data-state="live">
      <td className="num" data-label={w.when}>
        <Moment at={created_at} />
      </td>
      <td data-label={w.who}>
        <bdi>{who}</bdi>
      </td>
      <th scope="row">{actions[action] ?? spaced(action)}</th>
      <td data-label={w.object} className="mono team-object">
        {object === null ? "–" : said(object, 40)}
      </td>
      <td data-label={w.outcome}>
        <span className="dot" data-tone={outcome === "ok" ? "good" : "bad"} />{" "}
        {outcome === "ok" ? w.done : words.outcome[outcome]}
      </td>
    </tr>
  );
}
