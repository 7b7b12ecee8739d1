import type { SyntheticEvent } from "react";
import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import type { OwnPreferences } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Choice } from "../../ui/choice.tsx";
import { Form } from "../../ui/form.tsx";
import { Text } from "../../ui/text.tsx";
import { useToast } from "../../ui/toast.tsx";
import { useWords } from "../../words/language.tsx";
import { useNouns } from "../approval/noun-words.ts";
import { useFailureWords } from "../shell/failure-words.ts";
import { usePreferences, useSetLevel, useSetRegion } from "./queries.ts";

const LEVELS = ["preferred", "neutral", "avoided"] as const;

/** What tasks the person likes, and where they live. Each is kept as soon as it is chosen. */
export function Preferences() {
  const { preferences: w } = useWords().words.ownData;
  const { data } = usePreferences();
  if (data === undefined) return null;
  return (
    <section className="sheet settings" aria-labelledby="tasks-title">
      <div>
        <h2 id="tasks-title">{w.title}</h2>
        <p className="quiet">{data.tasks.length === 0 ? w.none : w.lead}</p>
      </div>
      {data.tasks.map((task) => (
        <Task key={task.task_type} task={task} />
      ))}
      <Region region={data.region} />
    </section>
  );
}

/** Says that something was kept, or why not. */
function useAnswers() {
  const { preferences: w } = useWords().words.ownData;
  const explain = useFailureWords();
  const toast = useToast();
  return {
    onSuccess: () => toast({ text: w.saved }),
    onError: (error: Error) => toast({ text: explain(failureOf(error)) }),
  };
}

function Task({ task: { task_type: type, level } }: { task: OwnPreferences["tasks"][number] }) {
  const { preferences: w } = useWords().words.ownData;
  const { task } = useNouns();
  const setLevel = useSetLevel();
  const answers = useAnswers();
  return (
    <Choice
      label={task(type).label}
      value={level}
      onChange={(next) => setLevel.mutate({ task_type: type, level: next }, answers)}
      options={LEVELS.map((value) => ({ value, label: w.level[value] }))}
    />
  );
}

function Region({ region }: { region: string }) {
  const { preferences: w } = useWords().words.ownData;
  const [typed, setTyped] = useState(region);
  const setRegion = useSetRegion();
  const answers = useAnswers();
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (!setRegion.isPending) setRegion.mutate(typed.trim(), answers);
  };
  return (
    <Form className="region" onSubmit={submit}>
      <Text
        label={w.region}
        name="region"
        autoComplete="off"
        value={typed}
        onChange={setTyped}
        hint={w.regionHint}
      />
      {typed.trim() !== region && (
        <Button type="submit" isBusy={setRegion.isPending}>
          {w.regionSave}
        </Button>
      )}
    </Form>
  );
}
