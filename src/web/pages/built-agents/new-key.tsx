import "./built-agents.css";
import { useMe } from "../../data/session.ts";
import { SecretOnce } from "../../ui/secret-once.tsx";
import { useNow, useWords } from "../../words/language.tsx";

export interface NewKey {
  api_key: string;
  previous_keys_end_at: string | null;
}

/** The key that was just made. */
export function NewKeyOnce({ name, made, onDone }: { name: string; made: NewKey; onDone: () => void }) {
  const { words, format } = useWords();
  const { secret: w } = words.build;
  const now = useNow();
  const { api_key, previous_keys_end_at: end } = made;
  return (
    <SecretOnce
      title={w.title(name)}
      label={w.label}
      secret={api_key}
      warning={w.once}
      note={end !== null && Date.parse(end) > now ? w.earlier(format.deadline(end, now)) : undefined}
      copy={w.copy}
      copied={w.copied}
      done={w.done}
      onDone={onDone}
    >
      <FirstCall />
    </SecretOnce>
  );
}

/** What the new key is for: the server that it opens, what an agent reads of it, and the call that comes first. */
function FirstCall() {
  const { next: w } = useWords().words.build;
  const server = useMe()?.mcp_url.replace(/\/mcp$/, "") ?? "";
  return (
    <section className="first-call" aria-label={w.title}>
      <h3>{w.title}</h3>
      <p className="note">
        {w.server} <code className="mono">{server}</code>
      </p>
      <p className="note">
        {w.read}{" "}
        <a href="/llms.txt" target="_blank" className="link">
          {server}/llms.txt
        </a>
      </p>
      <p className="note">{w.call}</p>
      <pre className="code" tabIndex={0} aria-label={w.call}>
        {firstCall(server)}
      </pre>
      <p className="note">{w.then}</p>
    </section>
  );
}

const firstCall = (server: string): string =>
  `curl ${server}/agent/auth -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" -d '{"scopes":{"allowed_task_types":["survey"],"allowed_data_types":[],"allowed_categories":["*"]},"budget_limit_cents":25}'`;
