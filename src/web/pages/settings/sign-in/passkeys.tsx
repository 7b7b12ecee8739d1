import type { SyntheticEvent } from "react";
import { useState } from "react";
import { useAddPasskey, usePasskeys, useRemovePasskey } from "../../../data/passkeys.ts";
import { Button } from "../../../ui/button.tsx";
import { Confirm } from "../../../ui/confirm.tsx";
import { Problem } from "../../../ui/empty.tsx";
import { Form } from "../../../ui/form.tsx";
import { said } from "../../../ui/said.tsx";
import { Text } from "../../../ui/text.tsx";
import { Moment } from "../../../ui/times.tsx";
import { useWords } from "../../../words/language.tsx";
import { useSignInProblem } from "../../sign-in/problem.ts";

export function Passkeys() {
  const { passkeys: w } = useWords().words.signInSettings;
  const { data, error } = usePasskeys();
  const add = useAddPasskey();
  const remove = useRemovePasskey();
  const problem = useSignInProblem(add.error ?? remove.error ?? error);
  const [name, setName] = useState("");
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (!add.isPending) add.mutate(name.trim(), { onSuccess: () => setName("") });
  };
  return (
    <div className="sign-in-part">
      <h3>{w.title}</h3>
      <p className="note">{w.lead}</p>
      {data?.length === 0 && <p className="note">{w.none}</p>}
      {data !== undefined && data.length > 0 && (
        <ul className="passkeys" aria-label={w.title}>
          {data.map((passkey) => {
            const shown = said(passkey.name ?? w.unnamed, 40);
            return (
              <li key={passkey.id}>
                <span>
                  <b>
                    <bdi>{shown}</bdi>
                  </b>{" "}
                  {passkey.createdAt !== null && (
                    <span className="note">
                      {w.added} <Moment at={passkey.createdAt} />
                    </span>
                  )}
                </span>
                <Confirm
                  trigger={w.remove}
                  title={w.removeTitle(shown)}
                  body={w.removeBody}
                  yes={w.removeYes}
                  no={w.keep}
                  onYes={() => remove.mutate(passkey.id)}
                />
              </li>
            );
          })}
        </ul>
      )}
      <Form className="sign-in-form" onSubmit={submit}>
        <Text
          label={w.name}
          name="passkey-name"
          autoComplete="off"
          value={name}
          onChange={setName}
          hint={w.nameHint}
        />
        <Button type="submit" isBusy={add.isPending}>
          {w.add}
        </Button>
      </Form>
      {problem !== undefined && <Problem>{problem}</Problem>}
      <p className="note" role="status">
        {add.isSuccess && w.isAdded}
      </p>
    </div>
  );
}
