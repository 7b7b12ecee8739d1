import { z } from "zod";

/** What a refusal says when it opened a question that only the user can answer. */
export const OpenApproval = z.object({
  approval_id: z.string(),
  approval_url: z.string().meta({ description: "Where the person answers" }),
  user_code: z.string().meta({ description: "Show it to the person together with the link" }),
  expires_at: z.iso.datetime(),
  poll_interval_seconds: z.number().int().meta({ description: "Ask get_approval no more often" }),
});
export type OpenApproval = z.infer<typeof OpenApproval>;

export const DirectPaymentOutcome = z
  .object({
    status: z
      .enum(["pending", "upstream_paid", "refund_owed", "refunded", "not_taken"])
      .meta({ description: "Where the buyer's money is" }),
    paid_tx_hash: z.string().optional().meta({ description: "By which the buyer paid us" }),
    upstream_tx_hash: z.string().optional().meta({ description: "By which we paid the upstream" }),
    refund_tx_hash: z.string().optional(),
  })
  .meta({ description: "What became of a direct payment" });
export type DirectPaymentOutcome = z.infer<typeof DirectPaymentOutcome>;

const paymentId = z
  .string()
  .meta({ description: "The payment this belongs to; get_payment tells what became of it" });
const quotedCents = z.number().meta({ description: "What the upstream asks for" });

/**
 * THE table of what `details` holds, by code; a code that isn't here has none. Optional: they can be absent. What
 * is thrown, the document and the client's types derive from it.
 */
export const ERROR_DETAILS = {
  validation_error: z
    .object({
      input_schema: z
        .record(z.string(), z.unknown())
        .meta({ description: "What the service's input must match" }),
    })
    .optional(),
  consent_required: OpenApproval.optional(),
  scope_violation: z.object({
    scope: z
      .enum(["task_types", "data_types", "categories"])
      .meta({ description: "Which of the three scopes" }),
    missing: z.array(z.string()).meta({ description: "What the scope, or the consent, lacks" }),
  }),
  data_consent_required: z.object({
    missing: z.array(z.string()),
    purpose: z.string().optional().meta({ description: "What the sponsor uses the data for" }),
    ...OpenApproval.partial().shape,
  }),
  budget_approval_required: z.object({
    cost_cents: z.number().meta({ description: "What the call costs" }),
    remaining_cents: z.number().meta({ description: "What the session, or its grant, has left" }),
    ...OpenApproval.shape,
  }),
  session_suspended: z.object({
    session_id: z.string(),
    reason: z.string().nullable(),
    suspended_at: z.iso.datetime(),
    how_to_resume: z.string(),
  }),
  task_required: z.object({
    campaigns: z
      .array(z.object({ campaign_id: z.string(), sponsor: z.string(), task_type: z.string().nullable() }))
      .meta({ description: "Who would pay after which task, best first" }),
  }),
  cost_above_max: z.object({ max_cost_cents: z.number(), quoted_cents: quotedCents }),
  price_changed: z
    .object({
      price_cents: z.number().meta({ description: "What is registered" }),
      quoted_cents: quotedCents,
    })
    .optional(),
  treasury_shortfall: z.object({
    covered_cents: z.number().meta({ description: "The most the treasury could cover" }),
  }),
  duplicate_request: z
    .object({ payment_id: paymentId.optional(), direct_payment: DirectPaymentOutcome.optional() })
    .optional(),
  rate_limited: z
    .object({
      policy: z.string().meta({ description: "The limit's name in the RateLimit headers" }),
      limit: z.number().int().meta({ description: "Calls in one window" }),
      window_seconds: z.number().int(),
    })
    .optional(),
  upstream_error: z
    .object({
      payment_id: paymentId.optional(),
      direct_payment: DirectPaymentOutcome.optional(),
      upstream_status: z.number().int().optional().meta({ description: "What the upstream answered" }),
      probe: z
        .object({ status: z.number().int().optional(), failure: z.string().optional() })
        .optional()
        .meta({ description: "What came of asking a new API's upstream for its terms" }),
    })
    .optional(),
  upstream_timeout: z
    .object({ payment_id: paymentId.optional(), direct_payment: DirectPaymentOutcome.optional() })
    .optional(),
  service_unavailable: z
    .object({
      checks: z.record(z.string(), z.enum(["ok", "degraded", "failed"])).meta({ description: "On /readyz" }),
    })
    .optional(),
} satisfies Record<string, z.ZodType>;

/** The details of each code that has some. */
export type ErrorDetails = { [Code in keyof typeof ERROR_DETAILS]: z.infer<(typeof ERROR_DETAILS)[Code]> };
