/** Running a service without a sponsor: the caller pays by x402 (`/proxy`). */
export { askPrice } from "./ask-price.ts";
export { closeDirectPayments } from "./close-direct-payments.ts";
export { listResources, listResourceUrls } from "./list-resources.ts";
export { runDirectly } from "./run-directly.ts";
export { RunDirectlyInput, RunDirectlyOutput } from "./schema.ts";
