import type { BuiltAgent } from "../../data/shapes.ts";
import { useWords } from "../../words/language.tsx";
import type { NewKey } from "../built-agents/new-key.tsx";
import { useEndKey, useNewKey } from "../built-agents/queries.ts";
import { KeysTable, NewKeyButtons } from "../shell/keys.tsx";

export function Keys({ agent, onMade }: { agent: BuiltAgent; onMade: (made: NewKey) => void }) {
  const { build } = useWords().words;
  const words = { ...build.keys, lastUsed: build.lastUsed, neverUsed: build.neverUsed };
  const isActive = agent.state === "active";
  const newKey = useNewKey(agent.agent_id);
  const end = useEndKey(agent.agent_id);
  return (
    <section className="sheet" aria-label={words.title}>
      <div className="built-part">
        <h2>{words.title}</h2>
        {isActive && <NewKeyButtons words={words} hasKeys newKey={newKey} onMade={onMade} />}
      </div>
      <KeysTable keys={agent.keys} words={words} end={isActive ? end : undefined} />
    </section>
  );
}
