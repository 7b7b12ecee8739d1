import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import { useMay } from "../../data/organisations.ts";
import type { Campaign } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { useToast } from "../../ui/toast.tsx";
import { CAMPAIGN } from "../../words/campaign.ts";
import { useNow, usePageWords, useWords } from "../../words/language.tsx";
import { useFailureWords } from "../shell/failure-words.ts";
import type { MadeSecret } from "../shell/webhook-secret.tsx";
import { BothSign, RotateSecret, WebhookSecret } from "../shell/webhook-secret.tsx";
import { useRotateSecret } from "./queries.ts";

/** The server that judges a campaign's answers, and the secret by which it knows who asks. */
export function Verdicts({ campaign }: { campaign: Campaign }) {
  const { format } = useWords();
  const w = usePageWords(CAMPAIGN).verdicts;
  const now = useNow();
  const explain = useFailureWords();
  const toast = useToast();
  const isOwner = useMay("owner");
  const rotate = useRotateSecret(campaign.campaign_id);
  const [made, setMade] = useState<MadeSecret>();
  const { holdback, verdict_secret: present } = campaign;
  if (holdback?.url === undefined) return null;
  const show = (): void =>
    rotate.mutate(undefined, {
      onSuccess: ({ secret }) => setMade({ secret, isNew: present === null }),
      onError: (error) => toast({ text: explain(failureOf(error)) }),
    });
  return (
    <>
      {made !== undefined && <WebhookSecret made={made} words={w} onDone={() => setMade(undefined)} />}
      <section className="sheet campaign-part verdicts" aria-labelledby="verdicts">
        <h2 id="verdicts">{w.title}</h2>
        <p className="mono verdicts-url">
          <bdi>{holdback.url}</bdi>
        </p>
        <p className={present === null ? "refused" : "note"}>
          {present === null ? w.unsigned : w.signed(format.moment(present.made_at, now))}
        </p>
        <BothSign until={present?.previous_secret_until ?? null} />
        {isOwner && (
          <span className="buttons">
            {present === null ? (
              <Button isBusy={rotate.isPending} onPress={show}>
                {w.make}
              </Button>
            ) : (
              <RotateSecret onYes={show} />
            )}
          </span>
        )}
      </section>
    </>
  );
}
