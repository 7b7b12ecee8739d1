import "../../ui/records.css";
import "../../ui/sheet.css";
import { failureOf } from "../../data/failure.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Ago, Moment } from "../../ui/times.tsx";
import { useToast } from "../../ui/toast.tsx";
import { useNow, useWords } from "../../words/language.tsx";
import { useFailureWords } from "./failure-words.ts";

/** An API key: of an agent that the person looks after, or of an organisation. */
interface Key {
  key_id: string;
  hint: string;
  state: "live" | "expired" | "ended";
  created_at: string;
  last_used_at: string | null;
  expires_at: string | null;
}

export type HowNewKey = "add" | "replace" | "replace_now";

/** Those of an agent and of an organisation differ in what ends with a key. */
interface KeyWords {
  title: string;
  key: string;
  made: string;
  lastUsed: string;
  neverUsed: string;
  ends: string;
  noEnd: string;
  ended: string;
  expired: (time: string) => string;
  add: string;
  rotate: string;
  rotateNow: string;
  rotateNowTitle: string;
  rotateNowBody: string;
  rotateNowYes: string;
  end: string;
  endTitle: (hint: string) => string;
  endBody: string;
  endYes: string;
  keep: string;
  tooMany: string;
}

/** What `useMutation` returns, as far as it is used here. */
interface Change<Input, Result> {
  isPending: boolean;
  mutate: (
    input: Input,
    then: { onSuccess?: (result: Result) => void; onError: (error: Error) => void },
  ) => void;
}

interface KeysTableProps {
  keys: readonly Key[];
  words: KeyWords;
  /** Ends a key by its id. Undefined: none can be ended. */
  end: Change<string, unknown> | undefined;
}

export function KeysTable({ keys, words: w, end }: KeysTableProps) {
  return (
    <table className="records">
      <caption className="unseen">{w.title}</caption>
      <thead>
        <tr>
          <th scope="col">{w.key}</th>
          <th scope="col">{w.made}</th>
          <th scope="col">{w.lastUsed}</th>
          <th scope="col">{w.ends}</th>
          <th scope="col">
            <span className="unseen">{w.end}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <tr key={key.key_id} aria-label={key.hint} data-state={key.state}>
            <th scope="row" className="mono">
              {key.hint}
            </th>
            <td data-label={w.made}>
              <Moment at={key.created_at} />
            </td>
            <td data-label={w.lastUsed}>
              {key.last_used_at === null ? (
                <span className="faint">{w.neverUsed}</span>
              ) : (
                <Ago at={key.last_used_at} />
              )}
            </td>
            <td data-label={w.ends}>
              <Ends of={key} words={w} />
            </td>
            <td className="records-end">
              {end !== undefined && key.state === "live" && <EndKey of={key} words={w} end={end} />}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Ends({ of: { state, expires_at }, words: w }: { of: Key; words: KeyWords }) {
  const { format } = useWords();
  const now = useNow();
  if (state === "ended") return <span className="refused">{w.ended}</span>;
  if (expires_at === null) return <span className="faint">{w.noEnd}</span>;
  return (
    <time dateTime={expires_at} title={format.full(expires_at)}>
      {state === "expired" ? w.expired(format.moment(expires_at, now)) : format.deadline(expires_at, now)}
    </time>
  );
}

function EndKey({ of, words: w, end }: { of: Key; words: KeyWords; end: Change<string, unknown> }) {
  const explain = useFailureWords();
  const toast = useToast();
  return (
    <Confirm
      trigger={w.end}
      title={w.endTitle(of.hint)}
      body={w.endBody}
      yes={w.endYes}
      no={w.keep}
      onYes={() => end.mutate(of.key_id, { onError: (error) => toast({ text: explain(failureOf(error)) }) })}
    />
  );
}

interface NewKeyButtonsProps<Made> {
  words: KeyWords;
  /** Whether there are keys that a new one could replace. */
  hasKeys: boolean;
  newKey: Change<HowNewKey, Made>;
  onMade: (made: Made) => void;
}

/** Makes a key: one more, or one in place of the others. */
export function NewKeyButtons<Made>({ words: w, hasKeys, newKey, onMade }: NewKeyButtonsProps<Made>) {
  const explain = useFailureWords();
  const toast = useToast();
  const make = (how: HowNewKey): void =>
    newKey.mutate(how, {
      onSuccess: onMade,
      onError: (error) => {
        const failure = failureOf(error);
        toast({ text: failure.code === "conflict" ? w.tooMany : explain(failure) });
      },
    });
  return (
    <span className="buttons">
      <Button isBusy={newKey.isPending} onPress={() => make("add")}>
        {w.add}
      </Button>
      {hasKeys && (
        <>
          <Button isBusy={newKey.isPending} onPress={() => make("replace")}>
            {w.rotate}
          </Button>
          <Confirm
            trigger={w.rotateNow}
            title={w.rotateNowTitle}
            body={w.rotateNowBody}
            yes={w.rotateNowYes}
            no={w.keep}
            onYes={() => make("replace_now")}
          />
        </>
      )}
    </span>
  );
}
