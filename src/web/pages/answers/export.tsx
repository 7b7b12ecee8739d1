import { useMutation } from "@tanstack/react-query";
import type { AnswersToDownload } from "../../data/download.ts";
import { downloadAnswers, DownloadError } from "../../data/download.ts";
import { failureOf } from "../../data/failure.ts";
import { useMay, useSponsor } from "../../data/organisations.ts";
import { Button } from "../../ui/button.tsx";
import { Problem } from "../../ui/empty.tsx";
import { INBOX } from "../../words/inbox.ts";
import { usePageWords } from "../../words/language.tsx";
import { useFailureWords } from "../shell/failure-words.ts";
import type { Filters } from "./queries.ts";

const FORMATS = ["csv", "json", "jsonl"] as const satisfies AnswersToDownload["format"][];

/** Downloads all answers that the filters show, also those further down that the page hasn't loaded. */
export function Export({ campaignId, filters }: { campaignId: string; filters: Filters }) {
  const w = usePageWords(INBOX);
  const explain = useFailureWords();
  const { sponsor_id } = useSponsor();
  const mayExport = useMay("editor");
  const exporting = useMutation({ mutationFn: downloadAnswers });
  if (!mayExport) return null;
  const { error } = exporting;
  return (
    <>
      <div className="inbox-export" role="group" aria-label={w.download}>
        <span className="note">{w.download}</span>
        {FORMATS.map((format) => (
          <Button
            key={format}
            size="small"
            isBusy={exporting.isPending}
            onPress={() => exporting.mutate({ sponsor_id, campaign_id: campaignId, format, ...filters })}
          >
            {format.toUpperCase()}
          </Button>
        ))}
      </div>
      {error !== null && (
        <Problem>{explain(error instanceof DownloadError ? error.failure : failureOf(error))}</Problem>
      )}
    </>
  );
}
