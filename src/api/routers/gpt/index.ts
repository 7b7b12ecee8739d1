import { router } from "../../procedure/trpc.ts";
import { searchProcedures } from "./discovery.ts";
import { preferenceProcedures } from "./preferences.ts";
import { runProcedures } from "./run.ts";
import { signInProcedures } from "./sign-in.ts";
import { taskProcedures } from "./task.ts";
import { usageProcedures } from "./usage.ts";

/** The GPT surface: the agent's verbs, with flat responses and the session token as an input field. */
export const gptRouter = router({
  ...signInProcedures,
  ...preferenceProcedures,
  ...usageProcedures,
  ...searchProcedures,
  ...taskProcedures,
  ...runProcedures,
});
