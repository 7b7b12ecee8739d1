import type { SyntheticEvent } from "react";
import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import { useMay } from "../../data/organisations.ts";
import { Button } from "../../ui/button.tsx";
import { Form } from "../../ui/form.tsx";
import { said } from "../../ui/said.tsx";
import { Text } from "../../ui/text.tsx";
import { useToast } from "../../ui/toast.tsx";
import { FUNDS } from "../../words/funds.ts";
import { usePageWords } from "../../words/language.tsx";
import { useFailureWords } from "../shell/failure-words.ts";
import { SignInFirst } from "../shell/sign-in-first.tsx";
import { useSetWallet } from "./queries.ts";

/** Where withdrawals are paid to. */
export function Wallet({ address }: { address: string | null }) {
  const { wallet: w } = usePageWords(FUNDS);
  const explain = useFailureWords();
  const toast = useToast();
  const isOwner = useMay("owner");
  const [typed, setTyped] = useState(address ?? "");
  const save = useSetWallet();
  const failure = save.error === null ? undefined : failureOf(save.error);
  // The server refuses a wallet with a conflict only if the sign-in is too old.
  const isStale = failure?.code === "conflict";
  const problem = (): string | undefined => {
    if (failure === undefined || isStale) return undefined;
    return failure.fields.includes("/wallet_address") ? w.refused : explain(failure);
  };
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (!save.isPending) save.mutate(typed.trim(), { onSuccess: () => toast({ text: w.saved }) });
  };
  if (!isOwner)
    return (
      <section className="sheet fund-wallet" aria-label={w.title}>
        <h2>{w.title}</h2>
        <p className="mono">{address === null ? w.none : said(address, 42)}</p>
      </section>
    );
  return (
    <Form className="sheet fund-wallet" onSubmit={submit} aria-label={w.title}>
      <h2>{w.title}</h2>
      <Text
        label={w.label}
        name="wallet"
        autoComplete="off"
        value={typed}
        onChange={setTyped}
        hint={address === null ? w.none : w.hint}
        error={problem()}
      />
      {isStale && <SignInFirst />}
      <span>
        <Button type="submit" isBusy={save.isPending}>
          {w.save}
        </Button>
      </span>
    </Form>
  );
}
