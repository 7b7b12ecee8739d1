import "../../ui/sheet.css";
import "../../ui/field.css";
import "./connect.css";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useId, useState } from "react";
import { useMe } from "../../data/session.ts";
import { Button } from "../../ui/button.tsx";
import { useWords } from "../../words/language.tsx";
import { PageHead } from "../shell/page-head.tsx";
import { CHATGPT_SETTINGS, CLAUDE_CONNECTORS, claudeCodeCommand, cursorLink, vsCodeLink } from "./links.ts";

const route = getRouteApi("/console/connect");

/** How a host of a language model gets to know this server: by one press, or by an address to paste. */
export function ConnectPage() {
  const { connect: w } = useWords().words;
  const { ended } = route.useSearch();
  const url = useMe()?.mcp_url ?? "";
  return (
    <>
      <PageHead title={w.title} lead={w.lead} />
      {ended !== undefined && (
        <p className="sheet connect-ended" role="status">
          {w.ended}
        </p>
      )}
      <div className="sheet connect-address">
        <Copied label={w.address} text={url} />
      </div>
      <div className="hosts">
        <Host title={w.claude.title} steps={w.claude.steps}>
          <a className="btn" data-tone="plain" href={CLAUDE_CONNECTORS} rel="noreferrer">
            {w.claude.button}
          </a>
          <Copied label={w.claude.command} text={claudeCodeCommand(url)} />
        </Host>
        <Host title={w.chatgpt.title} steps={w.chatgpt.steps}>
          <a className="btn" data-tone="plain" href={CHATGPT_SETTINGS} rel="noreferrer">
            {w.chatgpt.button}
          </a>
        </Host>
        <Host title={w.vscode.title} steps={w.vscode.steps}>
          <a className="btn" data-tone="plain" href={vsCodeLink(url)}>
            {w.open(w.vscode.title)}
          </a>
        </Host>
        <Host title={w.cursor.title} steps={w.cursor.steps}>
          <a className="btn" data-tone="plain" href={cursorLink(url)}>
            {w.open(w.cursor.title)}
          </a>
        </Host>
        <Host title={w.other.title} steps={w.other.steps} />
      </div>
    </>
  );
}

function Host({ title, steps, children }: { title: string; steps: string; children?: ReactNode }) {
  return (
    <section className="sheet host">
      <h2>{title}</h2>
      <p className="quiet">{steps}</p>
      {children}
    </section>
  );
}

/** A text to paste somewhere else, with a button that copies it. */
function Copied({ label, text }: { label: string; text: string }) {
  const { connect: w } = useWords().words;
  const id = useId();
  const [isCopied, setIsCopied] = useState(false);
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setIsCopied(true),
      () => undefined, // The browser doesn't allow it here. The text can be selected.
    );
  };
  return (
    <div className="copied">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      <div className="copied-line">
        <input
          className="input mono"
          id={id}
          value={text}
          readOnly
          spellCheck={false}
          onFocus={(event) => event.target.select()}
        />
        <Button onPress={copy}>{w.copy}</Button>
      </div>
      <p className="note" role="status">
        {isCopied && w.copied}
      </p>
    </div>
  );
}
