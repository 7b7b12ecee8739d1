import type { ReactNode } from "react";
import type { Overview } from "../../data/shapes.ts";
import { spaced } from "../../ui/said.tsx";
import { Ago } from "../../ui/times.tsx";
import { usePageWords, useWords } from "../../words/language.tsx";
import { OPERATORS } from "../../words/operators.ts";

/** The counts of what waits, each with what says how bad it is. */
export function Figures({ overview }: { overview: Overview }) {
  const { format } = useWords();
  const { figures: w } = usePageWords(OPERATORS);
  const { approvals, suspended, waiting, ledger, webhooks } = overview;
  const kinds = approvals.kinds.map(({ kind, count }) =>
    w.approvalOf(w.approvalKinds[kind] ?? spaced(kind), format.count(count)),
  );
  return (
    <section aria-label={w.label}>
      <dl className="sheet ops-figures">
        <Figure name={w.approvals} count={approvals.total}>
          {approvals.oldest_at !== null && (
            <>
              {format.list(kinds)}
              <br />
              {w.oldest} <Ago at={approvals.oldest_at} />
            </>
          )}
        </Figure>
        <Figure name={w.suspended} count={suspended.total} tone="wait" />
        <Figure name={w.waiting} count={waiting.total} tone="bad" />
        <Figure name={w.findings} count={ledger.total} tone="bad" />
        <Figure name={w.webhooks} count={webhooks.due}>
          {webhooks.due > 0 && w.late(format.duration(webhooks.oldest_seconds))}
        </Figure>
      </dl>
    </section>
  );
}

interface FigureProps {
  name: string;
  count: number;
  /** How bad it is if there is one. */
  tone?: "wait" | "bad";
  children?: ReactNode;
}

function Figure({ name, count, tone, children }: FigureProps) {
  const { format } = useWords();
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <b className="num" data-tone={count > 0 ? tone : undefined}>
          {format.count(count)}
        </b>
        {children !== undefined && children !== false && <span className="note">{children}</span>}
      </dd>
    </div>
  );
}
