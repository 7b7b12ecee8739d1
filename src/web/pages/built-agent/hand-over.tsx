import type { SyntheticEvent } from "react";
import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import type { BuiltAgent } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Form } from "../../ui/form.tsx";
import { said } from "../../ui/said.tsx";
import { Text } from "../../ui/text.tsx";
import { useToast } from "../../ui/toast.tsx";
import { useNow, useWords } from "../../words/language.tsx";
import { useEndOffer, useOffer } from "../built-agents/queries.ts";
import { useFailureWords } from "../shell/failure-words.ts";

/** Offers the agent to another person, who has to accept. */
export function HandOver({ agent }: { agent: BuiltAgent }) {
  const { words, format } = useWords();
  const { hand: w } = words.build;
  const explain = useFailureWords();
  const toast = useToast();
  const now = useNow();
  const [email, setEmail] = useState("");
  const offer = useOffer(agent.agent_id);
  const takeBack = useEndOffer();
  const failure = offer.error === null ? undefined : failureOf(offer.error);
  const problem = failure?.fields.includes("/email") === true ? w.refused : failure && explain(failure);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (!offer.isPending) offer.mutate(email.trim(), { onSuccess: () => setEmail("") });
  };
  const { offer: pending } = agent;
  return (
    <Form className="sheet built-part" onSubmit={submit} aria-label={w.title}>
      <h2>{w.title}</h2>
      <p className="note">{w.lead}</p>
      {pending === null ? (
        <>
          <Text
            label={w.label}
            name="new-owner"
            type="email"
            autoComplete="off"
            value={email}
            onChange={setEmail}
            hint={w.hint}
            error={problem}
          />
          <span>
            <Button type="submit" isBusy={offer.isPending}>
              {w.submit}
            </Button>
          </span>
        </>
      ) : (
        <>
          <p role="status">{w.pending(said(pending.email, 60), format.deadline(pending.until, now))}</p>
          <span>
            <Button
              isBusy={takeBack.isPending}
              onPress={() =>
                takeBack.mutate(agent.agent_id, {
                  onError: (error) => toast({ text: explain(failureOf(error)) }),
                })
              }
            >
              {w.takeBack}
            </Button>
          </span>
        </>
      )}
    </Form>
  );
}
