import "./approval.css";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { failureOf } from "../../data/failure.ts";
import { usePerson } from "../../data/session.ts";
import { Loading } from "../../ui/empty.tsx";
import { useWords } from "../../words/language.tsx";
import { LoadFailed } from "../shell/failed.tsx";
import { Frame } from "../shell/frame.tsx";
import { SignIn } from "../sign-in/index.tsx";
import { Code } from "./code.tsx";
import { Outcome } from "./outcome.tsx";
import { approvalQuery } from "./queries.ts";
import { Review } from "./review.tsx";

const route = getRouteApi("/approvals/$approvalId");

export function ApprovalRoute() {
  const { words } = useWords();
  const { approvalId } = route.useParams();
  if (usePerson() === undefined)
    return <SignIn title={words.signIn.answerTitle} lead={words.signIn.answerLead} />;
  return <Approval key={approvalId} approvalId={approvalId} />;
}

function Approval({ approvalId }: { approvalId: string }) {
  const { words } = useWords();
  const { data, error, refetch } = useQuery(approvalQuery(approvalId));
  if (error !== null && failureOf(error).code === "not_found") return <Outcome state="missing" />;
  if (data === undefined) {
    if (error !== null)
      return (
        <LoadFailed
          error={error}
          reset={() => {
            refetch().catch(() => undefined);
          }}
        />
      );
    return (
      <Frame isNarrow>
        <Loading label={words.loading} />
      </Frame>
    );
  }
  switch (data.state) {
    case "code_needed":
      return <Code approvalId={approvalId} page={data} />;
    case "open":
      return <Review approvalId={approvalId} question={data.question} />;
    case "decided":
      return <Outcome state="decided" page={data} />;
    case "ended":
      return <Outcome state="ended" />;
  }
}
