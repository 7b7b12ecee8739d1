import "../../ui/sheet.css";
import "./consents.css";
import { failureOf } from "../../data/failure.ts";
import type { SharedRow } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Glyph } from "../../ui/glyph.tsx";
import { said, Said } from "../../ui/said.tsx";
import { Moment } from "../../ui/times.tsx";
import { useToast } from "../../ui/toast.tsx";
import { useNow, useWords } from "../../words/language.tsx";
import { useNouns } from "../approval/noun-words.ts";
import { useFailureWords } from "../shell/failure-words.ts";
import { OlderList } from "../shell/older-list.tsx";
import { PageHead } from "../shell/page-head.tsx";
import { useShared, useWithdraw } from "./queries.ts";

export function ConsentsPage() {
  const { shared: w } = useWords().words.ownData;
  const query = useShared();
  const shared = query.data?.pages.flatMap((page) => page.consents);
  return (
    <>
      <PageHead title={w.title} lead={w.lead} />
      <OlderList query={query} isEmpty={shared?.length === 0} empty={w.empty}>
        <ul className="sheet rows">
          {shared?.map((row) => (
            <li key={row.consent_id}>
              <Shared row={row} />
            </li>
          ))}
        </ul>
      </OlderList>
    </>
  );
}

/** One time that something was shared: with whom, what, for what, and what can be stopped. */
function Shared({ row }: { row: SharedRow }) {
  const { words, format } = useWords();
  const { shared: w } = words.ownData;
  const { dataList } = useNouns();
  const now = useNow();
  const recipient = row.recipient === null ? w.nobody : said(row.recipient, 60);
  const about =
    row.service_name === null
      ? w.forCampaign(said(row.campaign ?? "", 60))
      : w.forService(said(row.service_name, 60));
  return (
    <article className="shared" aria-label={recipient} data-ended={row.withdrawn_at !== null || undefined}>
      <Glyph name={recipient} />
      <div className="shared-what">
        <b>
          <bdi>{recipient}</bdi>
        </b>
        <p>
          {row.data_types.length === 0 ? w.answers : w.data(dataList(row.data_types))}{" "}
          <span className="quiet">{about}</span>
        </p>
        <p className="note">
          <Moment at={row.at} />
          {row.agent !== null && <>, {w.byAgent(said(row.agent, 28))}</>}
        </p>
        {row.service_key === null && (
          <blockquote className="note">
            {w.purpose}: <Said text={row.purpose} max={300} />
          </blockquote>
        )}
      </div>
      <div className="shared-state">
        {row.withdrawn_at === null ? (
          <>
            <p className="note num">
              {row.service_key !== null && w.sentOn}
              {row.service_key === null &&
                (row.kept_until === null ? w.notKept : w.keptUntil(format.deadline(row.kept_until, now)))}
            </p>
            <Stop row={row} recipient={recipient} />
          </>
        ) : (
          <p className="note num">{w.ended(format.moment(row.withdrawn_at, now))}</p>
        )}
      </div>
    </article>
  );
}

function Stop({ row, recipient }: { row: SharedRow; recipient: string }) {
  const { shared: w } = useWords().words.ownData;
  const explain = useFailureWords();
  const toast = useToast();
  const withdraw = useWithdraw();
  const stop = (consentId: string, text: string): void =>
    withdraw.mutate(consentId, {
      onSuccess: () => toast({ text }),
      onError: (error) => toast({ text: explain(failureOf(error)) }),
    });
  const { contact_consent_id: contactId } = row;
  return (
    <div className="shared-buttons">
      {contactId !== null && (
        <>
          <span className="note">{w.contact}</span>
          <Button size="small" isBusy={withdraw.isPending} onPress={() => stop(contactId, w.contactStopped)}>
            {w.stopContact}
          </Button>
        </>
      )}
      <Confirm
        trigger={w.stop}
        size="small"
        title={w.stopTitle(recipient)}
        body={row.service_key === null ? w.stopBody : w.stopInputBody}
        yes={w.stopYes}
        no={w.stopNo}
        onYes={() => stop(row.consent_id, w.stopped)}
      />
    </div>
  );
}
