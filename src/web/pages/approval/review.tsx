import type { SyntheticEvent } from "react";
import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import type { Question } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Problem } from "../../ui/empty.tsx";
import { said } from "../../ui/said.tsx";
import { useTitle } from "../../ui/title.ts";
import { useWords } from "../../words/language.tsx";
import { useFailureWords } from "../shell/failure-words.ts";
import { Frame } from "../shell/frame.tsx";
import { DataChecks, TaskChecks } from "./checks.tsx";
import { FirstMoney, MoreMoney, OneCall, PayCheck } from "./money.tsx";
import { useDecide } from "./queries.ts";
import { useSentences } from "./sentences.ts";
import { Stays } from "./stays.tsx";
import type { Terms } from "./terms.ts";
import { allowance, allowsSomething, firstTerms } from "./terms.ts";
import { untilChoices } from "./until-choices.ts";
import { Who } from "./who.tsx";

/** The question, and the person's answer to it. */
export function Review({ approvalId, question }: { approvalId: string; question: Question }) {
  const { words } = useWords();
  const { ask: w } = words.approval;
  const explain = useFailureWords();
  const { kind, present, asks } = question;
  const name = said(question.agent.name, 40);
  const [choices] = useState(() => untilChoices(Date.now(), asks.expires_in_seconds));
  const [terms, setTerms] = useState(() => firstTerms(question, choices));
  const [isUnticked, setIsUnticked] = useState(false);
  const decide = useDecide(approvalId);
  const { title, summary, allow } = useSentences(question, terms, name);
  useTitle(title);

  const change = (changed: Partial<Terms>): void => {
    setIsUnticked(false);
    setTerms((before) => ({ ...before, ...changed }));
  };
  const answer = (decision: "approve" | "deny"): void => {
    if (decide.isPending) return;
    decide.mutate(decision === "deny" ? { decision } : { decision, ...allowance(question, terms) });
  };
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const needsTick = !allowsSomething(question, terms);
    setIsUnticked(needsTick);
    if (!needsTick) answer("approve");
  };
  const parts = { question, terms, onChange: change };
  return (
    <Frame>
      <div className="review">
        <Who question={question} title={title} />
        <form className="allow" onSubmit={submit}>
          {kind === "budget" && <OneCall question={question} present={present} />}
          {kind === "data" && <DataChecks {...parts} />}
          {kind === "combined" && (
            <>
              <DataChecks {...parts} />
              <TaskChecks {...parts} />
              {asks.budget_limit_cents !== null && <PayCheck {...parts} present={present} />}
            </>
          )}
          {(kind === "grant" || kind === "gpt_sign_in") && (
            <>
              {present !== null && <MoreMoney {...parts} choices={choices} present={present} />}
              <DataChecks {...parts} />
              <TaskChecks {...parts} />
              {present === null && <FirstMoney {...parts} choices={choices} />}
            </>
          )}
          <div className="decide">
            {isUnticked && <Problem>{kind === "data" ? w.tickFirst : w.tickSomething}</Problem>}
            {decide.isError && <Problem>{explain(failureOf(decide.error))}</Problem>}
            <p className="summary">
              <span aria-live="polite">{summary}</span> <span className="faint">{w.stopAnyTime}</span>
            </p>
            <div className="decide-buttons">
              <Button size="large" isBusy={decide.isPending} onPress={() => answer("deny")}>
                {present === null ? w.deny : w.denyKeep}
              </Button>
              <Button tone="allow" size="large" type="submit" isBusy={decide.isPending}>
                {allow}
              </Button>
            </div>
          </div>
          <Stays question={question} />
        </form>
      </div>
    </Frame>
  );
}
