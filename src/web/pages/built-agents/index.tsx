import "../../ui/sheet.css";
import "./built-agents.css";
import { Link } from "@tanstack/react-router";
import type { SyntheticEvent } from "react";
import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import type { BuiltAgentRow } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Form } from "../../ui/form.tsx";
import { Glyph } from "../../ui/glyph.tsx";
import { said } from "../../ui/said.tsx";
import { Text } from "../../ui/text.tsx";
import { Ago } from "../../ui/times.tsx";
import { useWords } from "../../words/language.tsx";
import { useFailureWords } from "../shell/failure-words.ts";
import { PageHead } from "../shell/page-head.tsx";
import type { NewKey } from "./new-key.tsx";
import { NewKeyOnce } from "./new-key.tsx";
import { Offers } from "./offers.tsx";
import { useBuiltAgents, useRegister } from "./queries.ts";
import { NotLoaded } from "../shell/not-loaded.tsx";

export function BuildPage() {
  const { words } = useWords();
  const { build: w } = words;
  const { data, error, refetch } = useBuiltAgents();
  const [made, setMade] = useState<NewKey & { name: string }>();
  return (
    <>
      <PageHead title={w.title} lead={w.lead} />
      {data !== undefined && data.offered.length > 0 && <Offers offered={data.offered} />}
      {made === undefined ? (
        <Register most={data?.most_agents ?? 0} onMade={setMade} />
      ) : (
        <NewKeyOnce name={made.name} made={made} onDone={() => setMade(undefined)} />
      )}
      {data === undefined && <NotLoaded error={error} refetch={refetch} />}
      {data?.agents.length === 0 && (
        <Empty>
          <p>{w.empty}</p>
        </Empty>
      )}
      {data !== undefined && data.agents.length > 0 && (
        <ul className="sheet rows" aria-label={w.list}>
          {data.agents.map((row) => (
            <li key={row.agent_id}>
              <Row row={row} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Register({ most, onMade }: { most: number; onMade: (made: NewKey & { name: string }) => void }) {
  const { build: w } = useWords().words;
  const explain = useFailureWords();
  const [name, setName] = useState("");
  const register = useRegister();
  const failure = register.error === null ? undefined : failureOf(register.error);
  const problem = (): string | undefined => {
    if (failure === undefined) return undefined;
    if (failure.fields.includes("/name")) return w.nameRefused;
    return failure.code === "conflict" ? w.tooMany(most) : explain(failure);
  };
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (register.isPending) return;
    register.mutate(name.trim(), { onSuccess: (made) => onMade({ ...made, name: said(name, 40) }) });
  };
  return (
    <Form className="sheet register" onSubmit={submit} aria-label={w.register}>
      <h2>{w.register}</h2>
      <Text
        label={w.name}
        name="agent-name"
        autoComplete="off"
        value={name}
        onChange={setName}
        hint={w.nameHint}
        error={problem()}
      />
      <Button tone="allow" type="submit" isBusy={register.isPending}>
        {w.submit}
      </Button>
    </Form>
  );
}

function Row({ row }: { row: BuiltAgentRow }) {
  const { build: w } = useWords().words;
  const name = said(row.name, 50);
  return (
    <article className="built" aria-label={name}>
      <Glyph name={name} />
      <div className="built-name">
        <Link to="/build/$agentId" params={{ agentId: row.agent_id }} className="one-line">
          <bdi>{name}</bdi>
        </Link>
        <span className="note">
          <span className="dot" data-tone={row.state === "active" ? "good" : undefined} />{" "}
          {row.state === "active" ? w.active : w.retired}
        </span>
      </div>
      <span className="note num">{w.liveKeys(row.live_keys)}</span>
      <span className="note built-used">
        {row.last_used_at === null ? (
          w.neverUsed
        ) : (
          <>
            {w.lastUsed} <Ago at={row.last_used_at} />
          </>
        )}
      </span>
    </article>
  );
}
