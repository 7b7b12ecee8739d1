import type { Settings } from "../../core/context.ts";

/** The privacy policy (R10.5). It describes what the code does. If you change one, change the other. */
export const privacyPolicy = (operator: Settings["operator"]): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tollfree: privacy policy</title>
</head>
<body>
<h1>Privacy policy</h1>
<p>Tollfree lets an agent that acts for you use paid services without you paying. A sponsor pays, in exchange for a
task that the agent completes with your consent.</p>
<h2>What we keep</h2>
<ul>
<li>Your account: e-mail address, region, and what you told us of your role and tools, to know which offers are for you.</li>
<li>How you sign in: your address, a hash of your password or your passkeys, and for each session when it began and which browser
it is in. A cookie holds the session. Not the address of your connection.</li>
<li>What you granted to which agent: kinds of tasks, kinds of personal data, categories of services, a budget, an end.</li>
<li>Your answers to tasks, encrypted, together with your consent and its purpose, for as long as the sponsor stated.</li>
<li>Each call of an agent: which operation, when, and how it ended. Not what was in it.</li>
<li>Calls without a credential: how many, of which operation, and a pseudonym of the address they came from, which is another
one every day. Never the address itself.</li>
<li>Payments made for you, and for a day what the service answered, encrypted.</li>
</ul>
<h2>Who gets it</h2>
<p>A sponsor gets your answers only if you consented to each kind of personal data in them, and for the purpose shown.
A service gets the input your agent sends it, under the same rule. Agents never learn who you are: they know you by an
identifier that means nothing elsewhere. We sell nothing, and pass nothing to anyone else. Payments are public on the
blockchain; they name Tollfree and the service, never you.</p>
<h2>What you can do</h2>
<p>On this server's pages you decide each question that an agent puts to you: what you allow it, in full or in part, and for how
long. You see every call that an agent made for you and what was paid, and stop one agent or all; the very next call is refused. You
see what you shared with whom and for what, and stop sharing: your answer is erased here, and the sponsor can't read it any more. You
see, change and remove what is stored for your agents to use. Where you can't sign in, ask those who run this server: they do the same
for you.</p>
<p>In the settings you can download all that we keep about you as one file, and delete your account. Your stored data, answers,
address and sign-ins then go at once, and so does what agents may do. Payments, the books, the list of calls and the record that you
agreed to share stay, with a number in place of you; so do names of agents that you registered. What a sponsor has downloaded, or a
service was sent, is with them. The data in payments that are under way goes too; whether the money moves is up to the blockchain.</p>
${contactOf(operator)}</body>
</html>
`;

function contactOf({ name, email }: Settings["operator"]): string {
  const parts = [
    ...(name === undefined ? [] : [escapeHtml(name)]),
    ...(email === undefined ? [] : [`<a href="mailto:${escapeHtml(email)}">${escapeHtml(email)}</a>`]),
  ];
  return parts.length === 0 ? "" : `<h2>Who runs this installation</h2>\n<p>${parts.join(", ")}</p>\n`;
}

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
