/** The procedures that the console calls. */
export type { ConsoleRouter } from "../../api/console-router.ts";
