import "./sign-in.css";
import type { SyntheticEvent } from "react";
import { useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { hasPasskeys, usePasskeySignIn } from "../../data/passkeys.ts";
import {
  knownAddress,
  useDemoSignIn,
  useMagicLink,
  useMe,
  useSignIn,
  useSignUp,
} from "../../data/session.ts";
import { Button } from "../../ui/button.tsx";
import { Problem } from "../../ui/empty.tsx";
import { Form } from "../../ui/form.tsx";
import { said } from "../../ui/said.tsx";
import { Text } from "../../ui/text.tsx";
import { useTitle } from "../../ui/title.ts";
import { useWords } from "../../words/language.tsx";
import { Frame } from "../shell/frame.tsx";
import { useSignInProblem } from "./problem.ts";

/** Stands in place of the page that was asked for, whose address stays. */
export function SignIn({ title, lead }: { title: string; lead: string }) {
  const {
    words: { signIn: w },
  } = useWords();
  const me = useMe();
  const [isNew, setIsNew] = useState(false);
  const demo = useDemoSignIn();
  useTitle(title);
  return (
    <Frame isNarrow>
      <LinkNotice />
      {isNew ? <NewAccount /> : <Known title={title} lead={lead} />}
      {me?.can_sign_up === true && (
        <Button tone="quiet" onPress={() => setIsNew(!isNew)}>
          {isNew ? w.have : w.create}
        </Button>
      )}
      {me?.is_sandbox === true && (
        <div className="sandbox">
          <p className="note">
            {w.sandbox}{" "}
            <a href="/sandbox/mail" target="_blank" className="link">
              {w.sandboxMail}
            </a>
          </p>
          {demo.isError && <Problem>{w.problem.failed}</Problem>}
          <Button size="small" isBusy={demo.isPending} onPress={() => demo.mutate()}>
            {w.demo}
          </Button>
        </div>
      )}
    </Frame>
  );
}

/** What a link in a mail led to, which the address of the page says. */
function LinkNotice() {
  const {
    words: { signIn: w },
  } = useWords();
  const { error, confirmed }: { error?: unknown; confirmed?: unknown } = useSearch({ strict: false });
  if (error !== undefined)
    return <Problem>{error === "OTHER_BROWSER" ? w.linkOfOtherBrowser : w.linkEnded}</Problem>;
  return confirmed === undefined ? null : (
    <p className="note" role="status">
      {w.confirmed}
    </p>
  );
}

function Known({ title, lead }: { title: string; lead: string }) {
  const {
    words: { signIn: w },
  } = useWords();
  const [email, setEmail] = useState(knownAddress);
  const [password, setPassword] = useState("");
  const [isEmailMissing, setIsEmailMissing] = useState(false);
  const signIn = useSignIn();
  const link = useMagicLink();
  const passkey = usePasskeySignIn();
  const problem = useSignInProblem(signIn.error ?? link.error);
  const passkeyProblem = useSignInProblem(passkey.error);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (!signIn.isPending) signIn.mutate({ email: email.trim(), password });
  };
  const mailLink = (): void => {
    setIsEmailMissing(!email.includes("@"));
    if (email.includes("@")) link.mutate({ email: email.trim() });
  };
  return (
    <Form className="sheet card" onSubmit={submit}>
      <h1>{title}</h1>
      <p className="quiet">{lead}</p>
      <Text
        label={w.email}
        name="email"
        type="email"
        autoComplete="username"
        value={email}
        onChange={setEmail}
        error={isEmailMissing ? w.linkNeedsEmail : undefined}
      />
      <Text
        label={w.password}
        name="password"
        type="password"
        autoComplete="current-password"
        value={password}
        onChange={setPassword}
        error={problem}
      />
      <Button tone="allow" size="large" type="submit" isBusy={signIn.isPending}>
        {w.submit}
      </Button>
      <div className="other-ways">
        {hasPasskeys() && (
          <Button isBusy={passkey.isPending} onPress={() => passkey.mutate()}>
            {w.passkey}
          </Button>
        )}
        {passkeyProblem !== undefined && <Problem>{passkeyProblem}</Problem>}
        <Button isBusy={link.isPending} onPress={mailLink}>
          {w.link}
        </Button>
        <p className="note" role="status">
          {link.isSuccess && w.linkSent(said(link.variables.email, 60))}
        </p>
      </div>
    </Form>
  );
}

function NewAccount() {
  const {
    words: { signIn: w },
  } = useWords();
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const signUp = useSignUp();
  const problem = useSignInProblem(signUp.error);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (!signUp.isPending) signUp.mutate({ name: name.trim(), email: email.trim(), password });
  };
  return (
    <Form className="sheet card" onSubmit={submit}>
      <h1>{w.createTitle}</h1>
      <p className="quiet">{w.createLead}</p>
      <Text label={w.name} name="name" autoComplete="name" value={name} onChange={setName} />
      <Text
        label={w.email}
        name="email"
        type="email"
        autoComplete="username"
        value={email}
        onChange={setEmail}
      />
      <Text
        label={w.password}
        name="password"
        type="password"
        autoComplete="new-password"
        value={password}
        onChange={setPassword}
        hint={w.passwordHint}
        error={problem}
      />
      <Button tone="allow" size="large" type="submit" isBusy={signUp.isPending}>
        {w.createSubmit}
      </Button>
      <p className="note" role="status">
        {signUp.isSuccess && w.confirmHere(said(signUp.variables.email, 60))}
      </p>
    </Form>
  );
}
