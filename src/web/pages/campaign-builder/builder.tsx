import "../../ui/sheet.css";
import "../services/services.css";
import "./builder.css";
import type { ReactNode, SyntheticEvent } from "react";
import { useState } from "react";
import type { Failure } from "../../data/failure.ts";
import { failureOf } from "../../data/failure.ts";
import type { CampaignInput } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Problem } from "../../ui/empty.tsx";
import { Form } from "../../ui/form.tsx";
import { CAMPAIGNS } from "../../words/campaigns.ts";
import { usePageWords } from "../../words/language.tsx";
import { usePreview } from "../campaigns/queries.ts";
import { useFailureWords } from "../shell/failure-words.ts";
import { AudiencePart } from "./audience-part.tsx";
import type { Draft, FieldName } from "./draft.ts";
import { readDraft, refusedFields } from "./draft.ts";
import { HoldbackPart } from "./holdback-part.tsx";
import { OfferPart } from "./offer-part.tsx";
import { Preview } from "./preview.tsx";
import { TaskPart } from "./task-part.tsx";
import { useDeferred } from "./use-deferred.ts";

interface BuilderProps {
  /** What the form begins with. */
  first: Draft;
  /** Whether the task can't be changed any more. */
  isTaskFixed: boolean;
  /** What the button says. */
  submit: string;
  isBusy: boolean;
  /** Why it couldn't be saved. What was typed stays. */
  failure: Failure | undefined;
  onSubmit: (input: CampaignInput) => void;
  /** What stands above the form. */
  children?: ReactNode;
}

const SCHEMA = "/task_schema";
const RULE = "/holdback/schema";

/** The form of a campaign, and beside it what agents and people would get of it. */
export function Builder({ first, isTaskFixed, submit, isBusy, failure, onSubmit, children }: BuilderProps) {
  const w = usePageWords(CAMPAIGNS);
  const explain = useFailureWords();
  const [draft, setDraft] = useState(first);
  const [wasPressed, setWasPressed] = useState(false);
  const change = (part: Partial<Draft>): void => setDraft((before) => ({ ...before, ...part }));

  const read = readDraft(draft);
  const settled = useDeferred(JSON.stringify("input" in read ? read.input : null));
  const preview = usePreview((JSON.parse(settled) as CampaignInput | null) ?? undefined);
  // The preview is checked as saving is, so what is wrong is said before the button is pressed.
  const refusal = failure ?? (preview.error === null ? undefined : failureOf(preview.error));
  const refused = refusal === undefined ? [] : refusedFields(refusal);
  const wrong = wasPressed && "wrong" in read ? read.wrong : [];
  const errorOf = (name: FieldName): string | undefined => {
    if (name === "services" && refused.includes(name)) return w.unknownService;
    // What is wrong with a schema is listed below it.
    const isListed = name === "schema" || name === "holdbackRule";
    if (!wrong.includes(name)) return refused.includes(name) && !isListed ? w.refused : undefined;
    if (name === "services") return w.noService;
    if (name === "subsidy") return w.amount;
    if (name === "holdbackMinutes") return w.holdback.minutesRange;
    if (name === "holdbackUrl") return w.holdback.urlNeeded;
    return name === "calls" || name === "seconds" || name === "retention" ? w.whole : w.needed;
  };
  const problemsOf = (base: string) => (refusal?.problems ?? []).filter(({ path }) => path.startsWith(base));
  const send = (event: SyntheticEvent): void => {
    event.preventDefault();
    setWasPressed(true);
    if ("input" in read && !isBusy) onSubmit(read.input);
  };
  const part = { draft, errorOf, onChange: change };
  return (
    <div className="builder">
      <Form className="builder-form" onSubmit={send} noValidate aria-label={submit}>
        {children}
        <OfferPart {...part} />
        <AudiencePart {...part} />
        {!isTaskFixed && <TaskPart {...part} schemaErrors={problemsOf(SCHEMA)} showsProblems={wasPressed} />}
        <HoldbackPart {...part} ruleErrors={problemsOf(RULE)} />
        {wasPressed && "wrong" in read && <Problem>{w.look}</Problem>}
        {failure !== undefined && refused.length === 0 && <Problem>{explain(failure)}</Problem>}
        {failure !== undefined && refused.length > 0 && <Problem>{w.look}</Problem>}
        <span>
          <Button tone="allow" size="large" type="submit" isBusy={isBusy}>
            {submit}
          </Button>
        </span>
      </Form>
      <Preview preview={preview.data} isStale={preview.isPlaceholderData || !("input" in read)} />
    </div>
  );
}
