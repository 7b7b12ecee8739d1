import { Link } from "@tanstack/react-router";
import type { SyntheticEvent } from "react";
import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import type { BudgetRow } from "../../data/shapes.ts";
import { useMe } from "../../data/session.ts";
import { hasWallet, WalletError } from "../../data/wallet.ts";
import { Button } from "../../ui/button.tsx";
import { Problem } from "../../ui/empty.tsx";
import { Form } from "../../ui/form.tsx";
import { Text } from "../../ui/text.tsx";
import { useToast } from "../../ui/toast.tsx";
import { FUNDS } from "../../words/funds.ts";
import { usePageWords, useWords } from "../../words/language.tsx";
import { useFailureWords } from "../shell/failure-words.ts";
import { readDollars } from "./cents.ts";
import { Copied } from "./copied.tsx";
import { isUndecided, usePay, useTerms } from "./queries.ts";

interface AddFundsProps {
  budget: BudgetRow;
  name: string;
  onClose: () => void;
}

/** Pays into a budget: with the browser's wallet, or by a command for any x402 client. */
export function AddFunds({ budget, name, onClose }: AddFundsProps) {
  const w = usePageWords(FUNDS);
  const { format } = useWords();
  const toast = useToast();
  const isSandbox = useMe()?.is_sandbox === true;
  const [typed, setTyped] = useState("25");
  const cents = readDollars(typed);
  const terms = useTerms(budget, cents).data;
  const pay = usePay(budget);
  const problem = useProblem(terms?.network ?? "");
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (cents === undefined || pay.isPending) return;
    pay.mutate(cents, {
      onSuccess: ({ credited_cents }) => {
        toast({ text: w.paid(format.amount(credited_cents), name) });
        onClose();
      },
    });
  };
  const isOpen = pay.error !== null && !(pay.error instanceof WalletError) && isUndecided(pay.error);
  return (
    <Form className="fund-form" onSubmit={submit} aria-label={w.addTo(name)}>
      <Text
        label={w.amount}
        name="amount"
        autoComplete="off"
        value={typed}
        onChange={setTyped}
        hint={w.amountHint}
        error={cents === undefined ? w.amountWrong : undefined}
      />
      {pay.error !== null && <Problem>{problem(pay.error)}</Problem>}
      {pay.isPending && (
        <p className="note" role="status">
          {w.paying}
        </p>
      )}
      {hasWallet() ? (
        cents !== undefined && (
          <span>
            <Button tone="allow" type="submit" isBusy={pay.isPending}>
              {isOpen ? w.again : w.pay(format.amount(cents))}
            </Button>
          </span>
        )
      ) : (
        <p className="note">{w.noWallet}</p>
      )}
      {terms !== undefined && cents !== undefined && (
        <Copied
          label={hasWallet() ? w.command : w.onlyCommand}
          text={commandFor(terms.url, cents)}
          copy={w.copy}
          copied={w.copied}
        />
      )}
      <p className="note">
        {w.commandNeeds}{" "}
        <Link to="/team" className="link">
          {w.toKeys}
        </Link>
        {isSandbox && (
          <>
            {" · "}
            <a href="/sandbox" target="_blank" className="link">
              {w.toWallets}
            </a>
          </>
        )}
      </p>
      <span>
        <Button tone="quiet" onPress={onClose}>
          {w.close}
        </Button>
      </span>
    </Form>
  );
}

/** The stock client of this repository's examples. KEY is a key of the organisation. */
const commandFor = (url: string, cents: number): string =>
  `KEY=tf_sk_… WALLET_PRIVATE_KEY=0x… node --import tsx examples/fund.ts ${url} ${cents}`;

function useProblem(network: string): (error: unknown) => string {
  const w = usePageWords(FUNDS);
  const explain = useFailureWords();
  return (error) => {
    if (error instanceof WalletError)
      return error.problem === "declined" ? w.declined : w.wrongChain(network);
    if (isUndecided(error)) return w.unknown;
    const failure = failureOf(error);
    return failure.code === "payment_required" ? w.refused : explain(failure);
  };
}
