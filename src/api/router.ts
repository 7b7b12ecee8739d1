import { router } from "./procedure/trpc.ts";
import { adminRouter } from "./routers/admin/index.ts";
import { agentRouter } from "./routers/agent/index.ts";
import { gptRouter } from "./routers/gpt/index.ts";
import { proxyRouter } from "./routers/proxy/index.ts";
import { sponsorRouter } from "./routers/sponsor/index.ts";

/** All operations. REST routes, the OpenAPI document and next actions are derived from this router. */
export const appRouter = router({
  agent: agentRouter,
  gpt: gptRouter,
  sponsor: sponsorRouter,
  admin: adminRouter,
  proxy: proxyRouter,
});
export type AppRouter = typeof appRouter;
