import { z } from "zod";
import { Id, PositiveCents, ServiceKey } from "../../protocol/fields.ts";

/** Which budget is funded: a campaign's, or a service's own. */
const target = { campaign_id: Id.optional(), service_key: ServiceKey.optional() };
const Digits = z.string().regex(/^\d{1,40}$/);
const Address = z.string().regex(/^0x[0-9a-fA-F]{40}$/);

export const WalletTermsInput = z.strictObject({ ...target, amount_cents: PositiveCents });

export const WalletTermsOutput = z.object({
  url: z.string().meta({ description: "Where any x402 client can pay the same" }),
  network: z.string(),
  chain_id: z.number().int(),
  asset: z.string(),
  pay_to: z.string(),
  amount: z.string().meta({ description: "In base units of the asset" }),
  token_name: z.string(),
  token_version: z.string(),
  max_timeout_seconds: z.number(),
});

/** What a wallet signed: EIP-3009's authorization of one transfer. */
export const PayByWalletInput = z.strictObject({
  ...target,
  amount_cents: PositiveCents,
  authorization: z.strictObject({
    from: Address,
    to: Address,
    value: Digits,
    validAfter: Digits,
    validBefore: Digits,
    nonce: z.string().regex(/^0x[0-9a-fA-F]{64}$/),
  }),
  signature: z.string().regex(/^0x[0-9a-fA-F]{2,8192}$/),
});
