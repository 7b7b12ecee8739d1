import type { z } from "zod";
import { budgetToWire } from "../../money/budget/index.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import type { FieldError } from "../../protocol/errors.ts";
import { AppError } from "../../protocol/errors.ts";
import { next } from "../../protocol/next-actions.ts";
import type { ApiView } from "./schema.ts";
import type { ApiRow, ApiWithBudget } from "./store.ts";

/** An API as its sponsor sees it. It never contains the upstream headers. */
export const toView = (api: ApiWithBudget): z.infer<typeof ApiView> => ({
  ...toListedView(api),
  input_schema: api.inputSchema as Record<string, unknown>,
  ...(api.outputSchema !== null && { output_schema: api.outputSchema as Record<string, unknown> }),
});

/** The same without its schemas. */
export function toListedView(
  api: Omit<ApiWithBudget, "inputSchema" | "outputSchema" | "sampleInput">,
): Omit<z.infer<typeof ApiView>, "input_schema" | "output_schema"> {
  return {
    service_id: api.id,
    service_key: api.serviceKey,
    name: api.name,
    description: api.description,
    ...(api.localized !== null && {
      localized: api.localized as NonNullable<z.infer<typeof ApiView>["localized"]>,
    }),
    categories: api.categories,
    tags: api.tags,
    upstream_url: api.upstreamUrl,
    upstream_method: api.upstreamMethod as "GET" | "POST",
    price_cents: microsToCents(api.priceMicros),
    timeout_ms: api.timeoutMs,
    active: api.active,
    set_aside_at: api.setAsideAt?.toISOString() ?? null,
    ...(api.archivedAt !== null && { archived_at: api.archivedAt.toISOString() }),
    terms:
      api.network !== null && api.asset !== null && api.payTo !== null
        ? { network: api.network, asset: api.asset, pay_to: api.payTo }
        : null,
    last_quote_cents: api.lastQuoteMicros === null ? null : microsToCents(api.lastQuoteMicros),
    reliability: { paid_calls: api.paidCalls, undelivered_calls: api.undeliveredCalls },
    budget: api.budgetAccount && budgetToWire(api.budgetAccount),
  };
}

/** The error for a service that gets no calls at the moment. */
export function inactiveService({
  archivedAt,
  setAsideAt,
}: Pick<ApiRow, "archivedAt" | "setAsideAt">): AppError {
  const reason =
    setAsideAt === null
      ? "This service is paused."
      : "This service gets no calls: it was paid and brought nothing for several people in a row.";
  return new AppError("inactive", {
    message: archivedAt === null ? reason : "This service is archived.",
    nextActions: [next.searchServices()],
  });
}

/**
 * The error for a run's input that doesn't match the service's schema. It carries the schema.
 * @param sponsored the campaign that the caller named, if any. Undefined: the caller pays
 */
export const invalidRunInput = (
  { serviceKey, inputSchema }: { serviceKey: string; inputSchema: unknown },
  fieldErrors: FieldError[],
  sponsored?: { campaignId: string | undefined },
): AppError =>
  new AppError("validation_error", {
    message: "The input doesn't match the service's schema.",
    fieldErrors,
    details: { input_schema: inputSchema as Record<string, unknown> },
    ...(sponsored !== undefined && {
      nextActions: [next.runService(serviceKey, { ...sponsored, inputSchema, description: AGAIN })],
    }),
  });

const AGAIN = "Run the service with input that matches its schema.";
