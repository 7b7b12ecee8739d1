import type { SponsorEntry } from "../../data/shapes.ts";
import { said, spaced } from "../../ui/said.tsx";
import { SPONSOR_ACTIONS } from "../../words/audit.ts";
import { usePageWords } from "../../words/language.tsx";
import { TEAM } from "../../words/team.ts";
import { ChangeLog } from "../shell/change-log.tsx";
import { useAudit } from "./queries.ts";

/** What members and keys changed, the newest first. */
export function Audit() {
  const { audit: w } = usePageWords(TEAM);
  const actions = usePageWords(SPONSOR_ACTIONS);
  const query = useAudit();
  const whoOf = ({ by }: SponsorEntry): string =>
    by.kind === "key" ? w.byKey(by.hint) : by.email === null ? w.somebody : said(by.email, 60);
  const changes = query.data?.pages
    .flatMap((page) => page.entries)
    .map((entry) => ({
      ...{ id: entry.entry_id, at: entry.created_at, who: whoOf(entry) },
      ...{
        what: actions[entry.action] ?? spaced(entry.action),
        object: entry.object,
        outcome: entry.outcome,
      },
    }));
  return <ChangeLog words={w} query={query} changes={changes} />;
}
