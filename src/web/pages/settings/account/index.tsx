import "./account.css";
import { failureOf } from "../../../data/failure.ts";
import { DownloadError } from "../../../data/download.ts";
import { Button } from "../../../ui/button.tsx";
import { Problem } from "../../../ui/empty.tsx";
import { useWords } from "../../../words/language.tsx";
import { useFailureWords } from "../../shell/failure-words.ts";
import { DeleteAccount } from "./delete-account.tsx";
import { useExport } from "./queries.ts";

/** The person's own account: take the data along, or leave. */
export function AccountSettings({ email }: { email: string }) {
  const { ownAccount: w } = useWords().words;
  const explain = useFailureWords();
  const { mutate, isPending, isSuccess, error } = useExport();
  return (
    <section className="sheet own-account" aria-label={w.title}>
      <h2>{w.title}</h2>
      <div className="own-account-part">
        <h3>{w.exportTitle}</h3>
        <p className="note">{w.exportLead}</p>
        <Button isBusy={isPending} onPress={() => mutate()}>
          {w.export}
        </Button>
        {error !== null && (
          <Problem>{explain(error instanceof DownloadError ? error.failure : failureOf(error))}</Problem>
        )}
        <p className="note" role="status">
          {isSuccess && w.exported}
        </p>
      </div>
      <div className="own-account-part">
        <h3>{w.deleteTitle}</h3>
        <p className="note">{w.deleteLead}</p>
        <DeleteAccount email={email} />
      </div>
    </section>
  );
}
