export { listDeliveries } from "./list-deliveries.ts";
export { purgeOldDeliveries } from "./purge-old.ts";
export { changeEndpoint, replay, sendTest } from "./replay.ts";
export {
  ListAgentDeliveriesInput,
  ListDeliveriesInput,
  ListDeliveriesOutput,
  ReplayAgentInput,
  ReplayInput,
  ReplayOutput,
  SendTestOutput,
} from "./schema.ts";
export { takeDueEndpoints } from "./send-due.ts";
