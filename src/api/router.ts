import { adminRouter } from "./admin/index.ts";
import { agentRouter } from "./agent/index.ts";
import { gptRouter } from "./gpt/index.ts";
import { proxyRouter } from "./proxy/index.ts";
import { sponsorRouter } from "./sponsor/index.ts";
import { router } from "./trpc.ts";

/** Every operation there is. REST routes, the OpenAPI document and next actions derive from it. */
export const appRouter = router({
  agent: agentRouter,
  gpt: gptRouter,
  sponsor: sponsorRouter,
  admin: adminRouter,
  proxy: proxyRouter,
});
export type AppRouter = typeof appRouter;
