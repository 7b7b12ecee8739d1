import { Link } from "@tanstack/react-router";
import type { Question } from "../../data/shapes.ts";
import { Glyph } from "../../ui/glyph.tsx";
import { said } from "../../ui/said.tsx";
import { useNow, useWords } from "../../words/language.tsx";

/** What waits for this person's answer. */
export function Questions({ questions }: { questions: Question[] }) {
  const { words, format } = useWords();
  const { ask } = words.approval;
  const now = useNow();
  const titleOf = ({ kind, present, agent }: Question): string => {
    const name = said(agent.name, 40);
    if (kind === "data") return ask.dataTitle(name);
    if (kind === "budget") return ask.budgetTitle(name);
    return present === null ? ask.actTitle(name) : ask.moreTitle(name);
  };
  return (
    <section className="waiting-for-you" aria-labelledby="waiting-title">
      <h2 id="waiting-title">{words.agents.waiting}</h2>
      <ul className="sheet rows">
        {questions.map((question) => (
          <li key={question.approval_id} className="question">
            <Glyph name={said(question.agent.name, 40)} />
            <span className="question-what">
              <b id={`asks-${question.approval_id}`}>{titleOf(question)}</b>
              <span className="note num">
                {words.agents.canAnswerUntil(format.deadline(question.expires_at, now))}
              </span>
            </span>
            <Link
              to="/approvals/$approvalId"
              params={{ approvalId: question.approval_id }}
              className="btn"
              data-tone="allow"
              aria-describedby={`asks-${question.approval_id}`}
            >
              {words.agents.answer}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
