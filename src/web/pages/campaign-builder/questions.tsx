import type { DataType } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Check } from "../../ui/check.tsx";
import { LongText } from "../../ui/long-text.tsx";
import { Select } from "../../ui/select.tsx";
import { Text } from "../../ui/text.tsx";
import { CAMPAIGNS } from "../../words/campaigns.ts";
import { usePageWords, useWords } from "../../words/language.tsx";
import type { Question } from "./question-schema.ts";
import { canBePersonal, KINDS, newQuestion, problemOf } from "./question-schema.ts";

interface QuestionsProps {
  questions: readonly Question[];
  showsProblems: boolean;
  onChange: (questions: Question[]) => void;
}

/** The questions of a task, in the order in which they are asked. */
export function Questions({ questions, showsProblems, onChange }: QuestionsProps) {
  const { question: w } = usePageWords(CAMPAIGNS);
  const move = (from: number, to: number): void => {
    const moved = [...questions];
    const [one] = moved.splice(from, 1);
    if (one !== undefined) moved.splice(to, 0, one);
    onChange(moved);
  };
  return (
    <div className="part-form">
      {questions.map((question, index) => (
        <fieldset key={question.id} className="question">
          <legend className="field-label">{w.label(index + 1)}</legend>
          <QuestionForm
            question={question}
            showsProblem={showsProblems}
            onChange={(part) =>
              onChange(questions.map((one) => (one.id === question.id ? { ...one, ...part } : one)))
            }
          />
          {questions.length > 1 && (
            <div className="part-buttons">
              {index > 0 && (
                <Step label={w.up(index + 1)} short={w.upShort} onPress={() => move(index, index - 1)} />
              )}
              {index < questions.length - 1 && (
                <Step label={w.down(index + 1)} short={w.downShort} onPress={() => move(index, index + 1)} />
              )}
              <Step
                label={w.remove(index + 1)}
                short={w.removeShort}
                onPress={() => onChange(questions.filter((one) => one.id !== question.id))}
              />
            </div>
          )}
        </fieldset>
      ))}
      <span>
        <Button onPress={() => onChange([...questions, newQuestion()])}>{w.add}</Button>
      </span>
    </div>
  );
}

/** A short word for the eye; which question it is about, for who only hears it. */
function Step({ label, short, onPress }: { label: string; short: string; onPress: () => void }) {
  return (
    <Button tone="quiet" size="small" onPress={onPress}>
      <span aria-hidden="true">{short}</span>
      <span className="unseen">{label}</span>
    </Button>
  );
}

interface QuestionFormProps {
  question: Question;
  showsProblem: boolean;
  onChange: (part: Partial<Question>) => void;
}

function QuestionForm({ question, showsProblem, onChange }: QuestionFormProps) {
  const { question: w } = usePageWords(CAMPAIGNS);
  const { words } = useWords();
  const problem = showsProblem ? problemOf(question) : undefined;
  const { kind } = question;
  const data = Object.entries(words.data) as [DataType, { noun: string }][];
  return (
    <>
      <Text
        label={w.text}
        name={`question-${question.id}`}
        autoComplete="off"
        value={question.text}
        onChange={(text) => onChange({ text })}
        error={problem === "text" ? w.needsText : undefined}
      />
      <div className="part-pair">
        <Select
          label={w.kind}
          value={kind}
          options={KINDS.map((one) => ({ value: one, label: w.kinds[one] }))}
          onChange={(next) => onChange({ kind: next, ...(!canBePersonal(next) && { dataType: "" }) })}
        />
        {canBePersonal(kind) && (
          <Select<DataType | "">
            label={w.data}
            value={question.dataType}
            options={[
              { value: "", label: w.noData },
              ...data.map(([type, { noun }]) => ({ value: type, label: noun })),
            ]}
            onChange={(dataType) => onChange({ dataType })}
          />
        )}
        {kind === "scale" && (
          <div className="part-pair">
            <Text
              label={w.least}
              name={`least-${question.id}`}
              autoComplete="off"
              value={question.least}
              onChange={(least) => onChange({ least })}
              error={problem === "range" ? w.needsRange : undefined}
            />
            <Text
              label={w.most}
              name={`most-${question.id}`}
              autoComplete="off"
              value={question.most}
              onChange={(most) => onChange({ most })}
            />
          </div>
        )}
      </div>
      {(kind === "one" || kind === "several") && (
        <LongText
          label={w.options}
          value={question.options}
          onChange={(options) => onChange({ options })}
          error={problem === "options" ? w.needsOptions : undefined}
        />
      )}
      <Check
        label={w.required}
        isChecked={question.isRequired}
        onChange={(isRequired) => onChange({ isRequired })}
      />
    </>
  );
}
