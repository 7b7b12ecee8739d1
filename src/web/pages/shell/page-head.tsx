import type { ReactNode } from "react";
import { useTitle } from "../../ui/title.ts";

interface PageHeadProps {
  /** The window's title, too. */
  title: string;
  lead: string;
  /** What stands at the end, such as a filter. */
  children?: ReactNode;
}

/** What a page of the console begins with. */
export function PageHead({ title, lead, children }: PageHeadProps) {
  useTitle(title);
  return (
    <div className="page-head">
      <div>
        <h1>{title}</h1>
        <p>{lead}</p>
      </div>
      {children}
    </div>
  );
}
