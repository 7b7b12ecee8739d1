import type { Question } from "../../data/shapes.ts";
import { Amount } from "../../ui/amount.tsx";
import { Check } from "../../ui/check.tsx";
import { Choice } from "../../ui/choice.tsx";
import { Said } from "../../ui/said.tsx";
import { useNow, useWords } from "../../words/language.tsx";
import { Steps } from "./steps.tsx";
import type { Terms } from "./terms.ts";

interface MoneyProps {
  question: Question;
  terms: Terms;
  choices: string[];
  onChange: (change: Partial<Terms>) => void;
}

/** Budget and end of a first grant, side by side. */
export function FirstMoney({ question, terms, choices, onChange }: MoneyProps) {
  return (
    <div className="limits">
      <BudgetField question={question} terms={terms} onChange={onChange} />
      <Until terms={terms} choices={choices} onChange={onChange} />
    </div>
  );
}

/** The budget of a request for more, as a difference to what is allowed now. */
export function MoreMoney({
  question,
  present,
  terms,
  choices,
  onChange,
}: MoneyProps & { present: Present }) {
  const { words, format } = useWords();
  const { ask: w } = words.approval;
  const asked = question.asks.budget_limit_cents ?? 0;
  const { budget_limit_cents: now, spent_cents: spent } = present;
  const added = terms.cents - now;
  const options = [
    { value: String(now), label: w.keep, note: format.amount(now) },
    { value: String(asked), label: w.all, note: format.amount(asked) },
  ];
  return (
    <fieldset className="group">
      <legend>
        <h2>{w.budget}</h2>
        <span className="note num">{w.nowAndAsked(format.amount(now), format.amount(asked))}</span>
      </legend>
      <div className="sheet step">
        <div className="step-now">
          <Steps
            spent={spent}
            now={now}
            next={terms.cents}
            end={Math.max(asked, now)}
            label={w.spentOf(format.amount(spent), format.amount(now))}
          />
          <p className="step-scale num note">
            <span>{w.spentOf(format.amount(spent), format.amount(now))}</span>
            <span className="grown">{added > 0 && `+${format.amount(added)}`}</span>
            <span>{format.amount(Math.max(asked, now))}</span>
          </p>
        </div>
        <div className="limits">
          {asked > now && (
            <Choice
              label={w.howMuch}
              value={String(terms.cents)}
              onChange={(value) => onChange({ cents: Number(value) })}
              options={options}
            />
          )}
          <BudgetField question={question} terms={terms} onChange={onChange} />
        </div>
        {added < 0 && (
          <p className="note" role="status">
            {w.shrinks(format.amount(now), format.amount(terms.cents))}
          </p>
        )}
      </div>
      <Until terms={terms} choices={choices} onChange={onChange} />
    </fieldset>
  );
}

type Present = NonNullable<Question["present"]>;

/** One payment that needs a yes, and what becomes of the budget. */
export function OneCall({ question, present }: { question: Question; present: Present | null }) {
  const { words, format } = useWords();
  const { ask: w } = words.approval;
  const { above_rule: isAboveRule } = question.asks;
  const cents = question.asks.budget_limit_cents ?? 0;
  return (
    <section className="group">
      <h2>{w.once}</h2>
      <div className="sheet step">
        <p className="once num">
          <b>{format.amount(cents)}</b>{" "}
          {question.service !== null && (
            <span className="quiet">
              <Said text={question.service.name} max={60} />
            </span>
          )}
        </p>
        {present !== null && (
          <div className="step-now">
            <Steps
              spent={present.spent_cents}
              now={present.budget_limit_cents}
              next={Math.max(present.budget_limit_cents, present.spent_cents + cents)}
              end={Math.max(present.budget_limit_cents, present.spent_cents + cents)}
              label={w.spentOf(format.amount(present.spent_cents), format.amount(present.budget_limit_cents))}
            />
            <p className="step-scale num note">
              <span>
                {w.spentOf(format.amount(present.spent_cents), format.amount(present.budget_limit_cents))}
              </span>
              <span>{isAboveRule ? w.aboveNote : w.onceNote(format.amount(present.budget_limit_cents))}</span>
            </p>
          </div>
        )}
      </div>
    </section>
  );
}

/** The money of a combined question: one call, or nothing. */
export function PayCheck({
  question,
  present,
  terms,
  onChange,
}: Omit<MoneyProps, "choices"> & { present: Present | null }) {
  const { words, format } = useWords();
  const { ask: w } = words.approval;
  const cents = question.asks.budget_limit_cents ?? 0;
  const stays = present === null ? undefined : w.onceNote(format.amount(present.budget_limit_cents));
  return (
    <fieldset className="group">
      <legend>
        <h2>{w.once}</h2>
      </legend>
      <div className="sheet rows">
        <Check
          label={w.payOnce(format.amount(cents))}
          note={question.asks.above_rule ? w.aboveNote : stays}
          isChecked={terms.pays}
          onChange={(pays) => onChange({ pays })}
        />
      </div>
    </fieldset>
  );
}

function BudgetField({ question, terms, onChange }: Omit<MoneyProps, "choices">) {
  const { words, format } = useWords();
  const { ask: w } = words.approval;
  const asked = question.asks.budget_limit_cents ?? 0;
  return (
    <Amount
      label={w.budget}
      unit={w.cents}
      cents={terms.cents}
      max={asked}
      onChange={(cents) => onChange({ cents })}
      note={w.atMost(format.amount(asked))}
      less={w.less}
      more={w.more}
      locale={format.locale}
    />
  );
}

function Until({ terms, choices, onChange }: Omit<MoneyProps, "question">) {
  const { words, format } = useWords();
  const now = useNow();
  return (
    <Choice
      label={words.approval.ask.untilLabel}
      value={terms.until}
      onChange={(until) => onChange({ until })}
      options={choices.map((until) => ({ value: until, label: format.moment(until, now) }))}
    />
  );
}
