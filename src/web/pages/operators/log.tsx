import type { OperatorEntry } from "../../data/shapes.ts";
import { said, spaced } from "../../ui/said.tsx";
import { usePageWords } from "../../words/language.tsx";
import { OPERATORS } from "../../words/operators.ts";
import { ChangeLog } from "../shell/change-log.tsx";
import { useLog } from "./queries.ts";

/** What operators and the administrator's key did, the newest first. */
export function Log() {
  const { log: w } = usePageWords(OPERATORS);
  const query = useLog();
  const whoOf = ({ by }: OperatorEntry): string =>
    by.kind === "administrator" ? w.administrator : by.email === null ? w.gone : said(by.email, 60);
  const changes = query.data?.pages
    .flatMap((page) => page.entries)
    .map((entry) => ({
      ...{ id: entry.entry_id, at: entry.created_at, who: whoOf(entry), what: <Done entry={entry} /> },
      ...{ object: entry.object, outcome: entry.outcome },
    }));
  return <ChangeLog words={w} lead={w.lead} query={query} changes={changes} />;
}

function Done({ entry: { action, reason } }: { entry: OperatorEntry }) {
  const { log: w } = usePageWords(OPERATORS);
  return (
    <>
      {w.actions[action] ?? spaced(action)}
      {reason !== null && (
        <span className="note ops-reason">
          <span className="unseen">{w.reason}: </span>
          <bdi>{said(reason, 500)}</bdi>
        </span>
      )}
    </>
  );
}
