import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import type { OperationRow, ReadOperation } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Problem } from "../../ui/empty.tsx";
import { LongText } from "../../ui/long-text.tsx";
import { said } from "../../ui/said.tsx";
import { Select } from "../../ui/select.tsx";
import { usePageWords, useWords } from "../../words/language.tsx";
import { SERVICES } from "../../words/services.ts";
import { useFailureWords } from "../shell/failure-words.ts";
import { writeJson } from "../services/json-text.ts";
import { useListOperations, useReadOperation } from "../services/queries.ts";
import type { Draft } from "./draft.ts";

const MOST_CHARACTERS = 200_000;

/** An OpenAPI document that is pasted: an operation of it is filled in. */
export function DocumentPart({ onTake }: { onTake: (part: Partial<Draft>) => void }) {
  const { new: w } = usePageWords(SERVICES);
  const { format } = useWords();
  const [document, setDocument] = useState("");
  const [chosen, setChosen] = useState("");
  const list = useListOperations();
  const read = useReadOperation();
  const operations = (list.data?.operations ?? []).filter(({ problem }) => problem === null);
  const isTooLong = document.length > MOST_CHARACTERS;
  const idOf = ({ method, path }: OperationRow): string => `${method} ${path}`;
  const take = (): void => {
    const operation = operations.find((one) => idOf(one) === chosen) ?? operations[0];
    if (operation === undefined || read.isPending) return;
    const { method, path } = operation;
    read.mutate({ document, operation: { method, path } }, { onSuccess: (found) => onTake(toDraft(found)) });
  };
  return (
    <section className="sheet part part-narrow">
      <details>
        <summary>{w.document}</summary>
        <div className="part-form">
          <LongText
            label={w.documentLabel}
            isCode
            rows={8}
            value={document}
            onChange={(text) => {
              setDocument(text);
              list.reset();
              read.reset();
            }}
            hint={w.documentHint}
            error={isTooLong ? w.documentTooLong : undefined}
          />
          <Refusal error={list.error ?? read.error} />
          {operations.length === 0 ? (
            <Button
              isBusy={list.isPending}
              onPress={() => {
                if (document.trim() !== "" && !isTooLong) list.mutate(document);
              }}
            >
              {w.operations}
            </Button>
          ) : (
            <>
              <Select
                label={w.operation}
                value={chosen === "" && operations[0] !== undefined ? idOf(operations[0]) : chosen}
                options={operations.map((operation) => ({
                  value: idOf(operation),
                  label: said(`${operation.method} ${operation.path} · ${operation.name}`, 90),
                }))}
                onChange={setChosen}
              />
              <Button isBusy={read.isPending} onPress={take}>
                {w.take}
              </Button>
            </>
          )}
          {read.data !== undefined && (
            <p className="note" role="status">
              {w.taken(said(read.data.name, 60))}{" "}
              {read.data.required_headers.length > 0 &&
                w.needsHeaders(format.list(read.data.required_headers.map((name) => said(name, 64))))}
            </p>
          )}
        </div>
      </details>
    </section>
  );
}

/** Why a document can't be read. The reason is technical, and the server's own. */
function Refusal({ error }: { error: unknown }) {
  const { new: w } = usePageWords(SERVICES);
  const explain = useFailureWords();
  if (error === null) return null;
  const failure = failureOf(error);
  const [problem] = failure.problems;
  return (
    <Problem>
      {problem === undefined ? (
        explain(failure)
      ) : (
        <>
          {w.documentRefused} <bdi lang="en">{said(problem.message, 200)}</bdi>
        </>
      )}
    </Problem>
  );
}

const toDraft = (found: ReadOperation): Partial<Draft> => ({
  ...(found.upstream_url !== null && { url: found.upstream_url }),
  method: found.upstream_method,
  key: found.service_key,
  name: found.name,
  description: found.description,
  schema: writeJson(found.input_schema),
  sample: writeJson(found.sample_input),
  ...(found.required_headers.length > 0 && {
    headers: found.required_headers.map((name) => `${name}: `).join("\n"),
  }),
});
