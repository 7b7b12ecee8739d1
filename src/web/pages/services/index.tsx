import "../../ui/sheet.css";
import "./services.css";
import { Link } from "@tanstack/react-router";
import { failureOf } from "../../data/failure.ts";
import { useMay } from "../../data/organisations.ts";
import type { ServiceRow } from "../../data/shapes.ts";
import { Empty, Loading, Problem } from "../../ui/empty.tsx";
import { said } from "../../ui/said.tsx";
import { usePageWords, useWords } from "../../words/language.tsx";
import { SERVICES } from "../../words/services.ts";
import { useFailureWords } from "../shell/failure-words.ts";
import { SponsorHead } from "../sponsor/sponsor-head.tsx";
import { useServices } from "./queries.ts";
import { ServiceState } from "./service-state.tsx";

export function ServicesPage() {
  const w = usePageWords(SERVICES);
  const { words } = useWords();
  const explain = useFailureWords();
  const mayEdit = useMay("editor");
  const { data, error } = useServices();
  const register = mayEdit && (
    <Link to="/services/new" className="btn" data-tone="allow">
      {w.register}
    </Link>
  );
  return (
    <>
      <SponsorHead title={w.title} lead={w.lead}>
        {data !== undefined && data.apis.length > 0 && register}
      </SponsorHead>
      {data === undefined && error === null && <Loading label={words.loading} />}
      {data === undefined && error !== null && <Problem>{explain(failureOf(error))}</Problem>}
      {data?.apis.length === 0 && (
        <Empty>
          <p>{w.empty}</p>
          {register}
        </Empty>
      )}
      {data !== undefined && data.apis.length > 0 && (
        <ul className="sheet rows" aria-label={w.list}>
          {data.apis.map((row) => (
            <li key={row.service_key}>
              <Row row={row} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Row({ row }: { row: ServiceRow }) {
  const w = usePageWords(SERVICES);
  const { format } = useWords();
  const name = said(row.name, 60);
  const { paid_calls: paid, undelivered_calls: undelivered } = row.reliability;
  return (
    <article className="service-row" aria-label={name}>
      <div className="service-name">
        <Link to="/services/$serviceKey" params={{ serviceKey: row.service_key }} className="one-line">
          <bdi>{name}</bdi>
        </Link>
        <code className="mono faint">{row.service_key}</code>
      </div>
      <ServiceState service={row} />
      <span className="note num">{row.terms === null ? w.free : w.upTo(format.amount(row.price_cents))}</span>
      <span className="note num">
        {paid === 0 ? w.neverPaid : w.delivered(format.count(paid - undelivered), format.count(paid))}
      </span>
    </article>
  );
}
