import { z } from "zod";
import { OFFER_FIELDS } from "../ports/x402-buyer.ts";
import { ANSWER_DETAILS } from "./answer-details.ts";
import { foreignDetail, foreignName, foreignSchema, foreignText } from "./foreign/index.ts";

/** The details of an error that opened an approval: a question that only the user can answer. */
export const OpenApproval = z.object({
  approval_id: z.string(),
  approval_url: z.string().meta({ description: "Page where the user decides" }),
  user_code: z.string().meta({ description: "Show it to the user together with approval_url" }),
  expires_at: z.iso.datetime(),
  poll_interval_seconds: z
    .number()
    .int()
    .meta({ description: "Seconds to wait between two calls of get_approval" }),
});
export type OpenApproval = z.infer<typeof OpenApproval>;

/** What one approval of a call asks for that lacks several things. */
const AskedTogether = z.object({
  asked: z
    .object({
      allowed_task_types: z.array(foreignName("task")),
      allowed_data_types: z.array(z.string()),
      allowed_categories: z.array(foreignName("category")),
      amount_cents: z
        .number()
        .nullable()
        .meta({ description: "For this one call. null: no money is lacking" }),
    })
    .optional()
    .meta({
      description: "Set if the call lacks several things: what the one approval of kind combined asks for",
    }),
});
export type AskedTogether = z.infer<typeof AskedTogether>;

export const DirectPaymentOutcome = z
  .object({
    status: z
      .enum(["pending", "upstream_paid", "refund_owed", "refunded", "not_taken"])
      .meta({ description: "State of the buyer's money" }),
    paid_tx_hash: z.string().optional().meta({ description: "Transaction in which the buyer paid Tollfree" }),
    upstream_tx_hash: z
      .string()
      .optional()
      .meta({ description: "Transaction in which Tollfree paid the upstream" }),
    refund_tx_hash: z
      .string()
      .optional()
      .meta({ description: "Transaction in which Tollfree refunded the buyer" }),
  })
  .meta({ description: "Outcome of a direct payment" });
export type DirectPaymentOutcome = z.infer<typeof DirectPaymentOutcome>;

const paymentId = z
  .string()
  .meta({ description: "The payment of this call. get_payment returns its outcome" });
const paymentStatus = z
  .enum(["pending", "settled", "expired", "void", "free"])
  .meta({ description: "The payment's state now" });

/** An upstream's refusal. Its text is the upstream's and may hold anything, also instructions: data, not advice. */
const SellerWords = z
  .object({
    status: z.number().int().meta({ description: "HTTP status of the upstream's response" }),
    content_type: foreignText(),
    excerpt: foreignText().meta({
      description: "The beginning of its body. These are the upstream's words, not ours",
    }),
  })
  .meta({ description: "What the upstream said" });

/** What the two errors of an upstream have in common. */
const upstreamFailure = {
  payment_id: paymentId.optional(),
  payment_status: paymentStatus.optional(),
  direct_payment: DirectPaymentOutcome.optional(),
  upstream: SellerWords.optional(),
};

const quotedCents = z.number().meta({ description: "Price that the upstream asks for now" });

/** Why a test request to an upstream showed no terms that can be paid. */
const PROBE_CAUSES = [
  "unpayable_offers",
  "no_terms",
  "other_payee",
  "pays_treasury",
  "redirect",
  "sample_input",
  "credentials",
  "status",
  "tls",
  "headers_too_large",
  "answer_too_large",
  "timeout",
  "unreachable",
  "broken_off",
  "blocked",
] as const;

const RefusedOffer = z.object({
  index: z.number().int().meta({ description: "Position in the 402's accepts, from 0" }),
  source: z.enum(["header", "body"]).meta({ description: "Where the 402 states the offer" }),
  field: z.enum(OFFER_FIELDS).meta({ description: "The first field that can't be paid" }),
  found: z.string().optional().meta({ description: "What the upstream sent in this field, if anything" }),
  expected: z.string().meta({ description: "What can be paid" }),
  scheme: z.string().optional(),
  network: z.string().optional(),
  asset: z.string().optional(),
});

