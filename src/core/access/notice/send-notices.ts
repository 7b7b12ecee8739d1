import type { Deps } from "../../context.ts";
import type { Mailer } from "../../ports/mailer.ts";
import { dropNotice, markSent, takeDue } from "./store.ts";
import { writeMail } from "./write-mail.ts";

/** Mails to one person. Further ones wait. */
const MOST_AN_HOUR = 10n;

/** What happened longer ago is no news. Its person sees it in the console. */
const TOLD_WITHIN_MS = 24 * 3_600_000;

/**
 * Sends the next mail that is due. Each notice is sent at least once: it is marked after the mail server has taken the mail.
 * @returns whether there was one
 */
export async function sendNextNotice(
  { sql, log, settings }: Pick<Deps, "sql" | "log" | "settings">,
  mailer: Mailer,
): Promise<boolean> {
  const due = await takeDue.first(sql, { most_an_hour: MOST_AN_HOUR });
  if (due === undefined) return false;
  const { id, kind, email, attempts, created_at: createdAt } = due;
  const isOld = Date.now() - createdAt.getTime() > TOLD_WITHIN_MS;
  if (email === null || isOld) {
    // Without a proven address, mail could reach somebody else.
    await dropNotice.count(sql, { id });
    if (isOld)
      log.error({ event: "mail_given_up", notice: kind, attempts }, "a mail to a person was given up");
    return true;
  }
  try {
    await mailer.send(writeMail(email, { ...due, createdAt }, settings.publicBaseUrl));
  } catch (error) {
    log.warn(
      { event: "mail_failed", notice: kind, attempts, err: error },
      "a mail wasn't taken, and is tried again",
    );
    return true;
  }
  await markSent.count(sql, { id });
  return true;
}
