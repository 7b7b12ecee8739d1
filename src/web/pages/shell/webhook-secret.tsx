import { Confirm } from "../../ui/confirm.tsx";
import { SecretOnce } from "../../ui/secret-once.tsx";
import { useNow, usePageWords, useWords } from "../../words/language.tsx";
import { WEBHOOK_SECRET } from "../../words/webhook-secret.ts";

/** A secret that was made just now. */
export interface MadeSecret {
  secret: string;
  /** Whether it is the first one, so that none before it goes on signing. */
  isNew: boolean;
}

interface WebhookSecretProps {
  made: MadeSecret;
  /** What it is for. */
  words: { secretTitle: string; rotatedTitle: string; once: string };
  onDone: () => void;
}

/** The secret that signs our requests to somebody's server, shown once. */
export function WebhookSecret({ made, words: of, onDone }: WebhookSecretProps) {
  const { secret: s } = useWords().words.build;
  const w = usePageWords(WEBHOOK_SECRET);
  return (
    <SecretOnce
      title={made.isNew ? of.secretTitle : of.rotatedTitle}
      label={w.label}
      secret={made.secret}
      warning={of.once}
      note={made.isNew ? undefined : w.overlap}
      copy={s.copy}
      copied={s.copied}
      done={s.done}
      onDone={onDone}
    />
  );
}

/** Replaces it, once the person is sure. */
export function RotateSecret({ onYes }: { onYes: () => void }) {
  const w = usePageWords(WEBHOOK_SECRET);
  return (
    <Confirm
      trigger={w.rotate}
      title={w.rotateTitle}
      body={w.overlap}
      yes={w.rotateYes}
      no={w.keep}
      onYes={onYes}
    />
  );
}

/** Until when the secret before signs, too. */
export function BothSign({ until }: { until: string | null }) {
  const { format } = useWords();
  const w = usePageWords(WEBHOOK_SECRET);
  const now = useNow();
  return until === null ? null : <p className="note">{w.bothSign(format.deadline(until, now))}</p>;
}
