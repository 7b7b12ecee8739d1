import { z } from "zod";
import { Budget, Cents, Id, ServiceKey } from "../fields.ts";

const amount = Cents.refine((cents) => cents > 0, {
  message: "must be more than 0",
  params: { keyword: "exclusiveMinimum" },
}).meta({ description: "What the budget grows by, and what is to be paid" });

export const FundCampaignInput = z.strictObject({ campaign_id: Id, amount_cents: amount });
export const FundApiInput = z.strictObject({ service_key: ServiceKey, amount_cents: amount });
export const FundOutput = z.object({ budget: Budget });
