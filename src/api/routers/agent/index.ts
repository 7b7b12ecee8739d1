import { router } from "../../procedure/trpc.ts";
import { searchProcedures } from "./discovery.ts";
import { paymentProcedures } from "./run.ts";
import { sessionProcedures } from "./session.ts";
import { taskProcedures } from "./task.ts";

/** What an agent does for its user, in the order in which it does it. */
export const agentRouter = router({
  ...sessionProcedures,
  ...searchProcedures,
  ...taskProcedures,
  ...paymentProcedures,
});
