import "../../ui/sheet.css";
import "../services/services.css";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useSponsor } from "../../data/organisations.ts";
import type { Inspected } from "../../data/shapes.ts";
import { usePageWords } from "../../words/language.tsx";
import { SERVICES } from "../../words/services.ts";
import { SponsorHead } from "../sponsor/sponsor-head.tsx";
import { Terms } from "../services/terms.tsx";
import { AddressPart } from "./address-part.tsx";
import { DefinitionPart } from "./definition-part.tsx";
import { DocumentPart } from "./document-part.tsx";
import type { Draft } from "./draft.ts";
import { EMPTY_DRAFT, proposedKey, withSeen } from "./draft.ts";

/** Registers a service: its address is looked at first, then its terms are shown, and what it says of itself is filled in. */
export function NewServicePage() {
  const w = usePageWords(SERVICES);
  const navigate = useNavigate();
  const { name: organisation } = useSponsor();
  const [draft, setDraft] = useState<Draft>(EMPTY_DRAFT);
  const [seen, setSeen] = useState<Inspected>();
  const change = (part: Partial<Draft>): void => setDraft((before) => ({ ...before, ...part }));
  return (
    <>
      <SponsorHead title={w.new.title} lead={w.new.lead}>
        <Link to="/services" activeOptions={{ exact: true }} className="btn" data-tone="plain">
          {w.back}
        </Link>
      </SponsorHead>
      <AddressPart
        draft={draft}
        onChange={(part) => {
          change(part);
          setSeen(undefined);
        }}
        onSeen={(found) => {
          setDraft((before) => withSeen(before, found, organisation));
          setSeen(found);
        }}
      />
      {seen === undefined && (
        <DocumentPart
          onTake={({ key, ...part }) =>
            change({ ...part, ...(key !== undefined && { key: proposedKey(organisation, key) }) })
          }
        />
      )}
      {seen !== undefined && (
        <>
          <section className="sheet part part-narrow" aria-labelledby="terms-title">
            <h2 id="terms-title">{w.new.terms}</h2>
            <Terms
              terms={seen.terms}
              priceCents={seen.terms?.amount_cents ?? null}
              timeoutSeconds={seen.terms?.timeout_seconds ?? null}
              method={seen.upstream_method}
              url={seen.upstream_url}
            />
            {seen.terms !== null && <p className="note">{w.new.termsNote}</p>}
          </section>
          <DefinitionPart
            draft={draft}
            seen={seen}
            onChange={change}
            onRegistered={(serviceKey) => {
              navigate({ to: "/services/$serviceKey", params: { serviceKey } }).catch(() => undefined);
            }}
          />
        </>
      )}
    </>
  );
}
