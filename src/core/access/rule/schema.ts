import { z } from "zod";
import { Cents, Id, RequestTimestamp, Timestamp } from "../../protocol/fields.ts";

export const AskAboveInput = z.strictObject({ grant_id: Id, amount_cents: Cents });

export const DontAskInput = z.strictObject({
  approval_id: Id.meta({ description: "A call of this service that the person said yes to" }),
  cap_cents: Cents.meta({ description: "What its calls may cost in all" }),
  expires_at: RequestTimestamp,
});

export const EndRuleInput = z.strictObject({ rule_id: Id });
export const RuleOutput = z.object({ rule_id: z.string() });

export const Rule = z.discriminatedUnion("kind", [
  z
    .object({ kind: z.literal("ask_above"), rule_id: z.string(), amount_cents: z.number() })
    .meta({ description: "A call that costs more needs one more yes" }),
  z
    .object({
      kind: z.literal("dont_ask"),
      rule_id: z.string(),
      service_key: z.string(),
      service_name: z.string().meta({ description: "What its sponsor calls it now" }),
      cap_cents: z.number(),
      remaining_cents: z.number(),
      expires_at: Timestamp,
    })
    .meta({ description: "Calls of this service need none, until then and up to the cap" }),
]);
export type Rule = z.infer<typeof Rule>;
