import type { RequestHandler } from "express";
import { sendJson } from "../../http/request/send.ts";
import type { KeptMail } from "./mailbox.ts";

/** Links of our own mails lead here, to this machine. */
const OWN_LINK =
  /\bhttp:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?\/(?:auth\/[\w\-./?=&;%]+|agents\b)/g;

/** Shows the sandbox's mails: as a page to browsers, else as JSON. Nothing in them is taken for HTML. */
export const showMails =
  (mails: () => readonly KeptMail[]): RequestHandler =>
  (req, res) => {
    res.setHeader("Vary", "Accept");
    if (req.accepts(["json", "html"]) !== "html") {
      sendJson(req, res, 200, {}, { mails: mails() });
      return;
    }
    res.setHeader("Cache-Control", "no-store");
    res.type("html").send(page(mails()));
  };

const page = (mails: readonly KeptMail[]): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mails of the sandbox</title>
</head>
<body>
<h1>Mails of the sandbox</h1>
<p>The sandbox sends no mail. What it would have sent is here, the newest first, until the server stops.</p>
${mails.length === 0 ? "<p>There is none yet.</p>" : mails.map(article).join("\n")}
</body>
</html>
`;

const article = ({ to, subject, text, sent_at }: KeptMail): string => `<article>
<h2>${escape(subject)}</h2>
<p>To ${escape(to)}, <time datetime="${sent_at}">${sent_at}</time></p>
<pre>${escape(text).replace(OWN_LINK, '<a href="$&">$&</a>')}</pre>
</article>`;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
