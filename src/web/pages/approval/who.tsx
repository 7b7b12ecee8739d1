import type { Question } from "../../data/shapes.ts";
import { Glyph } from "../../ui/glyph.tsx";
import { said, Said } from "../../ui/said.tsx";
import { Ago } from "../../ui/times.tsx";
import type { Words } from "../../words/en.ts";
import { useNow, useWords } from "../../words/language.tsx";
import { StepHeading } from "./heading.tsx";

/** Where the person goes with the answer. @param place a host with its port, or the scheme of an app */
function placeSentence(place: string, w: Words["approval"]["ask"]): string {
  if (/^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(place)) return w.returnsToDevice;
  return /^[a-z][a-z0-9+.-]*:$/.test(place)
    ? w.returnsToApp(said(place, 40))
    : w.returnsToHost(said(place, 60));
}

/** Who asks, for what, and what speaks for or against it. */
export function Who({ question, title }: { question: Question; title: string }) {
  const { words, format } = useWords();
  const { ask: w } = words.approval;
  const now = useNow();
  const { agent, asked_at, asked_from, expires_at, service, campaign } = question;
  return (
    <aside className="who">
      <div className="who-name">
        <Glyph name={said(agent.name, 40)} isLarge />
        <StepHeading>{title}</StepHeading>
      </div>
      <p className="who-own quiet">
        {agent.owner_domain === null ? w.ownName : words.byDomain(said(agent.owner_domain, 60))}
      </p>
      <dl className="facts">
        {(service !== null || campaign !== null) && (
          <div>
            <dt>{w.forWhat}</dt>
            {service !== null && (
              <dd>
                <bdi>{w.service(said(service.name, 60), said(service.sponsor, 60))}</bdi>
              </dd>
            )}
            {campaign !== null && (
              <dd className="purpose">
                <blockquote>
                  <Said text={campaign.purpose} max={300} />
                </blockquote>{" "}
                <span className="faint small">{w.purpose(said(campaign.sponsor, 60))}</span>
                <p className="note">{w.kept(format.days(campaign.retention_days))}</p>
              </dd>
            )}
          </div>
        )}
        <div>
          <dt>{w.asked}</dt>
          <dd>
            <Ago at={asked_at} />
            {asked_from.address !== null && (
              <>
                {" "}
                <span className="faint num">{w.from(said(asked_from.address, 45))}</span>
              </>
            )}
          </dd>
        </div>
        {question.returns_to !== null && (
          <div>
            <dt>{w.afterwards}</dt>
            <dd>
              <bdi>{placeSentence(question.returns_to, w)}</bdi>
            </dd>
          </div>
        )}
        <div>
          <dt>{w.answerUntil}</dt>
          <dd>
            <time dateTime={expires_at} title={format.full(expires_at)}>
              {w.until(format.deadline(expires_at, now))}
            </time>
          </dd>
        </div>
        <div className="facts-wide">
          <dt>{w.whoPays}</dt>
          <dd>{w.pays}</dd>
        </div>
      </dl>
    </aside>
  );
}
