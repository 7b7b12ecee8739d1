import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import { useSponsor } from "../../data/organisations.ts";
import type { SponsorKey } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { said } from "../../ui/said.tsx";
import { SecretOnce } from "../../ui/secret-once.tsx";
import { Ago, Moment } from "../../ui/times.tsx";
import { useToast } from "../../ui/toast.tsx";
import { useNow, usePageWords, useWords } from "../../words/language.tsx";
import { TEAM } from "../../words/team.ts";
import { useFailureWords } from "../shell/failure-words.ts";
import { useEndKey, useKeys, useNewKey } from "./queries.ts";

interface NewKey {
  api_key: string;
  previous_keys_end_at: string | null;
}

/** The organisation's keys. Only owners see them. */
export function Keys() {
  const { keys: w } = usePageWords(TEAM);
  const keys = useKeys().data?.keys;
  const [made, setMade] = useState<NewKey>();
  return (
    <>
      {made !== undefined && <Made made={made} onDone={() => setMade(undefined)} />}
      <section className="sheet" aria-label={w.title}>
        <div className="team-part">
          <h2>{w.title}</h2>
          <p className="note">{w.lead}</p>
          <NewKeys hasKeys={keys !== undefined && keys.length > 0} onMade={setMade} />
          {keys?.length === 0 && <p className="faint">{w.none}</p>}
        </div>
        {keys !== undefined && keys.length > 0 && <Table keys={keys} />}
      </section>
    </>
  );
}

function Made({
  made: { api_key, previous_keys_end_at: end },
  onDone,
}: {
  made: NewKey;
  onDone: () => void;
}) {
  const { format } = useWords();
  const { secret: w } = usePageWords(TEAM).keys;
  const now = useNow();
  return (
    <SecretOnce
      title={w.title(said(useSponsor().name, 40))}
      label={w.label}
      secret={api_key}
      warning={w.once}
      note={end !== null && Date.parse(end) > now ? w.earlier(format.deadline(end, now)) : undefined}
      copy={w.copy}
      copied={w.copied}
      done={w.done}
      onDone={onDone}
    />
  );
}

function Table({ keys }: { keys: SponsorKey[] }) {
  const { keys: w } = usePageWords(TEAM);
  return (
    <table className="team-table">
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
              <Ends of={key} />
            </td>
            <td className="team-end">{key.state === "live" && <EndKey of={key} />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Ends({ of: { state, expires_at } }: { of: SponsorKey }) {
  const { format } = useWords();
  const { keys: w } = usePageWords(TEAM);
  const now = useNow();
  if (state === "ended") return <span className="refused">{w.ended}</span>;
  if (expires_at === null) return <span className="faint">{w.noEnd}</span>;
  return (
    <time dateTime={expires_at} title={format.full(expires_at)}>
      {state === "expired" ? w.expired(format.moment(expires_at, now)) : format.deadline(expires_at, now)}
    </time>
  );
}

function NewKeys({ hasKeys, onMade }: { hasKeys: boolean; onMade: (made: NewKey) => void }) {
  const { keys: w } = usePageWords(TEAM);
  const explain = useFailureWords();
  const toast = useToast();
  const newKey = useNewKey();
  const make = (how: Parameters<typeof newKey.mutate>[0]): void =>
    newKey.mutate(how, {
      onSuccess: onMade,
      onError: (error) => {
        const failure = failureOf(error);
        toast({ text: failure.code === "conflict" ? w.tooMany : explain(failure) });
      },
    });
  return (
    <span className="team-buttons">
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

function EndKey({ of }: { of: SponsorKey }) {
  const { keys: w } = usePageWords(TEAM);
  const explain = useFailureWords();
  const toast = useToast();
  const end = useEndKey();
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
