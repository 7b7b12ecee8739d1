import { personRouter } from "../../procedure/person.ts";
import { accountProcedures } from "./account.ts";
import { activityProcedures } from "./activity.ts";
import { agentProcedures } from "./agents.ts";
import { approvalProcedures } from "./approvals.ts";
import { ownDataProcedures } from "./own-data.ts";
import { buildProcedures } from "./build.ts";
import { liveProcedures } from "./live.ts";
import { operationProcedures } from "./operations.ts";
import { ruleProcedures } from "./rules.ts";
import { sessionProcedures } from "./session.ts";
import { sponsorsRouter } from "./sponsors/index.ts";
import { taskProcedures } from "./tasks.ts";

/** What people see and do in the console. */
export const userRouter = personRouter({
  session: personRouter(sessionProcedures),
  account: personRouter(accountProcedures),
  approvals: personRouter(approvalProcedures),
  agents: personRouter(agentProcedures),
  live: personRouter(liveProcedures),
  build: personRouter(buildProcedures),
  rules: personRouter(ruleProcedures),
  operations: personRouter(operationProcedures),
  sponsors: sponsorsRouter,
  tasks: personRouter(taskProcedures),
  ...activityProcedures,
  ...ownDataProcedures,
});
