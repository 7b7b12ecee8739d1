import { Choice } from "../../ui/choice.tsx";
import { LongText } from "../../ui/long-text.tsx";
import { Select } from "../../ui/select.tsx";
import { Text } from "../../ui/text.tsx";
import { CAMPAIGNS } from "../../words/campaigns.ts";
import { usePageWords } from "../../words/language.tsx";
import { SchemaErrors } from "../services/schema-errors.tsx";
import { writeJson } from "../services/json-text.ts";
import type { PartProps } from "./part.ts";
import { Questions } from "./questions.tsx";
import { problemOf, schemaOf } from "./question-schema.ts";

interface TaskPartProps extends PartProps {
  /** What the server says is wrong with the questions. */
  schemaErrors: { path: string; message: string }[];
  /** Whether problems of questions are shown that nobody has finished yet. */
  showsProblems: boolean;
}

/** What the campaign asks for: made here, or as a schema. */
export function TaskPart({ draft, errorOf, onChange, schemaErrors, showsProblems }: TaskPartProps) {
  const { task: w } = usePageWords(CAMPAIGNS);
  const types = Object.keys(w.types);
  const known = types.includes(draft.taskType) ? types : [...types, draft.taskType];
  const choose = (how: "form" | "own"): void => {
    // What was made here is where one's own schema begins.
    const isMade = draft.questions.length > 0 && draft.questions.every((one) => problemOf(one) === undefined);
    const begins = how === "own" && draft.schema === "" && isMade;
    onChange({ how, ...(begins && { schema: writeJson(schemaOf(draft.questions)) }) });
  };
  return (
    <section className="sheet part" aria-labelledby="task-title">
      <h2 id="task-title">{w.title}</h2>
      <div className="part-pair">
        <Text
          label={w.name}
          name="task-name"
          autoComplete="off"
          value={draft.taskName}
          onChange={(taskName) => onChange({ taskName })}
          hint={w.nameHint}
          error={errorOf("taskName")}
        />
        <Select
          label={w.type}
          value={draft.taskType}
          options={known.map((type) => ({ value: type, label: w.types[type] ?? type }))}
          onChange={(taskType) => onChange({ taskType })}
        />
      </div>
      <LongText
        label={w.description}
        name="task-description"
        value={draft.description}
        onChange={(description) => onChange({ description })}
        error={errorOf("description")}
      />
      <Choice
        label={w.how}
        value={draft.how}
        onChange={choose}
        options={[
          { value: "form", label: w.form },
          { value: "own", label: w.own },
        ]}
      />
      {draft.how === "form" ? (
        <Questions
          questions={draft.questions}
          showsProblems={showsProblems}
          onChange={(questions) => onChange({ questions })}
        />
      ) : (
        <LongText
          label={w.schema}
          isCode
          rows={12}
          value={draft.schema}
          onChange={(schema) => onChange({ schema })}
          hint={w.schemaHint}
          error={errorOf("schema")}
          isAtFault={schemaErrors.length > 0}
        />
      )}
      <SchemaErrors title={w.schemaErrors} base="/task_schema" errors={schemaErrors} />
      <LongText
        label={w.purpose}
        name="purpose"
        rows={2}
        value={draft.purpose}
        onChange={(purpose) => onChange({ purpose })}
        hint={w.purposeHint}
        error={errorOf("purpose")}
      />
      <div className="part-pair">
        <Text
          label={w.retention}
          name="retention"
          autoComplete="off"
          value={draft.retention}
          onChange={(retention) => onChange({ retention })}
          error={errorOf("retention")}
        />
        <Text
          label={w.minutes}
          name="seconds"
          autoComplete="off"
          value={draft.seconds}
          onChange={(seconds) => onChange({ seconds })}
          error={errorOf("seconds")}
        />
      </div>
    </section>
  );
}
