import "../../ui/sheet.css";
import "./built-agent.css";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { failureOf } from "../../data/failure.ts";
import type { BuiltAgent } from "../../data/shapes.ts";
import { Confirm } from "../../ui/confirm.tsx";
import { Glyph } from "../../ui/glyph.tsx";
import { said } from "../../ui/said.tsx";
import { useToast } from "../../ui/toast.tsx";
import { useTitle } from "../../ui/title.ts";
import { useNow, useWords } from "../../words/language.tsx";
import type { NewKey } from "../built-agents/new-key.tsx";
import { NewKeyOnce } from "../built-agents/new-key.tsx";
import { useBuiltAgent, useRetire } from "../built-agents/queries.ts";
import { useFailureWords } from "../shell/failure-words.ts";
import { HandOver } from "./hand-over.tsx";
import { Keys } from "./keys.tsx";
import { SignInClient } from "./sign-in-client.tsx";
import { ReturnAddress } from "./return-address.tsx";
import { webhooksOfAgent } from "../webhooks/source.ts";
import { Webhooks } from "../webhooks/panel.tsx";
import { Usage } from "./usage.tsx";
import { NotLoaded } from "../shell/not-loaded.tsx";

const route = getRouteApi("/console/build/$agentId");

export function BuiltAgentPage() {
  const { agentId } = route.useParams();
  const { data, error, refetch } = useBuiltAgent(agentId);
  if (data !== undefined) return <Agent key={data.agent_id} agent={data} />;
  return <NotLoaded error={error} refetch={refetch} />;
}

function Agent({ agent }: { agent: BuiltAgent }) {
  const { words, format } = useWords();
  const { build: w } = words;
  const now = useNow();
  const [made, setMade] = useState<NewKey>();
  const webhooks = useMemo(() => webhooksOfAgent(agent.agent_id), [agent.agent_id]);
  const name = said(agent.name, 50);
  useTitle(name);
  const { owner_domain: domain, retired_at: retiredAt } = agent;
  return (
    <>
      <div className="page-head">
        <div className="built-head">
          <Glyph name={name} isLarge />
          <div>
            <h1>
              <bdi>{name}</bdi>
            </h1>
            <p>
              {retiredAt !== null && w.retiredAt(format.moment(retiredAt, now))}
              {retiredAt === null && (domain === null ? w.seen.nobody : w.seen.domain(domain))}
            </p>
          </div>
        </div>
        <Link to="/build" className="btn" data-tone="plain">
          {w.back}
        </Link>
      </div>
      {made !== undefined && <NewKeyOnce name={name} made={made} onDone={() => setMade(undefined)} />}
      <Usage agentId={agent.agent_id} />
      <Keys agent={agent} onMade={setMade} />
      {retiredAt === null && <Webhooks source={webhooks} />}
      {retiredAt === null && (
        <div className="built-more">
          <SignInClient agent={agent} />
          <ReturnAddress agent={agent} />
          <HandOver agent={agent} />
          <Retire agent={agent} name={name} />
        </div>
      )}
    </>
  );
}

function Retire({ agent, name }: { agent: BuiltAgent; name: string }) {
  const { retire: w } = useWords().words.build;
  const explain = useFailureWords();
  const toast = useToast();
  const retire = useRetire();
  return (
    <section className="sheet built-part">
      <h2>{w.title}</h2>
      <p className="note">{w.lead}</p>
      <span>
        <Confirm
          trigger={w.trigger}
          title={w.ask(name)}
          body={w.body}
          yes={w.yes}
          no={w.no}
          onYes={() =>
            retire.mutate(agent.agent_id, { onError: (error) => toast({ text: explain(failureOf(error)) }) })
          }
        />
      </span>
    </section>
  );
}
