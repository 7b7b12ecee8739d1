import type { SyntheticEvent } from "react";
import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import type { BuiltAgent } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Form } from "../../ui/form.tsx";
import { Text } from "../../ui/text.tsx";
import { useWords } from "../../words/language.tsx";
import { useReturnUrl } from "../built-agents/queries.ts";
import { useFailureWords } from "../shell/failure-words.ts";

/** Where people are offered to go back to after a decision. */
export function ReturnAddress({ agent }: { agent: BuiltAgent }) {
  const { return: w } = useWords().words.build;
  const explain = useFailureWords();
  const [url, setUrl] = useState(agent.return_url ?? "");
  const change = useReturnUrl(agent.agent_id);
  const failure = change.error === null ? undefined : failureOf(change.error);
  const problem = failure?.fields.includes("/return_url") === true ? w.refused : failure && explain(failure);
  const known = agent.return_url === null ? undefined : new URL(agent.return_url);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (!change.isPending) change.mutate(url.trim());
  };
  return (
    <Form className="sheet built-part" onSubmit={submit} aria-label={w.title}>
      <h2>{w.title}</h2>
      <p className="note">{w.lead}</p>
      <Text
        label={w.label}
        name="return-url"
        autoComplete="off"
        placeholder="https://"
        value={url}
        onChange={setUrl}
        hint={w.hint}
        error={problem}
      />
      {known !== undefined && <p className="note">{w.shown(known.host, known.origin)}</p>}
      <span className="buttons">
        <Button type="submit" isBusy={change.isPending}>
          {w.save}
        </Button>
        {known !== undefined && (
          <Button tone="quiet" onPress={() => change.mutate(null, { onSuccess: () => setUrl("") })}>
            {w.remove}
          </Button>
        )}
      </span>
      <p className="note" role="status">
        {change.isSuccess && (change.variables === null ? w.removed : w.saved)}
      </p>
    </Form>
  );
}
