import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import type { AgentRow, PaymentRow } from "../../data/shapes.ts";
import { Amount } from "../../ui/amount.tsx";
import { Choice } from "../../ui/choice.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { said } from "../../ui/said.tsx";
import { useToast } from "../../ui/toast.tsx";
import { useNow, useWords } from "../../words/language.tsx";
import { untilChoices } from "../approval/until-choices.ts";
import { useFailureWords } from "../shell/failure-words.ts";
import { useAskAbove, useDontAsk, useEndRule } from "./queries.ts";

const TONE = { trigger: "plain", yes: "allow" } as const;

/** Says that a rule holds, and offers to undo it. */
function useRuleAnswers() {
  const { agent: w } = useWords().words;
  const explain = useFailureWords();
  const toast = useToast();
  const end = useEndRule();
  const onError = (error: Error): void => toast({ text: explain(failureOf(error)) });
  return {
    onSuccess: ({ rule_id }: { rule_id: string }): void =>
      toast({ text: w.ruleSet, undo: { label: w.undo, onPress: () => end.mutate(rule_id, { onError }) } }),
    onError,
  };
}

/** From a payment: be asked before calls that cost more than an amount. */
export function AskAbove({ row, payment }: { row: AgentRow; payment: PaymentRow }) {
  const { words, format } = useWords();
  const { agent: w } = words;
  const askAbove = useAskAbove();
  const answers = useRuleAnswers();
  const [cents, setCents] = useState(payment.amount_cents);
  return (
    <Dialog
      tone={TONE}
      size="small"
      trigger={w.askAboveThis}
      title={w.askAboveTitle(said(row.agent.name, 40))}
      body={w.askAboveBody}
      no={w.keepAsking}
      yes={w.askAboveYes(format.amount(cents))}
      onYes={() => askAbove.mutate({ grant_id: row.grant_id, amount_cents: cents }, answers)}
    >
      <Cents
        label={w.amount}
        cents={cents}
        max={row.budget.limit_cents}
        note={w.capNote(format.amount(row.budget.limit_cents))}
        onChange={setCents}
      />
    </Dialog>
  );
}

/** From a call that the person said yes to: don't be asked about its service again, until a time and up to an amount. */
export function DontAsk({
  row,
  payment,
  approvalId,
}: {
  row: AgentRow;
  payment: PaymentRow;
  approvalId: string;
}) {
  const { words, format } = useWords();
  const { agent: w } = words;
  const dontAsk = useDontAsk();
  const answers = useRuleAnswers();
  const now = useNow();
  const secondsLeft = (Date.parse(row.expires_at) - now) / 1000;
  const [choices] = useState(() => untilChoices(Date.now(), secondsLeft));
  const [until, setUntil] = useState(choices[0] ?? "");
  const [cents, setCents] = useState(Math.min(payment.amount_cents * 5, row.budget.limit_cents));
  return (
    <Dialog
      tone={TONE}
      size="small"
      trigger={w.dontAskAgain}
      title={w.dontAskTitle(said(payment.service_name, 60))}
      body={w.dontAskBody}
      no={w.keepBeingAsked}
      yes={w.dontAskYes(format.amount(cents), format.moment(until, now))}
      onYes={() => dontAsk.mutate({ approval_id: approvalId, cap_cents: cents, expires_at: until }, answers)}
    >
      <Choice
        label={w.untilLabel}
        value={until}
        onChange={setUntil}
        options={choices.map((time) => ({ value: time, label: format.moment(time, now) }))}
      />
      <Cents
        label={w.cap}
        cents={cents}
        max={row.budget.limit_cents}
        note={w.capNote(format.amount(row.budget.limit_cents))}
        onChange={setCents}
      />
    </Dialog>
  );
}

function Cents(props: {
  label: string;
  cents: number;
  max: number;
  note: string;
  onChange: (cents: number) => void;
}) {
  const { words, format } = useWords();
  const { ask: w } = words.approval;
  return <Amount {...props} unit={w.cents} less={w.less} more={w.more} locale={format.locale} />;
}
