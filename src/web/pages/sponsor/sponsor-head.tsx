import "./sponsor.css";
import type { ReactNode } from "react";
import { useSponsor } from "../../data/organisations.ts";
import { said } from "../../ui/said.tsx";
import { useTitle } from "../../ui/title.ts";

interface SponsorHeadProps {
  /** The window's title, too. */
  title: string;
  lead?: string;
  /** What stands at the end, such as buttons. */
  children?: ReactNode;
}

/** What a sponsor's page begins with: whose it is, and what it is about. */
export function SponsorHead({ title, lead, children }: SponsorHeadProps) {
  const { name } = useSponsor();
  useTitle(title);
  return (
    <div className="page-head">
      <div>
        <bdi className="org-name">{said(name, 50)}</bdi>
        <h1>{title}</h1>
        {lead !== undefined && <p>{lead}</p>}
      </div>
      {children}
    </div>
  );
}
