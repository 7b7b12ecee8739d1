import "../../ui/sheet.css";
import "./sponsor.css";
import { useNavigate } from "@tanstack/react-router";
import type { SyntheticEvent } from "react";
import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import { useFound, useOrganisations } from "../../data/organisations.ts";
import { Button } from "../../ui/button.tsx";
import { Form } from "../../ui/form.tsx";
import { Text } from "../../ui/text.tsx";
import { useWords } from "../../words/language.tsx";
import { useFailureWords } from "../shell/failure-words.ts";
import { PageHead } from "../shell/page-head.tsx";

/** Founds an organisation by its name, and leads on to what it offers. */
export function FoundPage() {
  const { found: w } = useWords().words.sponsor;
  const explain = useFailureWords();
  const navigate = useNavigate();
  const most = useOrganisations().data?.most_owned ?? 0;
  const [name, setName] = useState("");
  const found = useFound();
  const failure = found.error === null ? undefined : failureOf(found.error);
  const problem = (): string | undefined => {
    if (failure === undefined) return undefined;
    if (failure.fields.includes("/name")) return w.nameRefused;
    return failure.code === "conflict" ? w.tooMany(most) : explain(failure);
  };
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (found.isPending) return;
    found.mutate(name.trim(), {
      onSuccess: ({ sponsor_id }) => {
        navigate({ to: "/services", search: { org: sponsor_id } }).catch(() => undefined);
      },
    });
  };
  return (
    <>
      <PageHead title={w.title} lead={w.lead} />
      <Form className="sheet found" onSubmit={submit} aria-label={w.title}>
        <Text
          label={w.name}
          name="organisation"
          autoComplete="organization"
          value={name}
          onChange={setName}
          hint={w.nameHint}
          error={problem()}
        />
        <span>
          <Button tone="allow" type="submit" isBusy={found.isPending}>
            {w.submit}
          </Button>
        </span>
      </Form>
    </>
  );
}
