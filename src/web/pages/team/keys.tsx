import { useState } from "react";
import { useSponsor } from "../../data/organisations.ts";
import { said } from "../../ui/said.tsx";
import { SecretOnce } from "../../ui/secret-once.tsx";
import { useNow, usePageWords, useWords } from "../../words/language.tsx";
import { TEAM } from "../../words/team.ts";
import { KeysTable, NewKeyButtons } from "../shell/keys.tsx";
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
  const newKey = useNewKey();
  const end = useEndKey();
  return (
    <>
      {made !== undefined && <Made made={made} onDone={() => setMade(undefined)} />}
      <section className="sheet" aria-label={w.title}>
        <div className="team-part">
          <h2>{w.title}</h2>
          <p className="note">{w.lead}</p>
          <NewKeyButtons
            words={w}
            hasKeys={keys !== undefined && keys.length > 0}
            newKey={newKey}
            onMade={setMade}
          />
          {keys?.length === 0 && <p className="faint">{w.none}</p>}
        </div>
        {keys !== undefined && keys.length > 0 && <KeysTable keys={keys} words={w} end={end} />}
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
