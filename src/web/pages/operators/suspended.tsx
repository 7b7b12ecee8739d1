import { failureOf } from "../../data/failure.ts";
import type { Overview } from "../../data/shapes.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { Glyph } from "../../ui/glyph.tsx";
import { said } from "../../ui/said.tsx";
import { Ago } from "../../ui/times.tsx";
import { useToast } from "../../ui/toast.tsx";
import { usePageWords, useWords } from "../../words/language.tsx";
import { OPERATORS } from "../../words/operators.ts";
import { useFailureWords } from "../shell/failure-words.ts";
import { useLift } from "./queries.ts";

export function Suspended({ suspended: { total, agents } }: { suspended: Overview["suspended"] }) {
  const { format } = useWords();
  const { suspended: w } = usePageWords(OPERATORS);
  return (
    <section className="sheet" aria-label={w.title}>
      <div className="ops-part">
        <h2>{w.title}</h2>
        <p className="note">{w.lead}</p>
      </div>
      {agents.length > 0 && (
        <ul className="rows ops-rows">
          {agents.map((agent) => (
            <li key={agent.grant_id}>
              <Row agent={agent} />
            </li>
          ))}
        </ul>
      )}
      {total > agents.length && (
        <p className="ops-part note">{w.shown(format.count(agents.length), format.count(total))}</p>
      )}
    </section>
  );
}

function Row({ agent }: { agent: Overview["suspended"]["agents"][number] }) {
  const { format } = useWords();
  const { suspended: w } = usePageWords(OPERATORS);
  const explain = useFailureWords();
  const toast = useToast();
  const lift = useLift();
  const name = said(agent.agent, 50);
  return (
    <article className="ops-agent" aria-label={name}>
      <Glyph name={name} />
      <div className="ops-agent-name">
        <span className="one-line">
          <bdi>{name}</bdi>
        </span>
        <span className="note">
          {agent.reason !== null && `${said(agent.reason, 120)} · `}
          {w.since} <Ago at={agent.suspended_at} /> ·{" "}
          {w.sessions(format.count(agent.live_sessions), agent.live_sessions === 1)}
        </span>
        <span className="mono faint">{agent.grant_id}</span>
      </div>
      <Dialog
        trigger={w.lift}
        tone={{ trigger: "plain", yes: "allow" }}
        title={w.liftTitle(name)}
        body={w.liftBody}
        yes={w.liftYes}
        no={w.liftNo}
        onYes={() =>
          lift.mutate(agent.grant_id, {
            onSuccess: () => toast({ text: w.lifted(name) }),
            onError: (error) => toast({ text: explain(failureOf(error)) }),
          })
        }
      />
    </article>
  );
}
