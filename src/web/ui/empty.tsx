import "./sheet.css";
import type { ReactNode } from "react";
import { Alert } from "./icons.tsx";

/** What a list shows that has nothing: a sentence, and perhaps one button. */
export const Empty = ({ children }: { children: ReactNode }) => <div className="sheet empty">{children}</div>;

/** In place of a list that is on its way. */
export const Loading = ({ label }: { label: string }) => (
  <div className="sheet loading" role="status" aria-label={label}>
    <span />
    <span />
    <span />
  </div>
);

/** What went wrong, in words. */
export const Problem = ({ children }: { children: ReactNode }) => (
  <p className="alert" role="alert">
    <Alert />
    <span>{children}</span>
  </p>
);
