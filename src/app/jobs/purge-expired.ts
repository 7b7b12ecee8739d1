import { deleteOldNotices } from "../../core/access/notice/index.ts";
import { deleteExpiredRecords, deleteUnusedClients } from "../../core/access/oauth-record/index.ts";
import type { Deps } from "../../core/context.ts";
import { purgeExpiredOutputs } from "../../core/money/payment/index.ts";
import type { SignIn } from "../../core/ports/sign-in.ts";
import { deleteOldCreations } from "../../core/protocol/idempotency/index.ts";
import { purgeExpiredAnswers } from "../../core/sponsorship/answer/index.ts";
import { deleteExpiredInvitations } from "../../core/sponsorship/member/index.ts";
import { purgeOldDeliveries } from "../../core/webhooks/delivery/index.ts";
import type { Job } from "./run-job.ts";

/** Deletes answers, stored outputs, idempotency keys, notices, invitations, webhook deliveries, sign-ins, tokens and clients past their time. Readers don't see expired ones in any case. */
export const purgeExpired = (deps: Deps, signIn: Pick<SignIn, "deleteExpired">): Job => ({
  everyMs: 3_600_000,
  run: () =>
    Promise.all([
      purgeExpiredAnswers(deps),
      purgeExpiredOutputs(deps),
      deleteExpiredRecords.count(deps.sql, {}),
      deleteUnusedClients.count(deps.sql, {}),
      deleteOldNotices.count(deps.sql, {}),
      deleteExpiredInvitations.count(deps.sql, {}),
      deleteOldCreations.count(deps.sql, {}),
      purgeOldDeliveries(deps),
      signIn.deleteExpired(),
    ]),
  failure: { event: "purge_failed", message: "expired data wasn't deleted" },
});
