import "../../ui/dialog.css";
import { Link, useNavigate } from "@tanstack/react-router";
import type { SyntheticEvent } from "react";
import { useId, useRef, useState } from "react";
import { failureOf } from "../../data/failure.ts";
import { useSponsor } from "../../data/organisations.ts";
import type { ClosingState } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Loading, Problem } from "../../ui/empty.tsx";
import { Form } from "../../ui/form.tsx";
import { said } from "../../ui/said.tsx";
import { Text } from "../../ui/text.tsx";
import { useToast } from "../../ui/toast.tsx";
import { usePageWords, useWords } from "../../words/language.tsx";
import { TEAM } from "../../words/team.ts";
import { useFailureWords } from "../shell/failure-words.ts";
import { SignInFirst } from "../shell/sign-in-first.tsx";
import { useClose, useClosingState } from "./queries.ts";

/** Closes the organisation for good. The dialog says what has to be done first, and what goes and stays. */
export function Close() {
  const { close: w } = usePageWords(TEAM);
  const explain = useFailureWords();
  const name = said(useSponsor().name, 60);
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  const { data: state, error } = useClosingState(isOpen);
  const onNo = (): void => dialog.current?.close();
  const isReady = state !== undefined && state.is_fresh && !hasMoreToDo(state);
  return (
    <section className="sheet team-close" aria-labelledby={`${id}t`}>
      <h2 id={`${id}t`}>{w.section}</h2>
      <p className="note">{w.lead}</p>
      <span>
        <Button
          tone="stop"
          onPress={() => {
            setOpen(true);
            dialog.current?.showModal();
          }}
        >
          {w.trigger}
        </Button>
      </span>
      <dialog ref={dialog} className="dialog" aria-labelledby={id} onClose={() => setOpen(false)}>
        <h2 className="dialog-title" id={id}>
          {w.title(name)}
        </h2>
        <p className="dialog-body">{w.body}</p>
        {isOpen && (
          <>
            {error !== null && <Problem>{explain(failureOf(error))}</Problem>}
            {state === undefined && error === null && <Loading label={w.section} />}
            {state !== undefined && hasMoreToDo(state) && <First state={state} />}
            {state?.is_fresh === false && <SignInFirst />}
            {isReady ? (
              <TypeName name={name} onNo={onNo} />
            ) : (
              <div className="dialog-buttons">
                <Button onPress={onNo}>{w.no}</Button>
              </div>
            )}
          </>
        )}
      </dialog>
    </section>
  );
}

const hasMoreToDo = ({ active_campaigns, budgets, under_way }: ClosingState): boolean =>
  active_campaigns.length > 0 || budgets.length > 0 || under_way > 0;

function First({ state }: { state: ClosingState }) {
  const { close: w } = usePageWords(TEAM);
  const { format } = useWords();
  return (
    <div className="do-first">
      <h3>{w.first}</h3>
      <ul>
        {state.active_campaigns.map(({ campaign_id, name }) => (
          <li key={campaign_id}>
            <Link to="/campaigns/$campaignId" params={{ campaignId: campaign_id }} className="link">
              {w.pause(said(name, 50))}
            </Link>
          </li>
        ))}
        {state.budgets.map(({ campaign_id, service_key, name, left_cents }) => (
          <li key={campaign_id ?? service_key}>
            <Link to="/funds" className="link">
              {w.withdraw(format.amount(left_cents), said(name, 50))}
            </Link>
          </li>
        ))}
        {state.under_way > 0 && <li>{w.underWay}</li>}
      </ul>
    </div>
  );
}

function TypeName({ name, onNo }: { name: string; onNo: () => void }) {
  const { close: w } = usePageWords(TEAM);
  const explain = useFailureWords();
  const toast = useToast();
  const navigate = useNavigate();
  const close = useClose();
  const [typed, setTyped] = useState("");
  const [isWrong, setWrong] = useState(false);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const isOwn = typed.trim() === name.trim();
    setWrong(!isOwn);
    if (!isOwn || close.isPending) return;
    close.mutate(undefined, {
      onSuccess: () => {
        toast({ text: w.closed(name) });
        navigate({ to: "/agents" }).catch(() => undefined);
      },
    });
  };
  return (
    <Form onSubmit={submit} noValidate>
      <Text
        label={w.type(name)}
        name="own-name"
        autoComplete="off"
        value={typed}
        onChange={setTyped}
        error={isWrong ? w.wrongName : undefined}
      />
      {close.error !== null && <Problem>{explain(failureOf(close.error))}</Problem>}
      <div className="dialog-buttons">
        <Button onPress={onNo}>{w.no}</Button>
        <Button type="submit" tone="stop-solid" isBusy={close.isPending}>
          {w.yes}
        </Button>
      </div>
    </Form>
  );
}
