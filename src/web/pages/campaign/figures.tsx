import type { Campaign } from "../../data/shapes.ts";
import { CAMPAIGN } from "../../words/campaign.ts";
import { usePageWords, useWords } from "../../words/language.tsx";

/** The four figures that say whether a campaign is worth its money. */
export function Figures({ campaign: { figures, budget } }: { campaign: Campaign }) {
  const w = usePageWords(CAMPAIGN);
  const { format } = useWords();
  const { completions, cost_per_answer_cents: cost, budget_lasts_until: until } = figures;
  return (
    <dl className="sheet figures">
      <div>
        <dt>{w.spent}</dt>
        <dd className="num">
          <b>{format.amount(figures.spent_cents)}</b>
          <p className="note">{w.of(format.amount(budget.limit_cents))}</p>
        </dd>
      </div>
      <div>
        <dt>{w.accepted}</dt>
        <dd className="num">
          <b>{format.count(completions.standing)}</b>
          {completions.held_back > 0 && (
            <p className="note">{w.waiting(format.count(completions.held_back))}</p>
          )}
        </dd>
      </div>
      <div>
        <dt>{w.perAnswer}</dt>
        <dd className="num">
          <b>{cost === null ? w.none : format.amount(cost)}</b>
        </dd>
      </div>
      <div>
        <dt>{w.lasts}</dt>
        <dd className="num">
          <b>{until === null ? w.none : w.until(format.day(until))}</b>
          <p className="note">{until === null ? w.noPace : w.pace}</p>
        </dd>
      </div>
    </dl>
  );
}
