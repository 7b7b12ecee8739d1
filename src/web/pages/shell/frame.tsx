import "../../ui/sheet.css";
import "./shell.css";
import type { ReactNode } from "react";
import { Mark } from "../../ui/icons.tsx";
import { useWords } from "../../words/language.tsx";
import { AccountMenu } from "./account-menu.tsx";

/** A decision stands alone: no navigation beside it. */
export function Frame({ isNarrow = false, children }: { isNarrow?: boolean; children: ReactNode }) {
  const { words } = useWords();
  return (
    <div className="frame">
      <header className="frame-top">
        <span className="mark">
          <Mark />
          {words.app}
        </span>
        <AccountMenu />
      </header>
      <main className="frame-main" data-narrow={isNarrow || undefined}>
        {children}
      </main>
    </div>
  );
}
