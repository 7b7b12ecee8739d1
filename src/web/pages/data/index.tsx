import "../../ui/sheet.css";
import "./data.css";
import type { SyntheticEvent } from "react";
import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import type { OwnDataRow } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Loading, Problem } from "../../ui/empty.tsx";
import { said, Said } from "../../ui/said.tsx";
import { Text } from "../../ui/text.tsx";
import { useTitle } from "../../ui/title.ts";
import { useToast } from "../../ui/toast.tsx";
import { useNow, useWords } from "../../words/language.tsx";
import { useFailureWords } from "../shell/failure-words.ts";
import { useOwnData, usePutData } from "./queries.ts";

export function DataPage() {
  const { words } = useWords();
  const { data: w } = words.ownData;
  const explain = useFailureWords();
  const { data, error } = useOwnData();
  useTitle(w.title);
  return (
    <>
      <div className="page-head">
        <div>
          <h1>{w.title}</h1>
          <p>{w.lead}</p>
        </div>
      </div>
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
  const names = recipients.map(({ name }) => said(name, 40));
  return (
    <article className="own" aria-label={noun}>
      <div className="own-what">
        <h2>{noun}</h2>
        {isEditing ? (
          <Edit row={row} noun={noun} onDone={() => setIsEditing(false)} />
        ) : (
          <p className={stored === null ? "faint" : undefined}>
            {stored === null ? w.nothing : <Said text={asText(stored.value)} max={120} />}
          </p>
        )}
        {stored !== null && (
          <p className="note">
            {stored.last_used_at === null ? w.neverUsed : w.lastUsed(format.ago(stored.last_used_at, now))}
          </p>
        )}
        <p className="note">
          {w.wentTo}: {names.length === 0 ? w.nowhere : format.list(names)}
        </p>
      </div>
      {!isEditing && (
        <div className="own-buttons">
          <Button size="small" onPress={() => setIsEditing(true)}>
            {stored === null ? w.add : w.change} <span className="unseen">{noun}</span>
          </Button>
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
  const [value, setValue] = useState(row.stored === null ? "" : asText(row.stored.value));
  const failure = put.error === null ? undefined : failureOf(put.error);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (put.isPending || value.trim() === "") return;
    put.mutate(value.trim(), {
      onSuccess: () => {
        toast({ text: w.saved(noun) });
        onDone();
      },
    });
  };
  const hint = w.hint[row.data_type];
  return (
    <form className="own-edit" onSubmit={submit}>
      <Text
        label={noun}
        name={row.data_type}
        autoComplete="off"
        value={value}
        onChange={setValue}
        {...(hint !== undefined && { hint })}
        error={
          failure === undefined
            ? undefined
            : failure.code === "validation_error"
              ? w.wrongForm
              : explain(failure)
        }
      />
      <div className="own-buttons">
        <Button size="small" onPress={onDone}>
          {w.cancel}
        </Button>
        <Button tone="allow" size="small" type="submit" isBusy={put.isPending}>
          {w.save}
        </Button>
      </div>
    </form>
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

/** The parts of an object, such as an address, one after the other. */
function asText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return Object.values(value).map(asText).join(", ");
}
