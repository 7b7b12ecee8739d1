/** How many runs may be under way at once. */
export { enterForUser, enterService, enterUnpaid } from "./enter.ts";
