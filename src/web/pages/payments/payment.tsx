import "./payments.css";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { PaymentRow } from "../../data/shapes.ts";
import { Glyph } from "../../ui/glyph.tsx";
import { said, Said } from "../../ui/said.tsx";
import { Moment } from "../../ui/times.tsx";
import { useNow, useWords } from "../../words/language.tsx";
import { useExplorer } from "./explorer.ts";

/** One payment: what both sides got, who paid, and its true state. @param actions what the person may do about it */
export function Payment({ payment, actions }: { payment: PaymentRow; actions?: ReactNode }) {
  const { words, format } = useWords();
  const { payments: w } = words;
  const { service_name, grant_id, agent, at, amount_cents, status, campaign, sponsor } = payment;
  const isUnpaid = status === "void" || status === "expired";
  const amount = format.amount(amount_cents);
  const payer = said(sponsor, 28);
  return (
    <article className="payment" aria-label={`${said(service_name, 60)}, ${amount}`}>
      <Glyph name={said(service_name, 60)} />
      <div className="payment-what">
        <b>
          <Said text={service_name} max={60} />
        </b>
        <span className="note">
          <Link to="/agents/$grantId" params={{ grantId: grant_id }}>
            <Said text={agent.name} max={28} />
          </Link>
          , <Moment at={at} />
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
      {actions !== undefined && <div className="payment-actions">{actions}</div>}
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
  const url = useExplorer()(network, hash);
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
