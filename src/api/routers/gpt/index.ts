import { router } from "../../procedure/trpc.ts";
import { discoveryProcedures } from "./discovery.ts";
import { personProcedures } from "./person.ts";
import { runProcedures } from "./run.ts";
import { taskProcedures } from "./task.ts";

/** The agent's core for GPT builders: the same verbs, flat answers, the session as a field. */
export const gptRouter = router({
  ...personProcedures,
  ...discoveryProcedures,
  ...taskProcedures,
  ...runProcedures,
});
