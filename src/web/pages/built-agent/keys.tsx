import { failureOf } from "../../data/failure.ts";
import type { BuiltAgent } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Ago, Moment } from "../../ui/times.tsx";
import { useToast } from "../../ui/toast.tsx";
import { useNow, useWords } from "../../words/language.tsx";
import type { NewKey } from "../built-agents/new-key.tsx";
import { useEndKey, useNewKey } from "../built-agents/queries.ts";
import { useFailureWords } from "../shell/failure-words.ts";

type Key = BuiltAgent["keys"][number];

export function Keys({ agent, onMade }: { agent: BuiltAgent; onMade: (made: NewKey) => void }) {
  const { build } = useWords().words;
  const { keys: w } = build;
  const isActive = agent.state === "active";
  return (
    <section className="sheet" aria-label={w.title}>
      <div className="built-part">
        <h2>{w.title}</h2>
        {isActive && <NewKeys agentId={agent.agent_id} onMade={onMade} />}
      </div>
      <table className="keys">
        <caption className="unseen">{w.title}</caption>
        <thead>
          <tr>
            <th scope="col">{w.key}</th>
            <th scope="col">{w.made}</th>
            <th scope="col">{build.lastUsed}</th>
            <th scope="col">{w.ends}</th>
            <th scope="col">
              <span className="unseen">{w.end}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {agent.keys.map((key) => (
            <tr key={key.key_id} aria-label={key.hint} data-state={key.state}>
              <th scope="row" className="mono">
                {key.hint}
              </th>
              <td data-label={w.made}>
                <Moment at={key.created_at} />
              </td>
              <td data-label={build.lastUsed}>
                {key.last_used_at === null ? (
                  <span className="faint">{build.neverUsed}</span>
                ) : (
                  <Ago at={key.last_used_at} />
                )}
              </td>
              <td data-label={w.ends}>
                <Ends of={key} />
              </td>
              <td className="keys-end">
                {isActive && key.state === "live" && <EndKey agentId={agent.agent_id} of={key} />}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Ends({ of: { state, expires_at } }: { of: Key }) {
  const { words, format } = useWords();
  const { keys: w } = words.build;
  const now = useNow();
  if (state === "ended") return <span className="refused">{w.ended}</span>;
  if (expires_at === null) return <span className="faint">{w.noEnd}</span>;
  return (
    <time dateTime={expires_at} title={format.full(expires_at)}>
      {state === "expired" ? w.expired(format.moment(expires_at, now)) : format.deadline(expires_at, now)}
    </time>
  );
}

function NewKeys({ agentId, onMade }: { agentId: string; onMade: (made: NewKey) => void }) {
  const { keys: w } = useWords().words.build;
  const explain = useFailureWords();
  const toast = useToast();
  const newKey = useNewKey(agentId);
  const make = (how: Parameters<typeof newKey.mutate>[0]): void =>
    newKey.mutate(how, {
      onSuccess: onMade,
      onError: (error) => {
        const failure = failureOf(error);
        toast({ text: failure.code === "conflict" ? w.tooMany : explain(failure) });
      },
    });
  return (
    <span className="built-buttons">
      <Button isBusy={newKey.isPending} onPress={() => make("add")}>
        {w.add}
      </Button>
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
    </span>
  );
}

function EndKey({ agentId, of }: { agentId: string; of: Key }) {
  const { keys: w } = useWords().words.build;
  const explain = useFailureWords();
  const toast = useToast();
  const end = useEndKey(agentId);
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
