import "../../ui/sheet.css";
import "./team.css";
import { useMay } from "../../data/organisations.ts";
import { usePageWords } from "../../words/language.tsx";
import { TEAM } from "../../words/team.ts";
import { SponsorHead } from "../sponsor/sponsor-head.tsx";
import { Audit } from "./audit.tsx";
import { Close } from "./close.tsx";
import { Invitations, Invite } from "./invitations.tsx";
import { Keys } from "./keys.tsx";
import { Members } from "./members.tsx";
import { useTeam } from "./queries.ts";
import { NotLoaded } from "../shell/not-loaded.tsx";

export function TeamPage() {
  const w = usePageWords(TEAM);
  const isOwner = useMay("owner");
  const { data, error, refetch } = useTeam();
  return (
    <>
      <SponsorHead title={w.title} lead={w.lead} />
      {data === undefined && <NotLoaded error={error} refetch={refetch} />}
      {data !== undefined && <Members members={data.members} />}
      {data !== undefined && data.invitations.length > 0 && <Invitations invitations={data.invitations} />}
      {isOwner && <Invite />}
      {isOwner && <Keys />}
      <Audit />
      {isOwner && <Close />}
    </>
  );
}
