import { router } from "../../procedure/trpc.ts";
import { searchProcedures } from "./discovery.ts";
import { preferenceProcedures } from "./preferences.ts";
import { runProcedures } from "./run.ts";
import { signInProcedures } from "./sign-in.ts";
import { taskProcedures } from "./task.ts";
import { usageProcedures } from "./usage.ts";

/** The agent's core for GPT builders: the same verbs, flat answers, the session as a field. */
export const gptRouter = router({
  ...signInProcedures,
  ...preferenceProcedures,
  ...usageProcedures,
  ...searchProcedures,
  ...taskProcedures,
  ...runProcedures,
});
