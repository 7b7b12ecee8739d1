import "../../ui/sheet.css";
import "./webhooks.css";
import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import { Loading, Problem } from "../../ui/empty.tsx";
import { usePageWords, useWords } from "../../words/language.tsx";
import { WEBHOOKS } from "../../words/webhooks.ts";
import { useFailureWords } from "../shell/failure-words.ts";
import type { MadeSecret } from "../shell/webhook-secret.tsx";
import { WebhookSecret } from "../shell/webhook-secret.tsx";
import { Endpoint } from "./endpoint.tsx";
import { NewEndpoint } from "./new-endpoint.tsx";
import type { WebhookSource } from "./source.ts";
import { useWebhooks } from "./source.ts";

/** Where a listener's server is told of events: its endpoints, what was sent to each, and how to register one. */
export function Webhooks({ source }: { source: WebhookSource }) {
  const { words } = useWords();
  const w = usePageWords(WEBHOOKS);
  const explain = useFailureWords();
  const { data, error } = useWebhooks(source);
  const [made, setMade] = useState<MadeSecret>();
  if (data === undefined)
    return error === null ? (
      <Loading label={words.loading} />
    ) : (
      <Problem>{explain(failureOf(error))}</Problem>
    );
  return (
    <>
      {made !== undefined && <WebhookSecret made={made} words={w} onDone={() => setMade(undefined)} />}
      <section className="sheet" aria-label={w.title}>
        <div className="hooks-part">
          <h2>{w.title}</h2>
          <p className="note">{w.lead}</p>
        </div>
        {data.webhooks.map((webhook) => (
          <Endpoint
            key={webhook.endpoint_id}
            source={source}
            webhook={webhook}
            onRotated={(secret) => setMade({ secret, isNew: false })}
          />
        ))}
        {source.may.manage && data.webhooks.length < data.most_webhooks && (
          <NewEndpoint source={source} onMade={(secret) => setMade({ secret, isNew: true })} />
        )}
      </section>
    </>
  );
}
