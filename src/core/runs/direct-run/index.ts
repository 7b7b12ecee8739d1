/** Services for whoever pays for them, without a sponsor: `/proxy`. */
export { closeDirectPayments } from "./close-direct-payments.ts";
export { listResources } from "./list-resources.ts";
export { runDirectly } from "./run-directly.ts";
export { RunDirectlyInput, RunDirectlyOutput } from "./schema.ts";
