import "../../../ui/dialog.css";
import { Link } from "@tanstack/react-router";
import type { SyntheticEvent } from "react";
import { useId, useRef, useState } from "react";
import { failureOf } from "../../../data/failure.ts";
import { Button } from "../../../ui/button.tsx";
import { Loading, Problem } from "../../../ui/empty.tsx";
import { Form } from "../../../ui/form.tsx";
import { said } from "../../../ui/said.tsx";
import { Text } from "../../../ui/text.tsx";
import { useToast } from "../../../ui/toast.tsx";
import { useWords } from "../../../words/language.tsx";
import { useFailureWords } from "../../shell/failure-words.ts";
import { SignInFirst } from "../../shell/sign-in-first.tsx";
import { useDeleteAccount, useDeletionState } from "./queries.ts";

/** The button, and the dialog that says what goes and what stays before anything does. */
export function DeleteAccount({ email }: { email: string }) {
  const { ownAccount: w } = useWords().words;
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  const { data: state, error } = useDeletionState(isOpen);
  const explain = useFailureWords();
  const close = (): void => dialog.current?.close();
  const isReady =
    state?.is_fresh === true && state.owned_agents.length === 0 && state.owned_organisations.length === 0;
  return (
    <>
      <Button
        tone="stop"
        onPress={() => {
          setOpen(true);
          dialog.current?.showModal();
        }}
      >
        {w.delete}
      </Button>
      <dialog
        ref={dialog}
        className="dialog leave"
        aria-labelledby={id}
        aria-describedby={`${id}n`}
        onClose={() => setOpen(false)}
      >
        <h2 className="dialog-title" id={id}>
          {w.dialogTitle}
        </h2>
        <p className="dialog-body" id={`${id}n`}>
          {w.dialogBody}
        </p>
        {isOpen && (
          <>
            <Consequences />
            {error !== null && <Problem>{explain(failureOf(error))}</Problem>}
            {state === undefined && error === null && <Loading label={w.deleteTitle} />}
            {state !== undefined && state.owned_agents.length > 0 && (
              <OwnedFirst names={state.owned_agents.map(({ name }) => name)} />
            )}
            {state !== undefined && state.owned_organisations.length > 0 && (
              <OrganisationsFirst organisations={state.owned_organisations} />
            )}
            {state?.is_fresh === false && <SignInFirst />}
            {isReady ? (
              <TypeAddress email={email} onNo={close} />
            ) : (
              <div className="dialog-buttons">
                <Button onPress={close}>{w.no}</Button>
              </div>
            )}
          </>
        )}
      </dialog>
    </>
  );
}

function Consequences() {
  const { ownAccount: w } = useWords().words;
  return (
    <>
      <h3>{w.goes}</h3>
      <ul>
        {w.goesList.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <h3>{w.stays}</h3>
      <ul>
        {w.staysList.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <p className="note">
        {w.staysNote} {w.copies}
      </p>
    </>
  );
}

function OwnedFirst({ names }: { names: string[] }) {
  const { ownAccount: w } = useWords().words;
  return (
    <div className="do-first">
      <h3>{w.ownedTitle}</h3>
      <p>{w.owned}</p>
      <ul>
        {names.map((name) => (
          <li key={name}>
            <bdi>{said(name, 60)}</bdi>
          </li>
        ))}
      </ul>
      <Link to="/build" className="link">
        {w.toBuild}
      </Link>
    </div>
  );
}

function OrganisationsFirst({ organisations }: { organisations: { sponsor_id: string; name: string }[] }) {
  const { ownAccount: w } = useWords().words;
  return (
    <div className="do-first">
      <h3>{w.organisationsTitle}</h3>
      <p>{w.organisations}</p>
      <ul>
        {organisations.map(({ sponsor_id, name }) => (
          <li key={sponsor_id}>
            <Link to="/team" search={{ org: sponsor_id }} className="link">
              <bdi>{said(name, 60)}</bdi>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

function TypeAddress({ email, onNo }: { email: string; onNo: () => void }) {
  const { ownAccount: w } = useWords().words;
  const explain = useFailureWords();
  const toast = useToast();
  const leave = useDeleteAccount(() => toast({ text: w.deleted }));
  const [typed, setTyped] = useState("");
  const [isWrong, setWrong] = useState(false);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const isOwn = typed.trim().toLowerCase() === email.toLowerCase();
    setWrong(!isOwn);
    if (isOwn && !leave.isPending) leave.mutate(typed);
  };
  return (
    <Form className="leave-form" onSubmit={submit} noValidate>
      <Text
        label={w.type(said(email, 60))}
        name="own-address"
        type="email"
        autoComplete="off"
        value={typed}
        onChange={setTyped}
        error={isWrong ? w.wrongAddress : undefined}
      />
      {leave.error !== null && <Problem>{explain(failureOf(leave.error))}</Problem>}
      <div className="dialog-buttons">
        <Button onPress={onNo}>{w.no}</Button>
        <Button type="submit" tone="stop-solid" isBusy={leave.isPending}>
          {w.yes}
        </Button>
      </div>
    </Form>
  );
}
