import type { Question } from "../../data/shapes.ts";
import { Check } from "../../ui/check.tsx";
import { said, Said, spaced } from "../../ui/said.tsx";
import { useWords } from "../../words/language.tsx";
import { useNouns } from "./noun-words.ts";
import type { Terms } from "./terms.ts";
import { toggled } from "./terms.ts";

interface ChecksProps {
  question: Question;
  terms: Terms;
  onChange: (change: Partial<Terms>) => void;
}

/** What isn't allowed yet of the person's data, with the value that would be shared. */
export function DataChecks({ question, terms, onChange }: ChecksProps) {
  const { words } = useWords();
  const { ask: w } = words.approval;
  const isMore = question.present !== null;
  const recipient = question.campaign?.sponsor ?? question.service?.sponsor;
  const asked = question.asks.data_types.filter(({ held }) => !held);
  if (asked.length === 0) return null;
  return (
    <fieldset className="group">
      <legend>
        <h2>{isMore ? w.newData : w.data}</h2>
        <span className="note">{w.untickedNote}</span>
      </legend>
      <div className="sheet rows">
        {asked.map(({ type, value }) => (
          <Check
            key={type}
            label={words.data[type].share}
            tag={isMore ? w.added : undefined}
            note={recipient === undefined ? undefined : w.goesTo(said(recipient, 60))}
            aside={value === null ? words.notStored : <Said text={value} max={60} />}
            isChecked={terms.dataTypes.includes(type)}
            onChange={(isOn) => onChange({ dataTypes: toggled(terms.dataTypes, type, isOn) })}
          />
        ))}
      </div>
      {question.campaign === null && <p className="note">{w.keptByCampaign}</p>}
    </fieldset>
  );
}

export function TaskChecks({ question, terms, onChange }: ChecksProps) {
  const { words } = useWords();
  const { ask: w } = words.approval;
  const { task } = useNouns();
  const isMore = question.present !== null;
  const asked = question.asks.task_types.filter(({ held }) => !held);
  return (
    <>
      {asked.length > 0 && (
        <fieldset className="group">
          <legend>
            <h2>{isMore ? w.newTasks : w.tasks}</h2>
          </legend>
          <div className="sheet rows">
            {asked.map(({ name }) => (
              <Check
                key={name}
                label={task(name).label}
                tag={isMore ? w.added : undefined}
                note={words.taskNote[name]}
                isChecked={terms.tasks.includes(name)}
                onChange={(isOn) => onChange({ tasks: toggled(terms.tasks, name, isOn) })}
              />
            ))}
          </div>
          {terms.tasks.length === 0 && !question.asks.task_types.some(({ held }) => held) && (
            <p className="note">{w.noTask}</p>
          )}
        </fieldset>
      )}
      <Kinds question={question} terms={terms} onChange={onChange} />
    </>
  );
}

/** The kinds of services. They tell nothing about the person, so all that were asked for are in, and can be left out. */
function Kinds({ question, terms, onChange }: ChecksProps) {
  const { words } = useWords();
  const { ask: w } = words.approval;
  const { kindList } = useNouns();
  const { categories } = question.asks;
  if (categories.length === 0) return null;
  const isMore = question.present !== null;
  const isAdded = question.kind === "combined";
  const some = isAdded ? w.alsoServices : w.services;
  const none = isAdded ? w.noMoreServices : w.noServices;
  const chosen = terms.categories.length === 0 ? none : some(kindList(terms.categories));
  // Added to others, a kind can be left out, too.
  const added = isMore && !isAdded ? categories.filter(({ held }) => !held).map(({ name }) => name) : [];
  const news = added.length > 0 && <p className="note">{w.newServices(kindList(added))}</p>;
  if (categories.length === 1 && !isAdded)
    return (
      <>
        {news}
        <p className="note">{chosen}</p>
      </>
    );
  return (
    <>
      {news}
      <details className="kinds">
        <summary>
          <span>{chosen}</span> <span className="kinds-open">{w.narrow}</span>
        </summary>
        <div className="sheet rows">
          {categories.map(({ name }) => (
            <Check
              key={name}
              label={w.service_kind(spaced(name))}
              tag={added.includes(name) ? w.added : undefined}
              isChecked={terms.categories.includes(name)}
              onChange={(isOn) => onChange({ categories: toggled(terms.categories, name, isOn) })}
            />
          ))}
        </div>
      </details>
    </>
  );
}
