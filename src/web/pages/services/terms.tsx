import { usePageWords, useWords } from "../../words/language.tsx";
import { SERVICES } from "../../words/services.ts";

interface TermsProps {
  terms: { network: string; asset: string; pay_to: string } | null;
  priceCents: number | null;
  timeoutSeconds?: number | null;
  method: string;
  url: string;
}

/** What an API asks for, as it is pinned. */
export function Terms({ terms, priceCents, timeoutSeconds, method, url }: TermsProps) {
  const w = usePageWords(SERVICES);
  const { format } = useWords();
  const rows: [string, string, boolean][] = [
    [w.terms.address, url, true],
    [w.terms.method, method, true],
    [w.terms.price, terms === null ? w.free : priceCents === null ? "–" : format.amount(priceCents), false],
    ...(terms === null
      ? []
      : ([
          [w.terms.payTo, terms.pay_to, true],
          [w.terms.network, terms.network, true],
          [w.terms.asset, terms.asset, true],
        ] satisfies [string, string, boolean][])),
    ...(typeof timeoutSeconds === "number"
      ? ([[w.terms.timeout, format.duration(timeoutSeconds), false]] satisfies [string, string, boolean][])
      : []),
  ];
  return (
    <dl className="granted terms">
      {rows.map(([name, value, isCode]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{isCode ? <code className="mono">{value}</code> : value}</dd>
        </div>
      ))}
    </dl>
  );
}
