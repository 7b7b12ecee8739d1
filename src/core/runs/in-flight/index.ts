/** How many runs may be under way at once. */
export { enterService, enterUnpaid } from "./enter.ts";
