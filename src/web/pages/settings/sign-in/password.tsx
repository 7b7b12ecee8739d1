import type { SyntheticEvent } from "react";
import { useState } from "react";
import { useChangePassword, useMailPasswordLink } from "../../../data/passkeys.ts";
import { Button } from "../../../ui/button.tsx";
import { Form } from "../../../ui/form.tsx";
import { said } from "../../../ui/said.tsx";
import { Text } from "../../../ui/text.tsx";
import { useWords } from "../../../words/language.tsx";
import { useSignInProblem } from "../../sign-in/problem.ts";

export function Password({ email }: { email: string }) {
  const { words } = useWords();
  const { password: w } = words.signInSettings;
  const [currentPassword, setCurrent] = useState("");
  const [newPassword, setNew] = useState("");
  const change = useChangePassword();
  const link = useMailPasswordLink();
  const problem = useSignInProblem(change.error ?? link.error);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (change.isPending) return;
    change.mutate(
      { currentPassword, newPassword },
      {
        onSuccess: () => {
          setCurrent("");
          setNew("");
        },
      },
    );
  };
  return (
    <Form className="sign-in-part" onSubmit={submit} aria-label={w.title}>
      <h3>{w.title}</h3>
      <Text
        label={w.current}
        name="current-password"
        type="password"
        autoComplete="current-password"
        value={currentPassword}
        onChange={setCurrent}
        error={problem}
      />
      <Text
        label={w.next}
        name="new-password"
        type="password"
        autoComplete="new-password"
        value={newPassword}
        onChange={setNew}
        hint={words.signIn.passwordHint}
      />
      <span className="sign-in-buttons">
        <Button type="submit" isBusy={change.isPending}>
          {w.submit}
        </Button>
        <Button tone="quiet" isBusy={link.isPending} onPress={() => link.mutate(email)}>
          {w.link}
        </Button>
      </span>
      <p className="note" role="status">
        {change.isSuccess && w.changed}
        {link.isSuccess && w.linkSent(said(email, 60))}
      </p>
    </Form>
  );
}
