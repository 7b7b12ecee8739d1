import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import type { AgentRow } from "../../data/shapes.ts";
import { Choice } from "../../ui/choice.tsx";
import { useToast } from "../../ui/toast.tsx";
import { useWords } from "../../words/language.tsx";
import { useFailureWords } from "../shell/failure-words.ts";
import { useSetReading } from "./queries.ts";

/** The choices, by what they set. */
const CHOICES = { usual: null, never: false, always: true } as const;
type ReadingChoice = keyof typeof CHOICES;

/** Whether the agent may read what sponsors and sellers wrote. */
export function Reading({ row }: { row: AgentRow }) {
  const { agent: w } = useWords().words;
  const explain = useFailureWords();
  const toast = useToast();
  const set = useSetReading();
  /** While it is on its way. */
  const [chosen, setChosen] = useState<ReadingChoice>();
  const { reads_sponsor_texts: reads } = row;
  const choose = (choice: ReadingChoice): void => {
    setChosen(choice);
    set.mutate(
      { grant_id: row.grant_id, reads_sponsor_texts: CHOICES[choice] },
      {
        onSuccess: () => toast({ text: w.readingSet }),
        onError: (error) => toast({ text: explain(failureOf(error)) }),
        onSettled: () => setChosen(undefined),
      },
    );
  };
  return (
    <section aria-labelledby="reading-title" className="sheet agent-section">
      <h2 id="reading-title">{w.reading}</h2>
      <p className="note">{w.readingNote}</p>
      <Choice
        label={w.readingLabel}
        value={chosen ?? (reads === null ? "usual" : reads ? "always" : "never")}
        onChange={choose}
        options={[
          { value: "usual", label: w.readsUsual, note: w.readsUsualNote },
          { value: "never", label: w.readsNever },
          { value: "always", label: w.readsAlways },
        ]}
      />
    </section>
  );
}
