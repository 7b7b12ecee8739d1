import { failureOf } from "../../data/failure.ts";
import type { AgentRow } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { said } from "../../ui/said.tsx";
import { useToast } from "../../ui/toast.tsx";
import { useNow, useWords } from "../../words/language.tsx";
import { useFailureWords } from "../shell/failure-words.ts";
import { useEndRule } from "./queries.ts";

/** The rules about one agent. Each ends with one press. */
export function Rules({ row }: { row: AgentRow }) {
  const { agent: w } = useWords().words;
  return (
    <section aria-labelledby="rules-title" className="sheet agent-section">
      <h2 id="rules-title">{w.rules}</h2>
      {row.rules.length === 0 ? (
        <p className="quiet">{row.state === "active" ? w.noRules : w.noRulesEnded}</p>
      ) : (
        <ul className="rules">
          {row.rules.map((rule) => (
            <Rule key={rule.rule_id} rule={rule} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Rule({ rule }: { rule: AgentRow["rules"][number] }) {
  const { words, format } = useWords();
  const { agent: w } = words;
  const explain = useFailureWords();
  const toast = useToast();
  const end = useEndRule();
  const now = useNow();
  const sentence =
    rule.kind === "ask_above"
      ? w.askAbove(format.amount(rule.amount_cents))
      : w.dontAsk(
          said(rule.service_name, 60),
          format.amount(rule.cap_cents),
          format.moment(rule.expires_at, now),
        );
  return (
    <li className="rule">
      <span>
        {sentence}
        {rule.kind === "dont_ask" && (
          <span className="note num"> {w.left(format.amount(rule.remaining_cents))}</span>
        )}
      </span>
      <Button
        size="small"
        isBusy={end.isPending}
        onPress={() =>
          end.mutate(rule.rule_id, {
            onSuccess: () => toast({ text: w.ended }),
            onError: (error) => toast({ text: explain(failureOf(error)) }),
          })
        }
      >
        {w.endRule}
      </Button>
    </li>
  );
}
