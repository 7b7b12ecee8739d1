import { router } from "../../procedure/trpc.ts";
import { searchProcedures } from "./discovery.ts";
import { paymentProcedures } from "./run.ts";
import { sessionProcedures } from "./session.ts";
import { taskProcedures } from "./task.ts";

/** The agent surface, in the order in which an agent uses it. */
export const agentRouter = router({
  ...sessionProcedures,
  ...searchProcedures,
  ...taskProcedures,
  ...paymentProcedures,
});
