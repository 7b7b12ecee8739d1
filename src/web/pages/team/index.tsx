import "../../ui/sheet.css";
import "./team.css";
import { failureOf } from "../../data/failure.ts";
import { useMay } from "../../data/organisations.ts";
import { Button } from "../../ui/button.tsx";
import { Empty, Loading, Problem } from "../../ui/empty.tsx";
import { usePageWords, useWords } from "../../words/language.tsx";
import { TEAM } from "../../words/team.ts";
import { useFailureWords } from "../shell/failure-words.ts";
import { SponsorHead } from "../sponsor/sponsor-head.tsx";
import { Audit } from "./audit.tsx";
import { Invitations, Invite } from "./invitations.tsx";
import { Keys } from "./keys.tsx";
import { Members } from "./members.tsx";
import { useTeam } from "./queries.ts";

export function TeamPage() {
  const w = usePageWords(TEAM);
  const { words } = useWords();
  const explain = useFailureWords();
  const isOwner = useMay("owner");
  const { data, error, refetch } = useTeam();
  return (
    <>
      <SponsorHead title={w.title} lead={w.lead} />
      {data === undefined && error === null && <Loading label={words.loading} />}
      {data === undefined && error !== null && (
        <Empty>
          <Problem>{explain(failureOf(error))}</Problem>
          <Button
            onPress={() => {
              refetch().catch(() => undefined);
            }}
          >
            {words.tryAgain}
          </Button>
        </Empty>
      )}
      {data !== undefined && <Members members={data.members} />}
      {data !== undefined && data.invitations.length > 0 && <Invitations invitations={data.invitations} />}
      {isOwner && <Invite />}
      {isOwner && <Keys />}
      <Audit />
    </>
  );
}
