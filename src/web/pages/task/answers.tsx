import type { SyntheticEvent } from "react";
import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import type { DataType, OwnTask } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Check } from "../../ui/check.tsx";
import { Problem } from "../../ui/empty.tsx";
import { Form } from "../../ui/form.tsx";
import { useWords } from "../../words/language.tsx";
import { useNouns } from "../approval/noun-words.ts";
import { useFailureWords } from "../shell/failure-words.ts";
import { Control } from "./control.tsx";
import type { Field } from "./fields.ts";
import { fieldsOf } from "./fields.ts";
import { useAnswer } from "./queries.ts";
import { answersOf, askedOf, isMissing, storedIn } from "./typed.ts";

const ANSWERS = "/task_data";

interface AnswersProps {
  task: OwnTask;
  sponsor: string;
  /** Nothing is sent: the sponsor looks at it. */
  isPreview: boolean;
}

/** The sponsor's questions, with what is stored filled in. The button says with whom the answers are shared. */
export function Answers({ task, sponsor, isPreview }: AnswersProps) {
  const { taskPage: w } = useWords().words;
  const fields = fieldsOf(task.task_schema);
  return (
    <section aria-labelledby="answers-title" className="sheet task-part">
      <h2 id="answers-title">{w.yourAnswers}</h2>
      {fields === undefined ? (
        <>
          <p>{w.noForm}</p>
          <pre className="task-schema">{JSON.stringify(task.task_schema, null, 2)}</pre>
        </>
      ) : (
        <AnswerForm task={task} sponsor={sponsor} isPreview={isPreview} fields={fields} />
      )}
    </section>
  );
}

function AnswerForm({ task, sponsor, isPreview, fields: all }: AnswersProps & { fields: Field[] }) {
  const { taskPage: w } = useWords().words;
  const { dataList } = useNouns();
  const explain = useFailureWords();
  const answer = useAnswer(task.campaign_id);
  const [stored] = useState(() => storedIn(all, task.stored));
  const [typed, setTyped] = useState(stored);
  const fields = askedOf(all, typed);
  const [mayContact, setMayContact] = useState(false);
  const [wasPressed, setWasPressed] = useState(false);

  const failure = answer.error === null ? undefined : failureOf(answer.error);
  const isRefused = failure?.code === "validation_error";
  const errorOf = (field: Field): string | undefined => {
    if (wasPressed && isMissing(field, typed)) return w.missing;
    const at = ANSWERS + field.pointer;
    return isRefused && failure.fields.some((path) => path === at || path.startsWith(`${at}/`))
      ? w.doesntFit
      : undefined;
  };
  const personal = fields
    .filter(({ pointer, dataType }) => dataType !== undefined && (typed[pointer] ?? "").trim() !== "")
    .map(({ dataType }) => dataType as DataType);

  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    setWasPressed(true);
    if (isPreview || answer.isPending || fields.some((field) => isMissing(field, typed))) return;
    answer.mutate({ task_data: answersOf(fields, typed), contact_permission: mayContact });
  };
  return (
    <Form className="task-form" onSubmit={submit} noValidate>
      {fields.map((field) => (
        <Control
          key={field.pointer}
          field={field}
          value={typed[field.pointer] ?? ""}
          isStored={stored[field.pointer] !== undefined && typed[field.pointer] === stored[field.pointer]}
          error={errorOf(field)}
          onChange={(value) => setTyped({ ...typed, [field.pointer]: value })}
        />
      ))}
      <Check label={w.contact(sponsor)} isChecked={mayContact} onChange={setMayContact} />
      {failure !== undefined && !(isRefused && fields.some((field) => errorOf(field) !== undefined)) && (
        <Problem>
          {isRefused ? w.refused : failure.code === "answer_rejected" ? w.ruleRefused : explain(failure)}
        </Problem>
      )}
      <p className="note">
        {personal.length === 0 ? w.nothingPersonal : w.holds(dataList([...new Set(personal)]))}
      </p>
      <Button tone="allow" size="large" type="submit" isBusy={answer.isPending}>
        {w.share(sponsor)}
      </Button>
    </Form>
  );
}
