import type { SyntheticEvent } from "react";
import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import type { BudgetRow } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Form } from "../../ui/form.tsx";
import { said } from "../../ui/said.tsx";
import { Text } from "../../ui/text.tsx";
import { useToast } from "../../ui/toast.tsx";
import { FUNDS } from "../../words/funds.ts";
import { usePageWords, useWords } from "../../words/language.tsx";
import { useFailureWords } from "../shell/failure-words.ts";
import { readDollars } from "./cents.ts";
import { useWithdraw } from "./queries.ts";

interface WithdrawProps {
  budget: BudgetRow;
  name: string;
  address: string | null;
  onClose: () => void;
}

/** Takes unspent money out of a budget, to the organisation's wallet. */
export function Withdraw({ budget, name, address, onClose }: WithdrawProps) {
  const w = usePageWords(FUNDS);
  const { format } = useWords();
  const explain = useFailureWords();
  const toast = useToast();
  const most = budget.budget.remaining_cents;
  const [typed, setTyped] = useState(String(most / 100));
  // One form is one withdrawal, however often its button is pressed.
  const [key] = useState(() => crypto.randomUUID());
  const cents = readDollars(typed);
  const withdraw = useWithdraw(budget);
  const failure = withdraw.error === null ? undefined : failureOf(withdraw.error);
  const problem = (): string | undefined => {
    if (cents === undefined) return w.amountWrong;
    if (failure === undefined) return undefined;
    if (failure.fields.includes("/amount_cents")) return w.withdrawRefused;
    return failure.code === "conflict" ? w.withdrawOpen : explain(failure);
  };
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (cents === undefined || withdraw.isPending) return;
    withdraw.mutate(
      { cents, key: `${key}:${cents}` },
      {
        onSuccess: () => {
          toast({ text: w.withdrawn(format.amount(cents)) });
          onClose();
        },
      },
    );
  };
  return (
    <Form className="fund-form" onSubmit={submit} aria-label={w.withdrawFrom(name)}>
      {address === null ? (
        <p className="note">{w.wallet.none}</p>
      ) : (
        <>
          <p className="note">{w.withdrawLead(said(address, 42))}</p>
          <Text
            label={w.withdrawAmount(format.amount(most))}
            name="withdrawal"
            autoComplete="off"
            value={typed}
            onChange={setTyped}
            error={problem()}
          />
          {cents !== undefined && (
            <span>
              <Button tone="allow" type="submit" isBusy={withdraw.isPending}>
                {w.withdrawSubmit(format.amount(cents))}
              </Button>
            </span>
          )}
        </>
      )}
      <span>
        <Button tone="quiet" onPress={onClose}>
          {w.close}
        </Button>
      </span>
    </Form>
  );
}
