import { failureOf } from "../../data/failure.ts";
import type { OfferedAgent } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { said } from "../../ui/said.tsx";
import { useToast } from "../../ui/toast.tsx";
import { useNow, useWords } from "../../words/language.tsx";
import { useFailureWords } from "../shell/failure-words.ts";
import { useAcceptOffer, useEndOffer } from "./queries.ts";

/** Agents that other people hand over to this one. */
export function Offers({ offered }: { offered: OfferedAgent[] }) {
  const { build: w } = useWords().words;
  return (
    <section className="offers" aria-label={w.offered}>
      <h2>{w.offered}</h2>
      {offered.map((offer) => (
        <Offer key={offer.agent_id} offer={offer} />
      ))}
    </section>
  );
}

function Offer({ offer }: { offer: OfferedAgent }) {
  const { words, format } = useWords();
  const { build: w } = words;
  const explain = useFailureWords();
  const toast = useToast();
  const now = useNow();
  const accept = useAcceptOffer();
  const decline = useEndOffer();
  const onError = (error: Error): void => toast({ text: explain(failureOf(error)) });
  return (
    <article className="sheet offer" aria-label={said(offer.name, 50)}>
      <div>
        <b>
          <bdi>{said(offer.name, 50)}</bdi>
        </b>
        <p className="note">{w.offeredBy(said(offer.from, 60), format.deadline(offer.until, now))}</p>
        <p className="note">{w.offerNote}</p>
      </div>
      <span className="buttons">
        <Button isBusy={decline.isPending} onPress={() => decline.mutate(offer.agent_id, { onError })}>
          {w.decline}
        </Button>
        <Button
          tone="allow"
          isBusy={accept.isPending}
          onPress={() => accept.mutate(offer.agent_id, { onError })}
        >
          {w.accept}
        </Button>
      </span>
    </article>
  );
}
