import type { Campaign } from "../../data/shapes.ts";
import { Meter } from "../../ui/meter.tsx";
import { CAMPAIGN } from "../../words/campaign.ts";
import { usePageWords, useWords } from "../../words/language.tsx";

/** From seen to run: how many go from one step to the next. */
export function Funnel({ funnel }: { funnel: Campaign["figures"]["funnel"] }) {
  const w = usePageWords(CAMPAIGN);
  const { format } = useWords();
  const steps = [
    { label: w.seen, value: funnel.seen },
    { label: w.opened, value: funnel.opened },
    { label: w.answered, value: funnel.answered },
    { label: w.counted, value: funnel.accepted },
    { label: w.run, value: funnel.run },
  ];
  const most = Math.max(1, ...steps.map(({ value }) => value));
  return (
    <section className="sheet campaign-part" aria-labelledby="funnel">
      <h2 id="funnel">{w.funnel}</h2>
      <ol className="funnel">
        {steps.map(({ label, value }, index) => {
          const before = steps[index - 1]?.value ?? 0;
          const share = index === 0 || before === 0 ? "" : format.percent(value / before);
          return (
            <li key={label} className="funnel-step">
              <span>{label}</span>
              <b className="num">{format.count(value)}</b>
              <Meter value={value} max={most} label={`${label}: ${format.count(value)}`} isIdle />
              <span className="note num">{share}</span>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
