import { z } from "zod";
import { Budget, Cents, Id, ServiceKey, Timestamp } from "../../protocol/fields.ts";
import { IdempotencyKey } from "../../protocol/idempotency/index.ts";

/** Less than that stays in the books. */
export const LEAST_WITHDRAWAL_CENTS = 1;

const fields = {
  amount_cents: Cents.min(LEAST_WITHDRAWAL_CENTS).meta({
    description: "At least 1 cent, at most the part of the budget that is neither spent nor reserved",
  }),
  idempotency_key: IdempotencyKey.optional(),
};

export const WithdrawFromCampaignInput = z.strictObject({ campaign_id: Id, ...fields });
export const WithdrawFromApiInput = z.strictObject({ service_key: ServiceKey, ...fields });
/** From a campaign's budget, or a service's own. */
export const WithdrawInput = z.strictObject({
  campaign_id: Id.optional(),
  service_key: ServiceKey.optional(),
  ...fields,
});
export const GetWithdrawalInput = z.strictObject({ withdrawal_id: Id });

export const WithdrawalView = z
  .object({
    withdrawal_id: z.string(),
    status: z.enum(["pending", "settled"]),
    amount_cents: z.number(),
    pay_to: z.string().meta({ description: "The sponsor's wallet" }),
    tx_hash: z.string().optional(),
    network: z.string(),
    created_at: Timestamp,
  })
  .meta({ id: "Withdrawal" });

export const WithdrawOutput = z.object({ withdrawal: WithdrawalView, budget: Budget });
