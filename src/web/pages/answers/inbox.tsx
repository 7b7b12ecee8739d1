import { useEffect, useRef, useState } from "react";
import { useMay } from "../../data/organisations.ts";
import { INBOX } from "../../words/inbox.ts";
import { usePageWords } from "../../words/language.tsx";
import { OlderList } from "../shell/older-list.tsx";
import { useCampaign } from "../campaigns/queries.ts";
import { Answer } from "./answer.tsx";
import type { Filters } from "./queries.ts";
import { useAnswers } from "./queries.ts";
import { RejectDialog } from "./reject-dialog.tsx";
import { useVerdicts } from "./verdicts.ts";

/** Answers one below the other. J and K go from one to the next, A accepts, R rejects. */
export function Inbox({ campaignId, filters }: { campaignId: string; filters: Filters }) {
  const w = usePageWords(INBOX);
  const query = useAnswers(campaignId, filters);
  const answers = query.data?.pages.flatMap((page) => page.answers) ?? [];
  const titles = titlesOf(useCampaign(campaignId).data?.task_schema);
  const mayJudge = useMay("editor");
  const verdicts = useVerdicts();
  const [chosenId, setChosenId] = useState<string>();
  const [rejecting, setRejecting] = useState<string>();
  const row = useRef<HTMLElement>(null);
  const found = answers.findIndex(({ answer_id }) => answer_id === chosenId);
  const chosen = answers[Math.max(0, found)];
  const [isMoving, setIsMoving] = useState(false);
  useEffect(() => {
    if (!isMoving) return;
    row.current?.focus();
    setIsMoving(false);
  }, [isMoving]);

  const onKey = useRef<(key: string) => boolean>(() => false);
  onKey.current = (key) => {
    const step = { j: 1, k: -1 }[key];
    if (step !== undefined) {
      const next = answers[Math.min(answers.length - 1, Math.max(0, found + step))];
      setChosenId(next?.answer_id);
      setIsMoving(true);
      return true;
    }
    if (chosen === undefined || !mayJudge || chosen.state === "accepted") return false;
    if (key === "a") verdicts.accept(chosen.answer_id);
    else if (key === "r") setRejecting(chosen.answer_id);
    else return false;
    return true;
  };
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      const isTyping =
        event.target instanceof HTMLElement &&
        event.target.closest("input, textarea, select, dialog") !== null;
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      if (onKey.current(event.key.toLowerCase())) event.preventDefault();
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);

  return (
    <>
      {mayJudge && <p className="note">{w.keys}</p>}
      <OlderList query={query} isEmpty={answers.length === 0 && !query.hasNextPage} empty={w.empty}>
        <ul className="sheet rows">
          {answers.map((answer) => {
            const isChosen = answer.answer_id === chosen?.answer_id;
            return (
              <li key={answer.answer_id}>
                <Answer
                  answer={answer}
                  titles={titles}
                  isChosen={isChosen}
                  isLeaving={answer.answer_id === verdicts.leaving}
                  mayJudge={mayJudge}
                  isBusy={verdicts.isBusy}
                  row={isChosen ? row : undefined}
                  onChoose={() => setChosenId(answer.answer_id)}
                  onAccept={() => verdicts.accept(answer.answer_id)}
                  onReject={() => setRejecting(answer.answer_id)}
                />
              </li>
            );
          })}
        </ul>
      </OlderList>
      {rejecting !== undefined && (
        <RejectDialog
          answerId={rejecting}
          onClose={() => setRejecting(undefined)}
          onReject={verdicts.reject}
        />
      )}
    </>
  );
}

/** The questions as people read them, by the names that their answers have. */
function titlesOf(schema: Record<string, unknown> | undefined): ReadonlyMap<string, string> {
  const properties = Object.entries((schema?.["properties"] ?? {}) as Record<string, { title?: unknown }>);
  return new Map(
    properties.flatMap(([name, { title }]) =>
      typeof title === "string" && title.trim() !== "" ? [[name, title]] : [],
    ),
  );
}
