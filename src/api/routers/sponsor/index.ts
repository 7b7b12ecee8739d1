import { router } from "../../procedure/trpc.ts";
import { answerProcedures } from "./answers.ts";
import { apiProcedures } from "./apis.ts";
import { campaignProcedures } from "./campaigns.ts";
import { fundingProcedures } from "./funding.ts";
import { withdrawalProcedures } from "./withdrawals.ts";

/** What a sponsor offers and gets for it: upstreams it opens, campaigns that pay for them, and their answers. */
export const sponsorRouter = router({
  ...apiProcedures,
  ...campaignProcedures,
  ...fundingProcedures,
  ...withdrawalProcedures,
  ...answerProcedures,
});
