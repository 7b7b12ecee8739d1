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
    />
  );
}
