/** A sponsor's trial of its own service: one real payment, from the sponsor's own money. */
export {
  GetTrialInput,
  ListTrialPayersInput,
  ListTrialPayersOutput,
  TryServiceInput,
  TryServiceOutput,
} from "./schema.ts";
export { getTrial } from "./show-trial.ts";
export { listPayersOfTrial, tryService } from "./try-service.ts";
