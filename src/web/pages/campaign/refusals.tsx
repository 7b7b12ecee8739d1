import { Link } from "@tanstack/react-router";
import { failureOf } from "../../data/failure.ts";
import { useMay } from "../../data/organisations.ts";
import type { Campaign } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { useToast } from "../../ui/toast.tsx";
import { CAMPAIGN } from "../../words/campaign.ts";
import { usePageWords, useWords } from "../../words/language.tsx";
import { useFailureWords } from "../shell/failure-words.ts";
import { useChangeCampaign } from "./queries.ts";

type Refusal = Campaign["figures"]["refused_runs"][number];

/** The runs that the campaign's rules refused, each with the change that would allow them. */
export function Refusals({ campaign }: { campaign: Campaign }) {
  const w = usePageWords(CAMPAIGN);
  const { format } = useWords();
  const { refused_runs: refused } = campaign.figures;
  if (refused.length === 0) return null;
  return (
    <section className="sheet campaign-part" aria-labelledby="refused">
      <h2 id="refused">{w.refused}</h2>
      <ul className="funnel">
        {refused.map((one) => (
          <li key={one.rule} className="refusal">
            <span>
              <b className="num">{w.runs(format.count(one.runs))}</b>: {w.rules[one.rule]}
            </span>
            <Remedy refusal={one} campaignId={campaign.campaign_id} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Remedy({ refusal: { rule, change }, campaignId }: { refusal: Refusal; campaignId: string }) {
  const w = usePageWords(CAMPAIGN);
  const { format } = useWords();
  const explain = useFailureWords();
  const toast = useToast();
  const apply = useChangeCampaign(campaignId);
  const mayChange = useMay("editor");
  if (change === null) return <span className="note">{w.allowedNow}</span>;
  if (rule === "budget")
    return (
      <Link to="/funds" className="btn" data-size="small">
        {w.changes.budget}
      </Link>
    );
  if (rule === "held")
    return (
      <Link to="/answers" search={{ campaign: campaignId }} className="btn" data-size="small">
        {w.changes.held}
      </Link>
    );
  if (!mayChange) return null;
  const { campaign_id: _, ...terms } = change.params;
  const label =
    rule === "price"
      ? w.changes.price(format.amount(Number(terms["subsidy_per_call_cents"])))
      : w.changes[rule];
  return (
    <Button
      size="small"
      isBusy={apply.isPending}
      onPress={() =>
        apply.mutate(terms, {
          onSuccess: () => toast({ text: w.changed }),
          onError: (error) => toast({ text: explain(failureOf(error)) }),
        })
      }
    >
      {label}
    </Button>
  );
}
