import type { Deps } from "../../core/context.ts";
import type { Mailer } from "../../core/ports/mailer.ts";
import type { SignIn } from "../../core/ports/sign-in.ts";
import { askSponsorsVerdicts } from "./ask-verdicts.ts";
import { countSearchTerms } from "./count-search-terms.ts";
import { finishStops } from "./finish-stops.ts";
import { indexServicesOfOlderVersions } from "./index-services.ts";
import { logExpired } from "./log-expired-sessions.ts";
import { purgeExpired } from "./purge-expired.ts";
import { purgeRateLimits } from "./purge-rate-limits.ts";
import { reconcileIncoming } from "./reconcile-incoming.ts";
import { reconcilePayments } from "./reconcile-payments.ts";
import { recordAnonymousCalls } from "./record-anonymous-calls.ts";
import { recordTallies } from "./record-tallies.ts";
import { reencryptWithCurrentKey } from "./reencrypt.ts";
import { refreshOffersOfChangedBudgets, repairOffers } from "./refresh-offers.ts";
import type { Job } from "./run-job.ts";
import { sendInvitations, sendNotices } from "./send-notices.ts";
import { sendRefunds, sendWithdrawals } from "./send-payouts.ts";
import { boundWebhooks, sendWebhooks } from "./send-webhooks.ts";
import { verifyLedgerSinceLastProof } from "./verify-ledger.ts";

/** Everything that runs by itself in a server. A new job is a file beside this one and a line here. */
export const listJobs = (
  deps: Deps,
  options: {
    signIn: SignIn;
    /** Undefined: no mail can be sent. */
    mailer: Mailer | undefined;
    purgeRateLimits: () => Promise<void>;
    recordAnonymousCalls: () => Promise<void>;
    recordTallies: () => Promise<void>;
    countWebhook: (outcome: string) => void;
    showLedgerFindings: (counts: Record<string, number>) => void;
    /** Whether older encryption keys are configured. */
    hasOlderKeys: boolean;
  },
): Job[] => [
  reconcilePayments(deps),
  reconcileIncoming(deps),
  sendRefunds(deps),
  sendWithdrawals(deps),
  purgeExpired(deps, options.signIn),
  purgeRateLimits(options.purgeRateLimits),
  recordAnonymousCalls(deps, options.recordAnonymousCalls),
  askSponsorsVerdicts(deps),
  recordTallies(deps, options.recordTallies),
  logExpired(deps),
  finishStops(deps),
  ...(options.mailer === undefined
    ? []
    : [sendNotices(deps, options.mailer), sendInvitations(deps, options.mailer)]),
  sendWebhooks(deps, options.countWebhook),
  boundWebhooks(deps),
  indexServicesOfOlderVersions(deps),
  countSearchTerms(deps),
  refreshOffersOfChangedBudgets(deps),
  repairOffers(deps),
  verifyLedgerSinceLastProof(deps, options.showLedgerFindings),
  ...(options.hasOlderKeys ? [reencryptWithCurrentKey(deps)] : []),
];
