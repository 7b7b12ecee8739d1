import "../../ui/sheet.css";
import "./payments.css";
import type { PaymentRow } from "../../data/shapes.ts";
import { Glyph } from "../../ui/glyph.tsx";
import { said, Said } from "../../ui/said.tsx";
import { Moment } from "../../ui/times.tsx";
import { useTitle } from "../../ui/title.ts";
import { useNow, useWords } from "../../words/language.tsx";
import { OlderList } from "../shell/older-list.tsx";
import { explorerUrl } from "./explorer.ts";
import { usePayments } from "./queries.ts";

export function PaymentsPage() {
  const { payments: w } = useWords().words;
  const query = usePayments();
  useTitle(w.title);
  const payments = query.data?.pages.flatMap((page) => page.payments);
  return (
    <>
      <div className="page-head">
        <div>
          <h1>{w.title}</h1>
          <p>{w.lead}</p>
        </div>
      </div>
      <OlderList query={query} isEmpty={payments?.length === 0} empty={w.empty}>
        <ul className="sheet rows">
          {payments?.map((payment) => (
            <li key={payment.payment_id}>
              <Payment payment={payment} />
            </li>
          ))}
        </ul>
      </OlderList>
    </>
  );
}

function Payment({ payment }: { payment: PaymentRow }) {
  const { words, format } = useWords();
  const { payments: w } = words;
  const { service_key, agent, at, amount_cents, status, campaign, sponsor } = payment;
  const isUnpaid = status === "void" || status === "expired";
  const amount = format.amount(amount_cents);
  const payer = said(sponsor, 28);
  return (
    <article className="payment" aria-label={`${service_key}, ${amount}`}>
      <Glyph name={service_key} />
      <div className="payment-what">
        <b className="one-line">
          <Said text={service_key} max={64} />
        </b>
        <span className="note">
          <Said text={agent.name} max={28} />, <Moment at={at} />
        </span>
      </div>
      <dl className="payment-both">
        <div>
          <dt>{w.got}</dt>
          <dd>
            <Got payment={payment} />
          </dd>
        </div>
        <div>
          <dt>{w.forLabel}</dt>
          <dd>
            {campaign === null ? (
              <span className="faint">{w.noCampaign}</span>
            ) : (
              <Said text={campaign} max={60} />
            )}
          </dd>
        </div>
      </dl>
      <div className="payment-end">
        <b className="num">{isUnpaid ? <del className="faint">{amount}</del> : amount}</b>
        <span className="note">
          {(isUnpaid || status === "free") && w.nobodyPaid}
          {status === "pending" && w.willPay(payer)}
          {status === "settled" && w.paidBy(payer)}
        </span>
      </div>
      <State payment={payment} />
    </article>
  );
}

function Got({ payment: { delivered, status } }: { payment: PaymentRow }) {
  const { payments: w } = useWords().words;
  if (delivered) return w.answer;
  return <span className="faint">{status === "pending" ? w.notYet : w.nothing}</span>;
}

const TONES = {
  pending: "wait",
  settled: "good",
  free: "good",
  expired: undefined,
  void: undefined,
} as const;

/** The true state in words. The colour only repeats it. */
function State({ payment: { status, waits_until, tx_hash, network } }: { payment: PaymentRow }) {
  const { words, format } = useWords();
  const { payments: w } = words;
  const now = useNow();
  const isTimed = status === "pending" && waits_until !== null;
  return (
    <p className="payment-state" data-state={status}>
      <span className="dot" data-tone={TONES[status]} />
      {isTimed ? w.pendingUntil(format.deadline(waits_until, now)) : w[status]}
      {tx_hash !== null && <Transaction hash={tx_hash} network={network} />}
    </p>
  );
}

function Transaction({ hash, network }: { hash: string; network: string }) {
  const { payments: w } = useWords().words;
  const url = explorerUrl(network, hash);
  const short = (
    <>
      <span className="unseen">{w.transaction} </span>
      <span className="mono" title={url === undefined ? said(hash, 70) : undefined}>
        {said(hash.slice(0, 8), 8)}…{said(hash.slice(-4), 4)}
      </span>
    </>
  );
  return url === undefined ? (
    <span className="payment-hash">{short}</span>
  ) : (
    <a className="payment-hash" href={url} rel="noreferrer" target="_blank">
      {short}
    </a>
  );
}
