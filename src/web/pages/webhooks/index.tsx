import "../../ui/sheet.css";
import { useMemo } from "react";
import { useMay, useSponsor } from "../../data/organisations.ts";
import { usePageWords } from "../../words/language.tsx";
import { WEBHOOKS } from "../../words/webhooks.ts";
import { SponsorHead } from "../sponsor/sponsor-head.tsx";
import { Webhooks } from "./panel.tsx";
import { webhooksOfSponsor } from "./source.ts";

export function WebhooksPage() {
  const w = usePageWords(WEBHOOKS);
  const { sponsor_id: sponsorId } = useSponsor();
  const manage = useMay("owner");
  const send = useMay("editor");
  const source = useMemo(() => webhooksOfSponsor(sponsorId, { manage, send }), [sponsorId, manage, send]);
  return (
    <>
      <SponsorHead title={w.title} />
      <Webhooks source={source} />
    </>
  );
}
