import { mintToken } from "../../access/credential/index.ts";
import { nameInMail } from "../../access/notice/index.ts";
import type { Deps } from "../../context.ts";
import type { Mail, Mailer } from "../../ports/mailer.ts";
import type { SponsorRole } from "../../protocol/sponsor-roles.ts";
import { markMailed, setToken, takeDueInvitation } from "./invitation-store.ts";

/**
 * Mails the next invitation that is due, at least once. The link's token is made here, so that only its digest is ever stored. If the
 * mail has to be sent again, it has another link, and the earlier one opens nothing.
 * @returns whether there was one
 */
export async function sendNextInvitation(
  { sql, log, settings }: Pick<Deps, "sql" | "log" | "settings">,
  mailer: Mailer,
): Promise<boolean> {
  const due = await takeDueInvitation.first(sql, {});
  if (due === undefined) return false;
  const { token, hash } = mintToken("sponsor_invitation");
  if ((await setToken.first(sql, { id: due.id, token_hash: hash })) === undefined) return true;
  try {
    await mailer.send(writeInvitation({ ...due, link: `${settings.publicBaseUrl}/join?token=${token}` }));
  } catch (error) {
    const attempts = due.mail_attempts;
    log.warn(
      { event: "mail_failed", notice: "invitation", attempts, err: error },
      "a mail wasn't taken, and is tried again",
    );
    return true;
  }
  await markMailed.count(sql, { token_hash: hash });
  return true;
}

const MAY: Record<SponsorRole, string> = {
  viewer: "see its campaigns, services and figures",
  editor: "see and change its campaigns and services",
  owner: "do everything, with its money and its members too",
};

function writeInvitation(invitation: {
  email: string;
  role: SponsorRole;
  organisation: string;
  invited_by: string | null;
  expires_at: Date;
  link: string;
}): Mail {
  const name = nameInMail(invitation.organisation);
  const until = `${invitation.expires_at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  return {
    to: invitation.email,
    subject: `Join ${name} on Tollfree`,
    text: [
      `${invitation.invited_by ?? "Somebody"} invites you to the organisation "${name}" on Tollfree, where it sponsors APIs for agents.`,
      `As ${invitation.role} you can ${MAY[invitation.role]}.`,
      `Look at it and join: ${invitation.link}`,
      `The link works once, until ${until}, for who signs in with this address. If you don't know them, do nothing: nobody joins for you.\n`,
    ].join("\n\n"),
  };
}
