import "../../ui/sheet.css";
import { usePageWords, useWords } from "../../words/language.tsx";
import { WEBHOOKS } from "../../words/webhooks.ts";
import { SponsorHead } from "../sponsor/sponsor-head.tsx";

export function WebhooksPage() {
  const { nav: w } = useWords().words.sponsor;
  return <SponsorHead title={w.team} />;
}
