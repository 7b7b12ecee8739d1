import "../../ui/sheet.css";
import "./data.css";
import type { SyntheticEvent } from "react";
import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import type { OwnDataRow } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Loading, Problem } from "../../ui/empty.tsx";
import { Form } from "../../ui/form.tsx";
import { said, Said, spaced } from "../../ui/said.tsx";
import { Text } from "../../ui/text.tsx";
import { useToast } from "../../ui/toast.tsx";
import { useNow, useWords } from "../../words/language.tsx";
import { useFailureWords } from "../shell/failure-words.ts";
import { PageHead } from "../shell/page-head.tsx";
import { joinParts, partsOf, WHOLE } from "./parts.ts";
import { useOwnData, usePutData } from "./queries.ts";

export function DataPage() {
  const { words } = useWords();
  const { data: w } = words.ownData;
  const explain = useFailureWords();
  const { data, error } = useOwnData();
  return (
    <>
      <PageHead title={w.title} lead={w.lead} />
      {error !== null && <Problem>{explain(failureOf(error))}</Problem>}
      {data === undefined ? (
        error === null && <Loading label={words.loading} />
      ) : (
        <ul className="sheet rows">
          {data.map((row) => (
            <li key={row.data_type}>
              <Item row={row} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Item({ row }: { row: OwnDataRow }) {
  const { words, format } = useWords();
  const { data: w } = words.ownData;
  const now = useNow();
  const { noun } = words.data[row.data_type];
  const [isEditing, setIsEditing] = useState(false);
  const { stored, recipients } = row;
  const recipientTexts = recipients.map(({ name, last_at }) =>
    w.recipient(said(name, 40), format.ago(last_at, now)),
  );
  return (
    <article className="own" aria-label={noun}>
      <div className="own-what">
        <h2>{noun}</h2>
        {isEditing ? (
          <Edit row={row} noun={noun} onDone={() => setIsEditing(false)} />
        ) : (
          <p className={stored === null ? "faint" : undefined}>
            {stored === null ? w.nothing : <Said text={stored.text} max={120} />}
          </p>
        )}
        {stored !== null && (
          <p className="note">
            {stored.last_used_at === null ? w.neverUsed : w.lastUsed(format.ago(stored.last_used_at, now))}
          </p>
        )}
        <p className="note">
          {w.wentTo}: {recipients.length === 0 ? w.nowhere : format.list(recipientTexts)}
        </p>
      </div>
      {!isEditing && (
        <div className="buttons">
          {(stored === null || partsOf(stored.value) !== undefined) && (
            <Button size="small" onPress={() => setIsEditing(true)}>
              {stored === null ? w.add : w.change} <span className="unseen">{noun}</span>
            </Button>
          )}
          {stored !== null && <Remove row={row} noun={noun} />}
        </div>
      )}
    </article>
  );
}

function Edit({ row, noun, onDone }: { row: OwnDataRow; noun: string; onDone: () => void }) {
  const { data: w } = useWords().words.ownData;
  const explain = useFailureWords();
  const toast = useToast();
  const put = usePutData(row.data_type);
  const [parts, setParts] = useState(() => partsOf(row.stored?.value) ?? [WHOLE]);
  const failure = put.error === null ? undefined : failureOf(put.error);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const value = joinParts(parts);
    if (put.isPending || value === undefined) return;
    put.mutate(value, {
      onSuccess: () => {
        toast({ text: w.saved(noun) });
        onDone();
      },
    });
  };
  const hint = w.hint[row.data_type];
  return (
    <Form className="own-edit" onSubmit={submit}>
      {parts.map(({ name, text }, index) => (
        <Text
          key={name}
          label={name === "" ? noun : spaced(name)}
          name={row.data_type}
          autoComplete="off"
          value={text}
          onChange={(typed) => setParts(parts.with(index, { name, text: typed }))}
          {...(hint !== undefined && { hint })}
          error={
            failure === undefined || index > 0
              ? undefined
              : failure.code === "validation_error"
                ? w.wrongForm
                : explain(failure)
          }
        />
      ))}
      <div className="buttons">
        <Button size="small" onPress={onDone}>
          {w.cancel}
        </Button>
        <Button tone="allow" size="small" type="submit" isBusy={put.isPending}>
          {w.save}
        </Button>
      </div>
    </Form>
  );
}

function Remove({ row, noun }: { row: OwnDataRow; noun: string }) {
  const { data: w } = useWords().words.ownData;
  const explain = useFailureWords();
  const toast = useToast();
  const put = usePutData(row.data_type);
  return (
    <Confirm
      trigger={w.remove}
      size="small"
      title={w.removeTitle(noun)}
      body={w.removeBody}
      yes={w.removeYes}
      no={w.removeNo}
      onYes={() =>
        put.mutate(null, {
          onSuccess: () => toast({ text: w.removed(noun) }),
          onError: (error) => toast({ text: explain(failureOf(error)) }),
        })
      }
    />
  );
}
