import { getRouteApi, Link } from "@tanstack/react-router";
import type { SyntheticEvent } from "react";
import { useState } from "react";
import { useChoosePassword } from "../../data/passkeys.ts";
import { Button } from "../../ui/button.tsx";
import { Form } from "../../ui/form.tsx";
import { Text } from "../../ui/text.tsx";
import { useTitle } from "../../ui/title.ts";
import { useWords } from "../../words/language.tsx";
import { Frame } from "../shell/frame.tsx";
import { useSignInProblem } from "../sign-in/problem.ts";

const route = getRouteApi("/new-password");

/** Where the link of a mail leads: a new password is chosen, and ends all sign-ins with the old one. */
export function NewPasswordRoute() {
  const { words } = useWords();
  const { newPassword: w } = words.signInSettings;
  const { token } = route.useSearch();
  const [password, setPassword] = useState("");
  const choose = useChoosePassword();
  const problem = useSignInProblem(choose.error);
  useTitle(w.title);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (!choose.isPending && token !== undefined) choose.mutate({ token, newPassword: password });
  };
  if (token === undefined || choose.isSuccess)
    return (
      <Frame isNarrow>
        <section className="sheet card">
          <h1>{choose.isSuccess ? w.done : w.over}</h1>
          <p className="quiet">{choose.isSuccess ? w.doneLead : w.overLead}</p>
          <Link to="/agents" className="btn" data-tone="plain">
            {words.signIn.title}
          </Link>
        </section>
      </Frame>
    );
  return (
    <Frame isNarrow>
      <Form className="sheet card" onSubmit={submit}>
        <h1>{w.title}</h1>
        <p className="quiet">{w.lead}</p>
        <Text
          label={words.signInSettings.password.next}
          name="new-password"
          type="password"
          autoComplete="new-password"
          value={password}
          onChange={setPassword}
          hint={words.signIn.passwordHint}
          error={problem}
        />
        <Button tone="allow" size="large" type="submit" isBusy={choose.isPending}>
          {w.submit}
        </Button>
      </Form>
    </Frame>
  );
}
