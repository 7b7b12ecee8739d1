import { useNavigate } from "@tanstack/react-router";
import { failureOf } from "../../data/failure.ts";
import { useMay, useSponsor } from "../../data/organisations.ts";
import type { Member, SponsorRole } from "../../data/shapes.ts";
import { Confirm } from "../../ui/confirm.tsx";
import { Glyph } from "../../ui/glyph.tsx";
import { said } from "../../ui/said.tsx";
import { Moment } from "../../ui/times.tsx";
import { useToast } from "../../ui/toast.tsx";
import { usePageWords, useWords } from "../../words/language.tsx";
import { TEAM } from "../../words/team.ts";
import { useFailureWords } from "../shell/failure-words.ts";
import { useChangeRole, useLeave, useRemoveMember } from "./queries.ts";
import { RoleSelect } from "./role-select.tsx";

export function Members({ members }: { members: Member[] }) {
  const w = usePageWords(TEAM);
  return (
    <section className="sheet" aria-label={w.members}>
      <h2 className="team-title">{w.members}</h2>
      <ul className="rows">
        {members.map((member) => (
          <li key={member.member_id}>
            <Row member={member} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Row({ member }: { member: Member }) {
  const { words } = useWords();
  const w = usePageWords(TEAM);
  const isOwner = useMay("owner");
  const email = member.email === null ? w.noAddress : said(member.email, 60);
  return (
    <article className="member" aria-label={email}>
      <Glyph name={email} />
      <div className="member-name">
        <span className="one-line">
          <bdi>{email}</bdi> {member.is_you && <span className="faint">({w.you})</span>}
        </span>
        <span className="note">
          {w.since} <Moment at={member.since} />
        </span>
      </div>
      {isOwner ? <Role member={member} email={email} /> : <span>{words.sponsor.role[member.role]}</span>}
      <span className="member-end">
        {member.is_you ? <Leave /> : isOwner && <Remove member={member} email={email} />}
      </span>
    </article>
  );
}

function Role({ member, email }: { member: Member; email: string }) {
  const { words } = useWords();
  const w = usePageWords(TEAM);
  const problem = useProblem();
  const toast = useToast();
  const change = useChangeRole();
  return (
    <RoleSelect
      label={w.roleOf(email)}
      isLabelHidden
      value={member.role}
      onChange={(role: SponsorRole) =>
        change.mutate(
          { member_id: member.member_id, role },
          {
            onSuccess: () => toast({ text: w.changed(email, words.sponsor.role[role]) }),
            onError: problem,
          },
        )
      }
    />
  );
}

/** What can't be done is said in a toast. */
function useProblem(): (error: unknown) => void {
  const w = usePageWords(TEAM);
  const explain = useFailureWords();
  const toast = useToast();
  return (error) => {
    const failure = failureOf(error);
    toast({ text: failure.code === "conflict" ? w.lastOwner : explain(failure) });
  };
}

function Remove({ member, email }: { member: Member; email: string }) {
  const w = usePageWords(TEAM);
  const onError = useProblem();
  const remove = useRemoveMember();
  return (
    <Confirm
      trigger={w.remove}
      title={w.removeTitle(email)}
      body={w.removeBody}
      yes={w.removeYes}
      no={w.removeNo}
      onYes={() => remove.mutate(member.member_id, { onError })}
    />
  );
}

function Leave() {
  const w = usePageWords(TEAM);
  const name = said(useSponsor().name, 50);
  const onError = useProblem();
  const toast = useToast();
  const navigate = useNavigate();
  const leave = useLeave();
  return (
    <Confirm
      trigger={w.leave}
      title={w.leaveTitle(name)}
      body={w.leaveBody}
      yes={w.leaveYes}
      no={w.leaveNo}
      onYes={() =>
        leave.mutate(undefined, {
          onSuccess: () => {
            toast({ text: w.left(name) });
            navigate({ to: "/agents" }).catch(() => undefined);
          },
          onError,
        })
      }
    />
  );
}
