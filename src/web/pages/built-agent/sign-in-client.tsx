import type { SyntheticEvent } from "react";
import { useId, useState } from "react";
import { failureOf } from "../../data/failure.ts";
import type { BuiltAgent, BuiltClient } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Problem } from "../../ui/empty.tsx";
import { Form } from "../../ui/form.tsx";
import { SecretOnce } from "../../ui/secret-once.tsx";
import { useWords } from "../../words/language.tsx";
import { useClient, usePutClient, useRemoveClient } from "../built-agents/queries.ts";
import { useFailureWords } from "../shell/failure-words.ts";

/** The OAuth client by which a GPT signs people in for this agent. */
export function SignInClient({ agent }: { agent: BuiltAgent }) {
  const { data } = useClient(agent.agent_id);
  return data === undefined ? null : <Client agentId={agent.agent_id} data={data} />;
}

function Client({ agentId, data }: { agentId: string; data: BuiltClient }) {
  const { words } = useWords();
  const { client: w, secret } = words.build;
  const explain = useFailureWords();
  const id = useId();
  const { client } = data;
  const [lines, setLines] = useState(client?.redirect_uris.join("\n") ?? "");
  const put = usePutClient(agentId);
  const remove = useRemoveClient();
  const failure = put.error === null ? undefined : failureOf(put.error);
  const isRefused = failure?.fields.some((field) => field.startsWith("/redirect_uris")) === true;
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const uris = lines.split(/\s+/).filter((line) => line !== "");
    if (!put.isPending) put.mutate(uris);
  };
  if (put.isSuccess)
    return (
      <SecretOnce
        title={w.secretTitle}
        label={w.secretLabel}
        secret={put.data.client_secret}
        warning={w.once}
        note={client === null ? undefined : w.former}
        copy={secret.copy}
        copied={secret.copied}
        done={secret.done}
        onDone={put.reset}
      />
    );
  return (
    <Form className="sheet built-part" onSubmit={submit} aria-label={w.title}>
      <h2>{w.title}</h2>
      <p className="note">{w.lead}</p>
      {client !== null && <ClientFacts data={data} clientId={client.client_id} />}
      <label className="field-label" htmlFor={id}>
        {w.label}
      </label>
      <textarea
        className="input"
        id={id}
        rows={3}
        spellCheck={false}
        placeholder="https://chatgpt.com/aip/…/oauth/callback"
        value={lines}
        aria-describedby={`${id}h`}
        onChange={(event) => setLines(event.target.value)}
      />
      <p className="note" id={`${id}h`}>
        {w.hint}
      </p>
      {failure !== undefined && <Problem>{isRefused ? w.refused : explain(failure)}</Problem>}
      <span className="buttons">
        <Button type="submit" isBusy={put.isPending}>
          {client === null ? w.make : w.change}
        </Button>
        {client !== null && (
          <Confirm
            trigger={w.removeIt}
            title={w.removeTitle}
            body={w.removeBody}
            yes={w.removeYes}
            no={w.keep}
            onYes={() => remove.mutate(agentId)}
          />
        )}
      </span>
    </Form>
  );
}

/** What a GPT's settings ask for, in their order. */
function ClientFacts({ data, clientId }: { data: BuiltClient; clientId: string }) {
  const { client: w } = useWords().words.build;
  const facts = [
    [w.id, clientId],
    [w.authorize, data.authorization_url],
    [w.token, data.token_url],
    [w.scope, data.scope],
    [w.exchange, w.post],
  ];
  return (
    <dl className="client-facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="mono">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
