import "../task/task.css";
import { useState } from "react";
import type { CampaignPreview } from "../../data/shapes.ts";
import { Choice } from "../../ui/choice.tsx";
import { said } from "../../ui/said.tsx";
import { CAMPAIGNS } from "../../words/campaigns.ts";
import { usePageWords, useWords } from "../../words/language.tsx";
import { writeJson } from "../services/json-text.ts";
import { TaskForPerson } from "../task/task-for-person.tsx";

type View = "person" | "agent" | "quiet";

interface PreviewProps {
  /** Undefined: the draft isn't complete. */
  preview: CampaignPreview | undefined;
  /** The draft has changed since, and isn't complete. */
  isStale: boolean;
}

/** What people and agents get of the campaign before it starts, and what it costs. */
export function Preview({ preview, isStale }: PreviewProps) {
  const { preview: w } = usePageWords(CAMPAIGNS);
  const [view, setView] = useState<View>("person");
  return (
    <section className="sheet part preview" aria-labelledby="preview-title">
      <h2 id="preview-title">{w.title}</h2>
      {preview === undefined ? (
        <p className="note">{w.waits}</p>
      ) : (
        <>
          <Costs preview={preview} />
          <Choice
            label={w.show}
            value={view}
            onChange={setView}
            options={[
              { value: "person", label: w.person },
              { value: "agent", label: w.agent },
              { value: "quiet", label: w.quiet },
            ]}
          />
          <p className="note">{isStale ? w.stale : w.invented}</p>
          {view === "person" ? (
            <Person preview={preview} />
          ) : (
            <pre className="code" tabIndex={0} aria-label={w[view]}>
              <bdi>{writeJson(view === "agent" ? preview.agent : preview.agent_quiet)}</bdi>
            </pre>
          )}
        </>
      )}
    </section>
  );
}

/** What a person is asked first, in the words of the page on which they allow it; then the task's own page. */
function Person({ preview: { agent, person } }: { preview: CampaignPreview }) {
  const { preview: w } = usePageWords(CAMPAIGNS);
  const { words } = useWords();
  const types = agent.task.data_types;
  return (
    <div className="part-form">
      {types.length === 0 ? (
        <p>{w.askedNothing}</p>
      ) : (
        <>
          <p>{w.asked}</p>
          <ul className="asked">
            {types.map((type) => (
              <li key={type}>
                <b>{words.data[type].share}</b>{" "}
                <span className="note">{words.approval.ask.goesTo(said(person.sponsor, 60))}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      <TaskForPerson key={writeJson(person.task_schema)} task={person} isPreview />
    </div>
  );
}

function Costs({ preview: { costs, services } }: { preview: CampaignPreview }) {
  const { preview: w } = usePageWords(CAMPAIGNS);
  const { format } = useWords();
  const unpaid = services.filter(({ pays }) => !pays);
  const { call_cents: call, answer_most_cents: answer } = costs;
  return (
    <div>
      <dl className="granted">
        <div>
          <dt>{w.call}</dt>
          <dd className="num">
            {call === null
              ? "–"
              : call.least === call.most
                ? format.amount(call.most)
                : w.callCosts(format.amount(call.least), format.amount(call.most))}
          </dd>
        </div>
        <div>
          <dt>{w.answer}</dt>
          <dd className="num">{answer === null ? w.answerOpen : format.amount(answer)}</dd>
        </div>
        <div>
          <dt>{w.most}</dt>
          <dd>{w.mostNote}</dd>
        </div>
      </dl>
      {answer !== null && answer > 0 && (
        <p className="note num">
          {w.answersFor(format.amount(EXAMPLE_CENTS), format.count(Math.floor(EXAMPLE_CENTS / answer)))}
        </p>
      )}
      {unpaid.length > 0 && (
        <p className="field-error" role="alert">
          {w.unpaid}{" "}
          {format.list(
            unpaid.map(({ name, price_cents, why_not }) =>
              w.why[why_not ?? "inactive"](said(name, 50), format.amount(price_cents)),
            ),
          )}
          .
        </p>
      )}
    </div>
  );
}

/** An amount that a sponsor could put in. */
const EXAMPLE_CENTS = 2_500;
