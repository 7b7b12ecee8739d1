import { sendNextNotice } from "../../core/access/notice/index.ts";
import type { Deps } from "../../core/context.ts";
import type { Mailer } from "../../core/ports/mailer.ts";
import { sendNextInvitation } from "../../core/sponsorship/member/index.ts";
import type { Job } from "./run-job.ts";

/** Mails of one round. A round ends, so that a server can stop. */
const MOST_AT_ONCE = 50;

/** Sends people the mails about what happened to their agents and their sign-in. */
export const sendNotices = (deps: Deps, mailer: Mailer): Job => ({
  everyMs: 1_000,
  async run() {
    for (let sent = 0; sent < MOST_AT_ONCE && (await sendNextNotice(deps, mailer)); sent += 1);
  },
  failure: { event: "notices_failed", message: "mails to people weren't sent" },
});

/** Mails invitations to act for sponsors. */
export const sendInvitations = (deps: Deps, mailer: Mailer): Job => ({
  everyMs: 1_000,
  async run() {
    for (let sent = 0; sent < MOST_AT_ONCE && (await sendNextInvitation(deps, mailer)); sent += 1);
  },
  failure: { event: "invitations_failed", message: "invitations weren't sent" },
});
