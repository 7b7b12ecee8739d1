import type { SyntheticEvent } from "react";
import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import type { Inspected } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Problem } from "../../ui/empty.tsx";
import { Form } from "../../ui/form.tsx";
import { LongText } from "../../ui/long-text.tsx";
import { Text } from "../../ui/text.tsx";
import { usePageWords } from "../../words/language.tsx";
import { SERVICES } from "../../words/services.ts";
import { useProbeWords } from "../services/probe-words.ts";
import { useRegister } from "../services/queries.ts";
import { SchemaErrors } from "../services/schema-errors.tsx";
import type { Draft, FieldName } from "./draft.ts";
import { EMPTY_DRAFT, readDraft, refusedFields } from "./draft.ts";

interface DefinitionPartProps {
  draft: Draft;
  seen: Inspected;
  onChange: (part: Partial<Draft>) => void;
  onRegistered: (serviceKey: string) => void;
}

/** What agents find of the service, and the form of its input. */
export function DefinitionPart({ draft, seen, onChange, onRegistered }: DefinitionPartProps) {
  const { new: w } = usePageWords(SERVICES);
  const explain = useProbeWords();
  const register = useRegister();
  const [wrong, setWrong] = useState<FieldName[]>([]);
  const failure = register.error === null ? undefined : failureOf(register.error);
  const refused = failure === undefined ? [] : refusedFields(failure);
  const errorOf = (name: FieldName, words: string): string | undefined => {
    if (wrong.includes(name)) return words;
    return refused.includes(name) ? words : undefined;
  };
  const schemaErrors =
    failure !== undefined && refused.includes("schema")
      ? failure.problems.filter(({ path }) => path.startsWith("/input_schema"))
      : draft.schema === EMPTY_DRAFT.schema || register.isSuccess
        ? []
        : seen.schema_errors;
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const read = readDraft(draft);
    setWrong("wrong" in read ? read.wrong : []);
    if ("wrong" in read || register.isPending) return;
    register.mutate(read.input, { onSuccess: ({ service_key }) => onRegistered(service_key) });
  };
  const field = (name: "key" | "name" | "categories" | "price", hint: string | undefined, error: string) => ({
    name: `service-${name}`,
    autoComplete: "off",
    value: draft[name],
    onChange: (value: string) => onChange({ [name]: value }),
    ...(hint !== undefined && { hint }),
    error: errorOf(name, error),
  });
  return (
    <Form className="sheet part part-narrow" onSubmit={submit} aria-labelledby="definition-title" noValidate>
      <h2 id="definition-title">{w.definition}</h2>
      <div className="part-pair">
        <Text label={w.name} {...field("name", undefined, w.required)} />
        <Text
          label={w.key}
          {...field("key", w.keyHint, failure?.code === "conflict" ? w.keyTaken : w.keyRefused)}
        />
      </div>
      <LongText
        label={w.description}
        value={draft.description}
        onChange={(description) => onChange({ description })}
        hint={w.descriptionHint}
        error={errorOf("description", w.required)}
      />
      <Text label={w.categories} {...field("categories", w.categoriesHint, w.categoriesRefused)} />
      <Text label={w.price} {...field("price", undefined, w.priceRefused)} />
      <LongText
        label={w.schema}
        isCode
        rows={10}
        value={draft.schema}
        onChange={(schema) => onChange({ schema })}
        hint={seen.input_schema === null ? w.schemaOwn : w.schemaFrom}
        error={wrong.includes("schema") ? w.schemaRefused : undefined}
        isAtFault={refused.includes("schema")}
      />
      <SchemaErrors title={w.schemaErrors} base="/input_schema" errors={schemaErrors} />
      <LongText
        label={w.sample}
        isCode
        value={draft.sample}
        onChange={(sample) => onChange({ sample })}
        hint={w.sampleHint}
        error={errorOf("sample", w.schemaRefused)}
      />
      {failure !== undefined && refused.length === 0 && <Problem>{explain(failure)}</Problem>}
      <Button tone="allow" size="large" type="submit" isBusy={register.isPending}>
        {w.submit}
      </Button>
    </Form>
  );
}
