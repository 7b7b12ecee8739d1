import "./sign-in-first.css";
import { useSignOut } from "../../data/session.ts";
import { Button } from "../../ui/button.tsx";
import { useWords } from "../../words/language.tsx";

/** For what takes a sign-in of the last 15 minutes: why, and the way there. Signing in leads back to the page. */
export function SignInFirst() {
  const { ownAccount: w } = useWords().words;
  const signOut = useSignOut();
  return (
    <div className="do-first">
      <h3>{w.staleTitle}</h3>
      <p>{w.stale}</p>
      <Button isBusy={signOut.isPending} onPress={() => signOut.mutate()}>
        {w.signInAgain}
      </Button>
    </div>
  );
}
