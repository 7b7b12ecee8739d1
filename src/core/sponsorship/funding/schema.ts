import { z } from "zod";
import { Budget, Id, PositiveCents, ServiceKey } from "../../protocol/fields.ts";

const amount = PositiveCents.meta({ description: "What the budget grows by, and what is to be paid" });

export const FundCampaignInput = z.strictObject({ campaign_id: Id, amount_cents: amount });
export const FundApiInput = z.strictObject({ service_key: ServiceKey, amount_cents: amount });
export const FundOutput = z.object({ budget: Budget });
