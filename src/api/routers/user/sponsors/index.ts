import { personRouter } from "../../../procedure/person.ts";
import { answerProcedures } from "./answers.ts";
import { campaignProcedures } from "./campaigns.ts";
import { fundProcedures } from "./funds.ts";
import { organisationProcedures } from "./organisation.ts";
import { serviceProcedures } from "./services.ts";
import { sponsorWebhookProcedures } from "./webhooks.ts";
import { auditProcedures, keyProcedures, teamProcedures } from "./team.ts";

/** What people see and do who act for sponsors. Each of a sponsor's procedures has a line in `procedure/member-permissions.ts`. */
export const sponsorsRouter = personRouter({
  ...organisationProcedures,
  team: personRouter(teamProcedures),
  keys: personRouter(keyProcedures),
  audit: personRouter(auditProcedures),
  campaigns: personRouter(campaignProcedures),
  services: personRouter(serviceProcedures),
  answers: personRouter(answerProcedures),
  funds: personRouter(fundProcedures),
  webhooks: personRouter(sponsorWebhookProcedures),
});
