import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import { useMay } from "../../data/organisations.ts";
import type { Campaign } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { SecretOnce } from "../../ui/secret-once.tsx";
import { useToast } from "../../ui/toast.tsx";
import { CAMPAIGN } from "../../words/campaign.ts";
import { useNow, usePageWords, useWords } from "../../words/language.tsx";
import { useFailureWords } from "../shell/failure-words.ts";
import { useRotateSecret } from "./queries.ts";

/** The server that judges a campaign's answers, and the secret by which it knows who asks. */
export function Verdicts({ campaign }: { campaign: Campaign }) {
  const { words, format } = useWords();
  const w = usePageWords(CAMPAIGN).verdicts;
  const { secret: s } = words.build;
  const now = useNow();
  const explain = useFailureWords();
  const toast = useToast();
  const isOwner = useMay("owner");
  const rotate = useRotateSecret(campaign.campaign_id);
  const [made, setMade] = useState<{ secret: string; isNew: boolean }>();
  const { holdback, verdict_secret: present } = campaign;
  if (holdback?.url === undefined) return null;
  const show = (): void =>
    rotate.mutate(undefined, {
      onSuccess: ({ secret }) => setMade({ secret, isNew: present === null }),
      onError: (error) => toast({ text: explain(failureOf(error)) }),
    });
  const until = present?.previous_secret_until ?? null;
  return (
    <>
      {made !== undefined && (
        <SecretOnce
          title={made.isNew ? w.secretTitle : w.rotatedTitle}
          label={w.secretLabel}
          secret={made.secret}
          warning={w.once}
          note={made.isNew ? undefined : w.overlap}
          copy={s.copy}
          copied={s.copied}
          done={s.done}
          onDone={() => setMade(undefined)}
        />
      )}
      <section className="sheet campaign-part verdicts" aria-labelledby="verdicts">
        <h2 id="verdicts">{w.title}</h2>
        <p className="mono verdicts-url">
          <bdi>{holdback.url}</bdi>
        </p>
        <p className={present === null ? "refused" : "note"}>
          {present === null ? w.unsigned : w.signed(format.moment(present.made_at, now))}
        </p>
        {until !== null && <p className="note">{w.bothSign(format.deadline(until, now))}</p>}
        {isOwner && (
          <span className="buttons">
            {present === null ? (
              <Button isBusy={rotate.isPending} onPress={show}>
                {w.make}
              </Button>
            ) : (
              <Confirm
                trigger={w.rotate}
                title={w.rotateTitle}
                body={w.overlap}
                yes={w.rotateYes}
                no={w.keep}
                onYes={show}
              />
            )}
          </span>
        )}
      </section>
    </>
  );
}
