import type { SyntheticEvent } from "react";
import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import type { ApprovalPage } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Problem } from "../../ui/empty.tsx";
import { Text } from "../../ui/text.tsx";
import { useTitle } from "../../ui/title.ts";
import { useNow, useWords } from "../../words/language.tsx";
import { useFailureWords } from "../shell/failure-words.ts";
import { Frame } from "../shell/frame.tsx";
import { useEnterCode } from "./queries.ts";

const LENGTH = 8;

/** Four and four, as it is read aloud. Small letters, full-width ones and a missing hyphen are fine. */
function tidy(typed: string): string {
  const letters = typed
    .normalize("NFKC")
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, "")
    .slice(0, LENGTH);
  return letters.length > 4 ? `${letters.slice(0, 4)}-${letters.slice(4)}` : letters;
}

const isWhole = (code: string): boolean => code.length === LENGTH + 1;

interface CodeProps {
  approvalId: string;
  page: Extract<ApprovalPage, { state: "code_needed" }>;
}

export function Code({ approvalId, page }: CodeProps) {
  const { words, format } = useWords();
  const { code: w } = words.approval;
  const explain = useFailureWords();
  const now = useNow();
  const [code, setCode] = useState("");
  const enter = useEnterCode(approvalId);
  useTitle(w.title);

  const change = (typed: string): void => {
    const next = tidy(typed);
    if (next !== code && enter.isError) enter.reset();
    setCode(next);
    if (isWhole(next) && next !== code && !enter.isPending) enter.mutate(next);
  };
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (isWhole(code) && !enter.isPending) enter.mutate(code);
  };
  const failure = enter.error === null ? undefined : failureOf(enter.error);
  const isWrong = failure?.fields.includes("/code") === true;
  return (
    <Frame isNarrow>
      <form className="sheet card" onSubmit={submit}>
        <h1>{w.title}</h1>
        <p className="quiet">{w.lead}</p>
        <Text
          isCode
          label={w.label}
          name="code"
          autoComplete="one-time-code"
          placeholder="XXXX-XXXX"
          value={code}
          onChange={change}
          hint={w.hint}
          error={isWrong ? w.wrong(page.tries_left) : undefined}
        />
        {failure !== undefined && !isWrong && <Problem>{explain(failure)}</Problem>}
        <Button tone="allow" size="large" type="submit" isBusy={enter.isPending}>
          {w.submit}
        </Button>
        <p className="note">{w.until(format.deadline(page.expires_at, now))}</p>
      </form>
    </Frame>
  );
}
