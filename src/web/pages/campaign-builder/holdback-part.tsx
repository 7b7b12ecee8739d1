import { LongText } from "../../ui/long-text.tsx";
import { Select } from "../../ui/select.tsx";
import { Text } from "../../ui/text.tsx";
import { CAMPAIGNS } from "../../words/campaigns.ts";
import { usePageWords } from "../../words/language.tsx";
import { SchemaErrors } from "../services/schema-errors.tsx";
import type { Draft } from "./draft.ts";
import { HOLDBACKS } from "./draft.ts";
import type { PartProps } from "./part.ts";

interface HoldbackPartProps extends PartProps {
  /** What the server says is wrong with the rule. */
  ruleErrors: { path: string; message: string }[];
}

/** Who accepts answers before they unlock calls. */
export function HoldbackPart({ draft, errorOf, onChange, ruleErrors }: HoldbackPartProps) {
  const { holdback: w } = usePageWords(CAMPAIGNS);
  const { holdback: by } = draft;
  return (
    <section className="sheet part" aria-labelledby="holdback-title">
      <h2 id="holdback-title">{w.title}</h2>
      <Select<Draft["holdback"]>
        label={w.by}
        value={by}
        options={HOLDBACKS.map((one) => ({ value: one, label: w.kinds[one] }))}
        hint={w.notes[by]}
        onChange={(holdback) => onChange({ holdback })}
      />
      {by === "webhook" && (
        <Text
          label={w.url}
          name="holdback-url"
          autoComplete="off"
          value={draft.holdbackUrl}
          onChange={(holdbackUrl) => onChange({ holdbackUrl })}
          hint={w.urlHint}
          error={errorOf("holdbackUrl")}
        />
      )}
      {(by === "hand" || by === "webhook") && (
        <Text
          label={w.minutes}
          name="holdback-minutes"
          autoComplete="off"
          value={draft.holdbackMinutes}
          onChange={(holdbackMinutes) => onChange({ holdbackMinutes })}
          hint={w.minutesHint[by]}
          error={errorOf("holdbackMinutes")}
        />
      )}
      {by === "rule" && (
        <LongText
          label={w.rule}
          isCode
          rows={8}
          value={draft.holdbackRule}
          onChange={(holdbackRule) => onChange({ holdbackRule })}
          hint={w.ruleHint}
          error={errorOf("holdbackRule")}
          isAtFault={ruleErrors.length > 0}
        />
      )}
      <SchemaErrors title={w.ruleErrors} base="/holdback/schema" errors={ruleErrors} />
    </section>
  );
}
