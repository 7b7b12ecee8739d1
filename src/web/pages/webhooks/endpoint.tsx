import { failureOf } from "../../data/failure.ts";
import type { Webhook } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Ago } from "../../ui/times.tsx";
import { useToast } from "../../ui/toast.tsx";
import { useNow, usePageWords, useWords } from "../../words/language.tsx";
import { WEBHOOKS } from "../../words/webhooks.ts";
import { useFailureWords } from "../shell/failure-words.ts";
import { BothSign, RotateSecret } from "../shell/webhook-secret.tsx";
import { Deliveries } from "./deliveries.tsx";
import type { WebhookSource } from "./source.ts";
import { useChange } from "./source.ts";

export function Endpoint({
  source,
  webhook,
  onRotated,
}: {
  source: WebhookSource;
  webhook: Webhook;
  onRotated: (secret: string) => void;
}) {
  const w = usePageWords(WEBHOOKS);
  const explain = useFailureWords();
  const toast = useToast();
  const { endpoint_id: id, url, active } = webhook;
  const test = useChange(source, source.test);
  const rotate = useChange(source, source.rotate);
  const remove = useChange(source, source.remove);
  const setActive = useChange(source, (isActive: boolean) => source.setActive(id, isActive));
  const onError = (error: Error): void => toast({ text: explain(failureOf(error)) });
  return (
    <section className="hooks-part" aria-label={url}>
      <h3 className="mono hooks-url">
        <bdi>{url}</bdi>
      </h3>
      <State webhook={webhook} />
      <span className="buttons">
        {source.may.send && active && (
          <Button
            isBusy={test.isPending}
            onPress={() => test.mutate(id, { onSuccess: () => toast({ text: w.testing }), onError })}
          >
            {w.test}
          </Button>
        )}
        {source.may.manage && (
          <>
            <Button isBusy={setActive.isPending} onPress={() => setActive.mutate(!active, { onError })}>
              {active ? w.pause : w.resume}
            </Button>
            <RotateSecret
              onYes={() => rotate.mutate(id, { onSuccess: ({ secret }) => onRotated(secret), onError })}
            />
            <Confirm
              trigger={w.remove}
              title={w.removeTitle}
              body={w.removeBody}
              yes={w.removeYes}
              no={w.keep}
              onYes={() => remove.mutate(id, { onError })}
            />
          </>
        )}
      </span>
      <Deliveries source={source} endpointId={id} canReplay={source.may.send && active} />
    </section>
  );
}

function State({ webhook }: { webhook: Webhook }) {
  const { format } = useWords();
  const w = usePageWords(WEBHOOKS);
  const now = useNow();
  const { paused, failing_since: failing, last_attempt: last, waiting, not_kept: missing } = webhook;
  return (
    <div className="hooks-state">
      {paused === null ? (
        failing !== null && <p className="refused">{w.failing(format.moment(failing, now))}</p>
      ) : (
        <p className={paused.reason === "owner" ? "note" : "refused"}>
          {w.paused[paused.reason](format.moment(paused.since, now))}
        </p>
      )}
      <p className="note">
        {webhook.event_types.includes("*")
          ? w.allEvents
          : webhook.event_types.map((type) => w.type(type)).join(" · ")}
      </p>
      <p className="note">
        {last === null ? (
          w.untried
        ) : (
          <>
            {last.status === null ? w.failure(last.failure ?? "cut") : w.answered(last.status)} ·{" "}
            <Ago at={last.at} />
          </>
        )}
        {waiting > 0 && ` · ${w.waiting(waiting)}`}
      </p>
      <BothSign until={webhook.previous_secret_until} />
      {missing !== null && (
        <p className="refused">
          {w.missing(
            format.moment(missing.from, now),
            missing.until === null ? undefined : format.moment(missing.until, now),
          )}
        </p>
      )}
    </div>
  );
}
