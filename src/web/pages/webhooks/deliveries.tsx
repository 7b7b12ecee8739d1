import { failureOf } from "../../data/failure.ts";
import type { WebhookDelivery } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Ago } from "../../ui/times.tsx";
import { useToast } from "../../ui/toast.tsx";
import { useNow, usePageWords, useWords } from "../../words/language.tsx";
import { WEBHOOKS } from "../../words/webhooks.ts";
import { useFailureWords } from "../shell/failure-words.ts";
import type { WebhookSource } from "./source.ts";
import { useChange, useDeliveries } from "./source.ts";

/** What was sent to an endpoint last, and what waits. */
export function Deliveries({
  source,
  endpointId,
  canReplay,
}: {
  source: WebhookSource;
  endpointId: string;
  canReplay: boolean;
}) {
  const w = usePageWords(WEBHOOKS);
  const explain = useFailureWords();
  const toast = useToast();
  const { data } = useDeliveries(source, endpointId);
  const replay = useChange(source, (eventId: string) => source.replay(endpointId, eventId));
  if (data === undefined) return null;
  if (data.deliveries.length === 0) return <p className="note">{w.nothingSent}</p>;
  return (
    <table className="deliveries">
      <caption className="unseen">{w.deliveries}</caption>
      <thead>
        <tr>
          <th scope="col">{w.event}</th>
          <th scope="col">{w.happened}</th>
          <th scope="col">{w.state}</th>
          <th scope="col">{w.lastAnswer}</th>
          <th scope="col">
            <span className="unseen">{w.replay}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {data.deliveries.map((delivery) => (
          <tr key={delivery.event_id}>
            <th scope="row">{w.type(delivery.type)}</th>
            <td data-label={w.happened}>
              <Ago at={delivery.occurred_at} />
            </td>
            <td data-label={w.state}>
              <DeliveryState of={delivery} />
            </td>
            <td data-label={w.lastAnswer} className="num">
              <LastAnswer of={delivery} />
            </td>
            <td className="deliveries-end">
              {canReplay && (
                <Button
                  tone="quiet"
                  isBusy={replay.isPending && replay.variables === delivery.event_id}
                  onPress={() =>
                    replay.mutate(delivery.event_id, {
                      onSuccess: () => toast({ text: w.replaying }),
                      onError: (error) => toast({ text: explain(failureOf(error)) }),
                    })
                  }
                >
                  {delivery.status === "pending" ? w.now : w.replay}
                </Button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function DeliveryState({ of }: { of: WebhookDelivery }) {
  const { format } = useWords();
  const w = usePageWords(WEBHOOKS);
  const now = useNow();
  const { status, attempts, next_attempt_at: next } = of;
  if (status === "delivered") return w.delivered(attempts);
  if (status === "given_up") return <span className="refused">{w.givenUp(attempts)}</span>;
  return attempts === 0 || next === null ? w.soon : w.again(attempts, format.moment(next, now));
}

function LastAnswer({ of: { last_attempt: last } }: { of: WebhookDelivery }) {
  const w = usePageWords(WEBHOOKS);
  if (last === null) return <span className="faint">–</span>;
  return last.status ?? (last.failure === null ? "–" : w.failure(last.failure));
}
