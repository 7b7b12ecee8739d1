import type { SyntheticEvent } from "react";
import { useRef, useState } from "react";
import { failureOf } from "../../data/failure.ts";
import type { Service, TrialResult } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Problem } from "../../ui/empty.tsx";
import { Form } from "../../ui/form.tsx";
import { LongText } from "../../ui/long-text.tsx";
import { said } from "../../ui/said.tsx";
import { Select } from "../../ui/select.tsx";
import { usePageWords, useWords } from "../../words/language.tsx";
import { SERVICES } from "../../words/services.ts";
import { useExplorer } from "../payments/explorer.ts";
import { useProbeWords } from "../services/probe-words.ts";
import { readObject, writeJson } from "../services/json-text.ts";
import { usePayers, useTrial, useTry } from "../services/queries.ts";

const OWN = "own";

/** One real call, paid from the sponsor's own money. */
export function Trial({ service }: { service: Service }) {
  const { trial: w } = usePageWords(SERVICES);
  const { format } = useWords();
  const explain = useProbeWords();
  const payers = (usePayers(service.service_key).data?.payers ?? []).filter(
    ({ remaining_cents }) => remaining_cents > 0,
  );
  const [input, setInput] = useState(() => writeJson(service.sample_input));
  const [payer, setPayer] = useState("");
  // One key for each press: if the answer is lost, the same press pays no second time.
  const key = useRef("");
  const attempt = useTry(service.service_key);
  const read = readObject(input);
  const isFree = service.terms === null;
  const chosen = payers.find(({ campaign_id }) => (campaign_id ?? OWN) === payer) ?? payers[0];
  const failure = attempt.error === null ? undefined : failureOf(attempt.error);
  const problem = (): string | undefined => {
    if (failure === undefined) return undefined;
    if (failure.fields.some((path) => path.startsWith("/input"))) return w.inputRefused;
    switch (failure.code) {
      case "sponsor_budget_exhausted":
        return w.outOfMoney;
      case "price_changed":
        return w.priceChanged;
      case "inactive":
        return w.inactive;
      case "payments_paused":
        return w.paused;
      default:
        return explain(failure);
    }
  };
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (attempt.isPending || read === undefined) return;
    if (failure?.code !== "unreachable" || key.current === "") key.current = crypto.randomUUID();
    const campaignId = chosen?.campaign_id ?? null;
    attempt.mutate({
      input: read,
      ...(campaignId !== null && { campaign_id: campaignId }),
      idempotency_key: key.current,
    });
  };
  return (
    <section className="sheet part" aria-labelledby="trial-title">
      <h2 id="trial-title">{w.title}</h2>
      <p className="note">{w.lead}</p>
      {!isFree && chosen === undefined ? (
        <p>{w.noMoney}</p>
      ) : (
        <Form className="part-form part-narrow" onSubmit={submit} noValidate>
          <LongText
            label={w.input}
            isCode
            rows={5}
            value={input}
            onChange={setInput}
            error={read === undefined ? w.inputRefused : undefined}
          />
          {!isFree && chosen !== undefined && (
            <Select
              label={w.payer}
              value={chosen.campaign_id ?? OWN}
              options={payers.map(({ campaign_id, name, remaining_cents }) => ({
                value: campaign_id ?? OWN,
                label:
                  campaign_id === null
                    ? w.ownBudget(format.amount(remaining_cents))
                    : w.campaign(said(name ?? "", 50), format.amount(remaining_cents)),
              }))}
              onChange={setPayer}
            />
          )}
          {failure !== undefined && <Problem>{problem()}</Problem>}
          <Button tone="allow" type="submit" isBusy={attempt.isPending}>
            {isFree ? w.submitFree : w.submit(format.amount(service.price_cents))}
          </Button>
        </Form>
      )}
      {attempt.data !== undefined && <Result key={attempt.data.payment.payment_id} first={attempt.data} />}
    </section>
  );
}

/** What came of it, as it is now: a payment that waits for the chain is looked up again. */
function Result({ first }: { first: TrialResult }) {
  const { trial: w, health } = usePageWords(SERVICES);
  const { format } = useWords();
  const isPending = first.payment.status === "pending";
  const { data } = useTrial(isPending ? first.payment.payment_id : undefined);
  const trial = data ?? first;
  const { payment, delivered, failure, output } = trial;
  const reason =
    failure === "refused"
      ? health.reason.refused(String(trial.upstream_status ?? "–"))
      : health.reason[failure ?? "no_answer"];
  const said_ = (): string => {
    if (delivered)
      return payment.status === "free" ? w.free : w.delivered(format.amount(payment.amount_cents));
    return failure === null && payment.status === "pending" ? w.pending : w.undelivered(reason);
  };
  const hash = payment.tx_hash;
  const explorerUrl = useExplorer();
  const explorer = hash === undefined ? undefined : explorerUrl(payment.network, hash);
  return (
    <div className="part-form" role="status">
      <p>
        <span className="dot" data-tone={delivered ? "good" : failure === null ? "wait" : "bad"} />{" "}
        <b>{said_()}</b>
        {delivered && payment.status === "pending" && <span className="note"> {w.pending}</span>}
      </p>
      <dl className="granted terms">
        {trial.response_time_ms !== null && (
          <div>
            <dt>{w.took}</dt>
            <dd>{health.milliseconds(format.count(trial.response_time_ms))}</dd>
          </div>
        )}
        {hash !== undefined && (
          <div>
            <dt>{w.transaction}</dt>
            <dd>
              {explorer === undefined ? (
                <code className="mono">{hash}</code>
              ) : (
                <a href={explorer} target="_blank" rel="noreferrer">
                  <code className="mono">{hash}</code>
                </a>
              )}
            </dd>
          </div>
        )}
      </dl>
      {output !== undefined && output !== null && (
        <figure>
          <figcaption className="field-label">{w.answer}</figcaption>
          <pre className="code" tabIndex={0}>
            <bdi>{typeof output === "string" ? output : writeJson(output)}</bdi>
          </pre>
        </figure>
      )}
    </div>
  );
}
