import "../../ui/sheet.css";
import "./funds.css";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useMay } from "../../data/organisations.ts";
import type { BudgetRow } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Meter } from "../../ui/meter.tsx";
import { said } from "../../ui/said.tsx";
import { FUNDS } from "../../words/funds.ts";
import { usePageWords, useWords } from "../../words/language.tsx";
import { SponsorHead } from "../sponsor/sponsor-head.tsx";
import { AddFunds } from "./add-funds.tsx";
import { Days } from "./days.tsx";
import { Movements } from "./movements.tsx";
import { useFunds } from "./queries.ts";
import { Wallet } from "./wallet.tsx";
import { Withdraw } from "./withdraw.tsx";
import { NotLoaded } from "../shell/not-loaded.tsx";

const route = getRouteApi("/console/sponsor/funds");

export function FundsPage() {
  const w = usePageWords(FUNDS);
  const { data, error, refetch } = useFunds();
  const { add } = route.useSearch();
  return (
    <>
      <SponsorHead title={w.title} lead={w.lead} />
      {data === undefined && <NotLoaded error={error} refetch={refetch} />}
      {data?.budgets.length === 0 && (
        <Empty>
          <p>{w.none}</p>
        </Empty>
      )}
      {data !== undefined && data.budgets.length > 0 && (
        <ul className="sheet rows" aria-label={w.budgets}>
          {data.budgets.map((budget) => (
            <li key={budget.campaign_id ?? budget.service_key}>
              <Row
                budget={budget}
                walletAddress={data.wallet_address}
                isMeant={budget.campaign_id !== null && budget.campaign_id === add}
              />
            </li>
          ))}
        </ul>
      )}
      {data !== undefined && <Wallet key={data.wallet_address} address={data.wallet_address} />}
      <Days />
      <Movements />
    </>
  );
}

const TONES: Record<BudgetRow["state"], string | undefined> = {
  empty: undefined,
  ok: "good",
  at_80: "wait",
  at_95: "wait",
  used_up: "bad",
};

interface RowProps {
  budget: BudgetRow;
  walletAddress: string | null;
  /** Whether the page was opened to put money into this one. */
  isMeant: boolean;
}

function Row({ budget: row, walletAddress, isMeant }: RowProps) {
  const w = usePageWords(FUNDS);
  const { format } = useWords();
  const isOwner = useMay("owner");
  const article = useRef<HTMLElement>(null);
  const [open, setOpen] = useState<"add" | "withdraw" | undefined>(
    isMeant && isOwner && !row.is_archived ? "add" : undefined,
  );
  useEffect(() => {
    if (!isMeant) return;
    article.current?.scrollIntoView({ block: "start" });
    article.current?.querySelector("input")?.focus({ preventScroll: true });
  }, [isMeant]);
  const { budget, state } = row;
  const name = said(row.name, 50);
  const spent = w.of(format.amount(budget.spent_cents), format.amount(budget.limit_cents));
  const toggle = (next: "add" | "withdraw") => (): void => setOpen(open === next ? undefined : next);
  return (
    <article ref={article} className="fund" aria-label={name}>
      <div className="fund-name">
        <span className="one-line">
          <bdi>{name}</bdi> <span className="faint">{row.campaign_id === null ? w.service : w.campaign}</span>
        </span>
        <span className="note">
          <span className="dot" data-tone={TONES[state]} /> {row.is_archived ? w.archived : w.state[state]}
        </span>
        {row.campaign_id === null && !row.is_archived && <span className="note">{w.serviceNote}</span>}
      </div>
      <div className="fund-meter">
        <span className="num">{spent}</span>
        <Meter value={budget.spent_cents + budget.reserved_cents} max={budget.limit_cents} label={spent} />
        <span className="note num">
          {w.left(format.amount(budget.remaining_cents))}
          {budget.reserved_cents > 0 && ` · ${w.reserved(format.amount(budget.reserved_cents))}`}
        </span>
      </div>
      {isOwner && (
        <span className="fund-buttons">
          {!row.is_archived && (
            <Button onPress={toggle("add")}>
              {w.add}
              <span className="unseen"> {name}</span>
            </Button>
          )}
          {budget.remaining_cents >= 1 && (
            <Button onPress={toggle("withdraw")}>
              {w.withdraw}
              <span className="unseen"> {name}</span>
            </Button>
          )}
        </span>
      )}
      {open === "add" && <AddFunds budget={row} name={name} onClose={() => setOpen(undefined)} />}
      {open === "withdraw" && (
        <Withdraw budget={row} name={name} address={walletAddress} onClose={() => setOpen(undefined)} />
      )}
    </article>
  );
}
