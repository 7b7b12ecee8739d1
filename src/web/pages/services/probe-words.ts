import type { Failure } from "../../data/failure.ts";
import { said } from "../../ui/said.tsx";
import { usePageWords } from "../../words/language.tsx";
import { SERVICES } from "../../words/services.ts";
import { useFailureWords } from "../shell/failure-words.ts";

/** Puts into words why an API can't be used, by what came of calling it. */
export function useProbeWords(): (failure: Failure) => string {
  const { probe: w } = usePageWords(SERVICES);
  const explain = useFailureWords();
  return (failure) => {
    if (failure.fields.includes("/upstream_url")) return w.blocked;
    if (failure.code !== "upstream_error") return explain(failure);
    const { cause = "", status = 0, offers = [] } = failure.probe ?? {};
    switch (cause) {
      case "credentials":
      case "sample_input":
      case "status":
        return w[cause](String(status));
      case "unpayable_offers": {
        const [offer] = offers;
        const reason =
          offer === undefined
            ? ""
            : w.unpayable(offer.field, said(offer.found ?? "–", 60), said(offer.expected, 60));
        return `${w.unpayable_offers} ${reason}`.trim();
      }
      case "blocked":
      case "timeout":
      case "unreachable":
      case "broken_off":
      case "redirect":
      case "no_terms":
      case "other_payee":
      case "pays_treasury":
        return w[cause];
      default:
        return w.other;
    }
  };
}
