import { useMay } from "../../data/organisations.ts";
import { Button } from "../../ui/button.tsx";
import { INBOX } from "../../words/inbox.ts";
import { useNow, usePageWords, useWords } from "../../words/language.tsx";
import { OlderList } from "../shell/older-list.tsx";
import { useConfirmDeletion, useWithdrawn } from "./queries.ts";

/** Answers that were withdrawn, by their ids, so that the sponsor deletes its copies and says so. */
export function Withdrawn({ campaignId }: { campaignId: string }) {
  const w = usePageWords(INBOX);
  const { format } = useWords();
  const now = useNow();
  const mayConfirm = useMay("editor");
  const query = useWithdrawn(campaignId);
  const confirm = useConfirmDeletion();
  const withdrawn = query.data?.pages.flatMap((page) => page.withdrawn) ?? [];
  if (withdrawn.length === 0) return null;
  return (
    <section className="inbox-withdrawn" aria-labelledby="withdrawn">
      <h2 id="withdrawn">{w.withdrawn}</h2>
      <p className="note">{w.withdrawnLead}</p>
      <OlderList query={query} isEmpty={false} empty="">
        <ul className="sheet rows">
          {withdrawn.map(({ answer_id, withdrawn_at, copies_deleted_at: deletedAt }) => (
            <li key={answer_id} className="inbox-row">
              <span>
                <span className="mono">{answer_id}</span>{" "}
                <span className="note">{w.withdrawnAt(format.moment(withdrawn_at, now))}</span>
              </span>
              {deletedAt !== null && (
                <span className="note">{w.confirmed(format.moment(deletedAt, now))}</span>
              )}
              {deletedAt === null && mayConfirm && (
                <Button size="small" isBusy={confirm.isPending} onPress={() => confirm.mutate(answer_id)}>
                  {w.confirm}
                </Button>
              )}
            </li>
          ))}
        </ul>
      </OlderList>
    </section>
  );
}
