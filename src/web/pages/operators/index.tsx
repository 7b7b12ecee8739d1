import "../../ui/records.css";
import "../../ui/sheet.css";
import "./operators.css";
import { useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { failureOf } from "../../data/failure.ts";
import { hasPasskeys, usePasskeySignIn } from "../../data/passkeys.ts";
import { usePerson } from "../../data/session.ts";
import { Button } from "../../ui/button.tsx";
import { Problem } from "../../ui/empty.tsx";
import { usePageWords, useWords } from "../../words/language.tsx";
import { OPERATORS } from "../../words/operators.ts";
import { NotLoaded } from "../shell/not-loaded.tsx";
import { PageHead } from "../shell/page-head.tsx";
import { useSignInProblem } from "../sign-in/problem.ts";
import { Books } from "./books.tsx";
import { Figures } from "./figures.tsx";
import { Log } from "./log.tsx";
import { PaymentSwitch } from "./payment-switch.tsx";
import { refreshOperations, useOverview } from "./queries.ts";
import { Suspended } from "./suspended.tsx";
import { Treasury } from "./treasury.tsx";
import { Waiting } from "./waiting.tsx";

/** The route lets operators through. Who signs in only here is asked about again. */
export function OperatorsPage() {
  const isOperator = usePerson()?.is_operator === true;
  const router = useRouter();
  useEffect(() => {
    if (!isOperator) router.invalidate().catch(() => undefined);
  }, [isOperator, router]);
  return isOperator ? <Operations /> : null;
}

function Operations() {
  const w = usePageWords(OPERATORS);
  const { data, error, refetch } = useOverview();
  const code = error === null ? undefined : failureOf(error).code;
  if (code === "forbidden")
    return (
      <>
        <PageHead title={w.title} lead={w.lead} />
        <PasskeyFirst />
      </>
    );
  return (
    <>
      <PageHead title={w.title} lead={w.lead} />
      {data === undefined ? (
        <NotLoaded error={error} refetch={refetch} />
      ) : (
        <>
          {error !== null && <Stale error={error} />}
          <PaymentSwitch state={data.switch} />
          <Figures overview={data} />
          {data.suspended.total > 0 && <Suspended suspended={data.suspended} />}
          {data.waiting.total > 0 && <Waiting waiting={data.waiting} />}
          <Books ledger={data.ledger} />
          <Treasury treasury={data.treasury} />
        </>
      )}
      <Log />
    </>
  );
}

/** What is shown is from before: it couldn't be asked for again. */
function Stale({ error }: { error: Error }) {
  const { failure } = useWords().words;
  return <Problem>{failureOf(error).code === "unreachable" ? failure.unreachable : failure.ours}</Problem>;
}

/** The sign-in wasn't made with a passkey that counts, or too long ago. */
function PasskeyFirst() {
  const { passkey: w } = usePageWords(OPERATORS);
  const { signIn } = useWords().words;
  const passkey = usePasskeySignIn();
  const problem = useSignInProblem(passkey.error);
  return (
    <section className="sheet ops-part" aria-labelledby="passkey-title">
      <h2 id="passkey-title">{w.title}</h2>
      <p className="quiet">{w.lead}</p>
      {hasPasskeys() ? (
        <span>
          <Button
            tone="allow"
            isBusy={passkey.isPending}
            onPress={() =>
              passkey.mutate(undefined, {
                onSuccess: () => {
                  refreshOperations().catch(() => undefined);
                },
              })
            }
          >
            {signIn.passkey}
          </Button>
        </span>
      ) : (
        <p className="note">{w.none}</p>
      )}
      {problem !== undefined && <Problem>{problem}</Problem>}
    </section>
  );
}