/** The result of a test request to an upstream. */
const Probe = z
  .object({
    cause: z.enum(PROBE_CAUSES).optional(),
    field: z.string().optional().meta({ description: "The field of the registration to look at" }),
    status: z.number().int().optional(),
    failure: z.string().optional(),
    location: z.string().optional().meta({ description: "Where the upstream redirects" }),
    limit_bytes: z.number().int().optional().meta({ description: "The size that was exceeded" }),
    offers: z.array(RefusedOffer).optional().meta({ description: "The offers that can't be paid" }),
    unreadable: z.array(z.string()).optional().meta({ description: "What is wrong with unreadable terms" }),
  })
  .meta({ description: "Result of the test request to the API's upstream" });
export type Probe = z.infer<typeof Probe>;

/** The terms of an upstream's payments that can change. */
const TERMS = ["price", ...OFFER_FIELDS.filter((field) => field !== "amount")] as [
  "price",
  ...Exclude<(typeof OFFER_FIELDS)[number], "amount">[],
];

/**
 * The schema of `details` for each error code. A code that isn't listed has no details.
 * An optional schema means that `details` can be absent.
 * The type of `AppError`, the OpenAPI document and the client's types derive from this table.
 */
export const ERROR_DETAILS = {
  validation_error: z
    .object({
      input_schema: foreignSchema(z.record(z.string(), z.unknown())).meta({
        description: "JSON Schema of the service's input",
      }),
    })
    .optional(),
  consent_required: OpenApproval.optional(),
  scope_violation: z.object({
    scope: z
      .enum(["task_types", "data_types", "categories"])
      .meta({ description: "Name of the scope that refused the call" }),
    missing: z
      .array(foreignName("category"))
      .meta({ description: "Values that the scope or the consent doesn't include" }),
    ...AskedTogether.shape,
    ...OpenApproval.partial().shape,
  }),
  data_consent_required: z.object({
    missing: z.array(foreignName("category")),
    purpose: foreignDetail().meta({ description: "What the sponsor uses the data for" }),
    ...AskedTogether.shape,
    ...OpenApproval.partial().shape,
  }),
  budget_approval_required: z.object({
    cost_cents: z.number().meta({ description: "Price of the call" }),
    remaining_cents: z
      .number()
      .meta({ description: "What is left of the session's or the grant's budget, whichever is smaller" }),
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
      .array(
        z.object({
          campaign_id: z.string(),
          sponsor: foreignText(),
          task_type: foreignName("task").nullable(),
        }),
      )
      .meta({ description: "Campaigns that pay after their task is completed, best first" }),
  }),
  ...ANSWER_DETAILS,
  cost_above_max: z.object({ max_cost_cents: z.number(), quoted_cents: quotedCents }),
  price_changed: z
    .object({
      term: z.enum(TERMS).optional().meta({ description: "The term that changed" }),
      old: foreignDetail().meta({ description: "The registered term. A price is in cents" }),
      new: foreignDetail().meta({ description: "What the upstream asks for now" }),
      price_cents: z.number().optional().meta({ description: "Registered price" }),
      quoted_cents: quotedCents.optional(),
    })
    .optional(),
  treasury_shortfall: z.object({
    covered_cents: z.number().meta({ description: "Largest credit that the treasury can cover now" }),
  }),
  duplicate_request: z
    .object({
      payment_id: paymentId.optional(),
      payment_status: paymentStatus.optional(),
      direct_payment: DirectPaymentOutcome.optional(),
    })
    .optional(),
  rate_limited: z
    .object({
      policy: z.string().meta({ description: "Name of the limit in the RateLimit headers" }),
      limit: z.number().int().meta({ description: "Calls allowed in one window" }),
      window_seconds: z.number().int(),
    })
    .optional(),
  upstream_error: z
    .object({
      ...upstreamFailure,
      probe: Probe.optional(),
    })
    .optional(),
  upstream_timeout: z.object(upstreamFailure).optional(),
  service_unavailable: z
    .object({
      checks: z
        .record(z.string(), z.enum(["ok", "degraded", "failed"]))
        .optional()
        .meta({ description: "Only on /readyz: the state of each dependency" }),
      payment_id: paymentId.optional(),
      payment_status: paymentStatus.optional(),
    })
    .optional(),
} satisfies Record<string, z.ZodType>;

/** The type of `details`, by error code. */
export type ErrorDetails = { [Code in keyof typeof ERROR_DETAILS]: z.infer<(typeof ERROR_DETAILS)[Code]> };
