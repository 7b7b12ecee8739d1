import type { AgentRow } from "../../data/shapes.ts";
import { Alert } from "../../ui/icons.tsx";
import { said } from "../../ui/said.tsx";
import { useWords } from "../../words/language.tsx";

/** The server's own reasons, as it words them. */
const REASON = /^(\d+) (scope violations|rate-limit rejections) within (\d+) seconds$/;

/** The line below an agent's name: what keeps it from acting, else what it may share. */
export function AgentState({ row }: { row: AgentRow }) {
  const { words, format } = useWords();
  const { agents: w } = words;
  switch (row.state) {
    case "suspended":
      return <Suspended reason={row.suspended_reason} />;
    case "stopped":
      return (
        <span className="state-line" data-tone="bad">
          <span className="dot" data-tone="bad" />
          {w.stoppedState}
        </span>
      );
    case "retired":
      return (
        <span className="state-line">
          <span className="dot" />
          {w.retiredState}
        </span>
      );
    case "expired":
      return (
        <span className="state-line">
          <span className="dot" />
          {w.expiredState}
        </span>
      );
    case "active": {
      const nouns = row.scopes.allowed_data_types.map((type) => words.data[type].noun);
      return <span>{nouns.length === 0 ? w.sharesNothing : w.shares(format.list(nouns))}</span>;
    }
  }
}

function Suspended({ reason }: { reason: string | null }) {
  const { words, format } = useWords();
  const { agents: w } = words;
  const [, count, what, seconds] = REASON.exec(reason ?? "") ?? [];
  const explain = what === "scope violations" ? w.scopeReason : w.rateReason;
  const known = count === undefined ? undefined : explain(Number(count), format.duration(Number(seconds)));
  const text = known ?? (reason === null ? undefined : said(reason));
  return (
    <span className="state-line" data-tone="wait">
      <Alert />
      <span>{text === undefined ? w.suspendedBare : w.suspended(text)}</span>
    </span>
  );
}
