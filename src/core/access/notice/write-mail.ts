import type { Mail } from "../../ports/mailer.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import { withoutInvisible } from "../../protocol/invisible-text.ts";
import type { Notice } from "./notice.ts";

const MOST_CHARACTERS = 60;

/** An agent's name as it may stand in a mail: one line, and nothing that a mail program makes a link of. */
export function nameInMail(name: string | null): string {
  const line = withoutInvisible(name ?? "")
    .replace(/[\s:/\\@<>"]+/gu, " ")
    .replace(/\.(?=\p{L})/gu, ". ")
    .trim();
  const shown = Array.from(line);
  if (shown.length === 0) return "An agent";
  return shown.length > MOST_CHARACTERS ? `${shown.slice(0, MOST_CHARACTERS - 1).join("")}…` : line;
}

const AMOUNT = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const DOLLARS = new Intl.NumberFormat("en", { style: "currency", currency: "USD" });

function amount(micros = "0"): string {
  const cents = microsToCents(BigInt(micros));
  return cents < 100 ? `${AMOUNT.format(cents)} ¢` : DOLLARS.format(cents / 100);
}

const utc = (time: Date): string => `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;
const words = (names: string[] = []): string => names.map((name) => name.replaceAll("_", " ")).join(", ");
const lineOf = (label: string, names: string[] = [], none: string): string =>
  `${label}: ${names.length === 0 ? none : words(names)}`;

/** The reason of a suspension, as its person may read it. */
function reasonIn(reason = ""): string {
  const [, count, what, seconds] =
    /^(\d+) (scope violations|rate-limit rejections) within (\d+) seconds$/.exec(reason) ?? [];
  if (count === undefined) return "it broke a rule";
  const within = `within ${seconds} seconds`;
  return what === "scope violations"
    ? `${count} of its requests were outside what you allowed, ${within}`
    : `it made too many calls ${count} times, ${within}`;
}

/** Writes the mail of a notice. Besides the address it holds nothing about the person. */
export function writeMail(to: string, notice: Notice, publicBaseUrl: string): Mail {
  const name = nameInMail(notice.agent);
  const agents = `${publicBaseUrl}/agents`;
  const { detail } = notice;
  switch (notice.kind) {
    case "grant":
      return {
        to,
        subject: `${name} may act for you`,
        text: paragraphs(
          `Since ${utc(notice.createdAt)}, the agent "${name}" may act for you.`,
          [
            lineOf("It may share", detail.data_types, "nothing about you"),
            lineOf("It may do", detail.task_types, "no tasks"),
            lineOf("Kinds of services", detail.categories, "none"),
            `Budget, which sponsors pay: up to ${amount(detail.budget_micros)}`,
            `Until: ${utc(new Date(detail.expires_at ?? notice.createdAt))}`,
          ].join("\n"),
          `Look at it, or stop it, at ${agents}`,
          "If you didn't allow it, stop it there, and choose a new password.",
        ),
      };
    case "suspended":
      return {
        to,
        subject: `${name} is suspended`,
        text: paragraphs(
          `The agent "${name}" is suspended since ${utc(notice.createdAt)}: ${reasonIn(detail.reason)}.`,
          "It can do nothing for you until you let it go on.",
          `Let it go on, or stop it for good, at ${agents}`,
        ),
      };
    case "budget_used_up":
      return {
        to,
        subject: `${name} has used up its budget`,
        text: paragraphs(
          `The agent "${name}" wants to pay for a service, and what is left of its budget isn't enough: ${amount(detail.spent_micros)} of ${amount(detail.budget_micros)} are spent.`,
          "Sponsors paid that, not you. Until you allow more, its calls that cost something are refused.",
          `Look at it at ${agents}`,
        ),
      };
    case "password_changed":
      return signInMail(to, "Your password was changed", notice, publicBaseUrl);
    case "passkey_added":
      return signInMail(to, "A passkey was added to your account", notice, publicBaseUrl);
    case "passkey_removed":
      return signInMail(to, "A passkey was removed from your account", notice, publicBaseUrl);
  }
}

const signInMail = (to: string, change: string, { createdAt }: Notice, publicBaseUrl: string): Mail => ({
  to,
  subject: change,
  text: paragraphs(
    `${change} on ${utc(createdAt)}.`,
    `If it wasn't you, ask for a sign-in link at ${publicBaseUrl}, choose a new password, and remove the passkeys that you don't know.`,
  ),
});

const paragraphs = (...texts: string[]): string => `${texts.join("\n\n")}\n`;
