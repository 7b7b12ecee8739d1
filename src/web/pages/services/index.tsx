import "../../ui/sheet.css";
import { useWords } from "../../words/language.tsx";
import { SponsorHead } from "../sponsor/sponsor-head.tsx";

export function ServicesPage() {
  const { nav: w } = useWords().words.sponsor;
  return <SponsorHead title={w.services} />;
}
