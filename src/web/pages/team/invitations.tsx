import type { SyntheticEvent } from "react";
import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import { useMay } from "../../data/organisations.ts";
import type { Invitation, SponsorRole } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Form } from "../../ui/form.tsx";
import { said } from "../../ui/said.tsx";
import { Text } from "../../ui/text.tsx";
import { useToast } from "../../ui/toast.tsx";
import { useNow, usePageWords, useWords } from "../../words/language.tsx";
import { TEAM } from "../../words/team.ts";
import { useFailureWords } from "../shell/failure-words.ts";
import { useEndInvitation, useInvite } from "./queries.ts";
import { RoleSelect } from "./role-select.tsx";

export function Invite() {
  const { invite: w } = usePageWords(TEAM);
  const explain = useFailureWords();
  const toast = useToast();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<SponsorRole>("viewer");
  const invite = useInvite();
  const failure = invite.error === null ? undefined : failureOf(invite.error);
  const problem = (): string | undefined => {
    if (failure === undefined) return undefined;
    if (failure.fields.includes("/email")) return w.refused;
    return failure.code === "conflict" ? w.tooMany : explain(failure);
  };
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (invite.isPending) return;
    const address = email.trim();
    invite.mutate(
      { email: address, role },
      {
        onSuccess: () => {
          setEmail("");
          toast({ text: w.sent(said(address, 60)) });
        },
      },
    );
  };
  return (
    <Form className="sheet team-part" onSubmit={submit} aria-label={w.title}>
      <h2>{w.title}</h2>
      <div className="invite-fields">
        <Text
          label={w.email}
          name="invite-email"
          type="email"
          autoComplete="off"
          value={email}
          onChange={setEmail}
          hint={w.hint}
          error={problem()}
        />
        <RoleSelect label={w.role} value={role} onChange={setRole} />
      </div>
      <span>
        <Button tone="allow" type="submit" isBusy={invite.isPending}>
          {w.submit}
        </Button>
      </span>
    </Form>
  );
}

export function Invitations({ invitations }: { invitations: Invitation[] }) {
  const { invitations: w } = usePageWords(TEAM);
  return (
    <section className="sheet" aria-label={w.title}>
      <h2 className="team-title">{w.title}</h2>
      <ul className="rows">
        {invitations.map((invitation) => (
          <li key={invitation.invitation_id}>
            <Row invitation={invitation} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Row({ invitation }: { invitation: Invitation }) {
  const { words, format } = useWords();
  const { invitations: w } = usePageWords(TEAM);
  const explain = useFailureWords();
  const toast = useToast();
  const now = useNow();
  const end = useEndInvitation();
  const email = said(invitation.email, 60);
  return (
    <article className="member" aria-label={email}>
      <span className="dot" data-tone="wait" />
      <div className="member-name">
        <span className="one-line">
          <bdi>{email}</bdi>
        </span>
        <span className="note">
          {w.until(format.deadline(invitation.expires_at, now))}
          {invitation.mailed_at === null && ` · ${w.onItsWay}`}
        </span>
      </div>
      <span>{words.sponsor.role[invitation.role]}</span>
      <span className="member-end">
        {useMay("owner") && (
          <Button
            isBusy={end.isPending}
            onPress={() =>
              end.mutate(invitation.invitation_id, {
                onError: (error) => toast({ text: explain(failureOf(error)) }),
              })
            }
          >
            {w.end}
          </Button>
        )}
      </span>
    </article>
  );
}
