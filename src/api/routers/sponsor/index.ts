import { router } from "../../procedure/trpc.ts";
import { answerProcedures } from "./answers.ts";
import { apiProcedures } from "./apis.ts";
import { campaignProcedures } from "./campaigns.ts";
import { fundingProcedures } from "./funding.ts";
import { trialProcedures } from "./trials.ts";
import { webhookProcedures } from "./webhooks.ts";
import { withdrawalProcedures } from "./withdrawals.ts";

/** The sponsor surface: the sponsor's APIs, its campaigns, their budgets, the answers to their tasks, and its webhooks. */
export const sponsorRouter = router({
  ...apiProcedures,
  ...campaignProcedures,
  ...fundingProcedures,
  ...withdrawalProcedures,
  ...answerProcedures,
  ...trialProcedures,
  ...webhookProcedures,
});
