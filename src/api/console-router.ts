import { personRouter } from "./procedure/person.ts";
import { userRouter } from "./routers/user/index.ts";

/** The procedures of the console. They take a cookie, so they stand apart from those that take bearers. */
export const consoleRouter = personRouter({ user: userRouter });
export type ConsoleRouter = typeof consoleRouter;
