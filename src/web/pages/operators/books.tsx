import type { Overview } from "../../data/shapes.ts";
import { Problem } from "../../ui/empty.tsx";
import { said } from "../../ui/said.tsx";
import { Ago } from "../../ui/times.tsx";
import { usePageWords, useWords } from "../../words/language.tsx";
import { OPERATORS } from "../../words/operators.ts";

/** What the last comparison of the books with themselves and the chain found. */
export function Books({ ledger }: { ledger: Overview["ledger"] }) {
  const { format } = useWords();
  const { books: w } = usePageWords(OPERATORS);
  const { proved_at: at, is_late: isLate, total, findings } = ledger;
  return (
    <section className="sheet" aria-label={w.title}>
      <div className="ops-part">
        <h2>{w.title}</h2>
        <p className="note">
          {at === null ? (
            w.never
          ) : (
            <>
              {w.compared} <Ago at={at} />. {isLate && w.late} {total === 0 && w.right}
            </>
          )}
        </p>
        {total > 0 && <Problem>{w.wrong(format.count(total))}</Problem>}
      </div>
      {findings.length > 0 && (
        <ul className="rows ops-rows">
          {findings.map(({ check, detail }) => (
            <li key={`${check} ${detail}`} className="ops-finding">
              <span>{w.checks[check]}</span>
              <span className="mono" lang="en">
                {said(detail, 400)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
