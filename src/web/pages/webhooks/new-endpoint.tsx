import type { SyntheticEvent } from "react";
import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import type { WebhookEvent } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Check } from "../../ui/check.tsx";
import { Form } from "../../ui/form.tsx";
import { Text } from "../../ui/text.tsx";
import { usePageWords } from "../../words/language.tsx";
import { WEBHOOKS } from "../../words/webhooks.ts";
import { useFailureWords } from "../shell/failure-words.ts";
import type { WebhookSource } from "./source.ts";
import { useChange } from "./source.ts";

export function NewEndpoint({ source, onMade }: { source: WebhookSource; onMade: (secret: string) => void }) {
  const w = usePageWords(WEBHOOKS);
  const explain = useFailureWords();
  const [url, setUrl] = useState("");
  const [types, setTypes] = useState<WebhookEvent[]>([...source.types]);
  const create = useChange(source, source.create);
  const failure = create.error === null ? undefined : failureOf(create.error);
  const problem = failure?.fields.includes("/url") === true ? w.refused : failure && explain(failure);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (create.isPending || types.length === 0) return;
    const all: WebhookEvent[] = ["*"];
    create.mutate(
      { url: url.trim(), event_types: types.length === source.types.length ? all : types },
      {
        onSuccess: ({ secret }) => {
          setUrl("");
          onMade(secret);
        },
      },
    );
  };
  const choose = (type: WebhookEvent, isChosen: boolean): void =>
    setTypes(source.types.filter((one) => (one === type ? isChosen : types.includes(one))));
  return (
    <Form className="hooks-part" onSubmit={submit} aria-label={w.add}>
      <h3>{w.add}</h3>
      <Text
        label={w.url}
        name="webhook-url"
        autoComplete="off"
        placeholder="https://"
        value={url}
        onChange={setUrl}
        hint={w.urlHint}
        error={problem}
      />
      <fieldset className="hooks-types">
        <legend className="field-label">{w.events}</legend>
        {source.types.map((type) => (
          <Check
            key={type}
            label={w.type(type)}
            note={type}
            isChecked={types.includes(type)}
            onChange={(isChecked) => choose(type, isChecked)}
          />
        ))}
      </fieldset>
      <span>
        <Button type="submit" isBusy={create.isPending}>
          {w.submit}
        </Button>
      </span>
    </Form>
  );
}
