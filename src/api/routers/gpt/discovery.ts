import { z } from "zod";
import { flowStatus, FlowStatusOutput } from "../../../core/discovery/flow/index.ts";
import {
  listAvailableCategories,
  SearchInput,
  SearchOutput,
  searchServices,
  ServiceView,
} from "../../../core/discovery/search/index.ts";
import { JsonObject } from "../../../core/protocol/fields.ts";
import {
  foreignName,
  foreignSchema,
  foreignServiceKey,
  foreignText,
} from "../../../core/protocol/foreign/index.ts";
import { gptProcedure, gptSessionProcedure } from "../../procedure/trpc.ts";
import { flatOutput, flatResponse, formatCents, formatCount } from "./flat-response.ts";
import { sessionField, withoutSessionToken } from "./session-field.ts";

/** Results of one page. A GPT presents them to a person in text, so a page is short. */
const MAX_RESULTS = 20;
const DEFAULT_RESULTS = 10;

/**
 * One campaign that pays for one service. The input schema is on the candidate, so that it isn't repeated
 * here.
 */
const Offer = ServiceView.omit({ input_schema: true, output_schema: true }).meta({ id: "GptOffer" });
/** One service with all its offers. */
const Candidate = z
  .object({
    service_key: foreignServiceKey(),
    name: foreignText(),
    description: foreignText(),
    price_cents: z.number(),
    categories: z.array(foreignName("category")),
    relevance_score: z.number().meta({ description: "That of its best offer" }),
    input_schema: foreignSchema(JsonObject).meta({ description: "JSON Schema of a run's input" }),
    offers: z.array(
      z.object({
        service_id: z.string(),
        sponsor: foreignText(),
        required_task: foreignText(),
        task_type: foreignName("task").nullable(),
        estimated_task_duration_seconds: z.number().nullable(),
        already_completed: z.boolean(),
      }),
    ),
  })
  .meta({ id: "GptCandidate" });
type ServiceResult = z.infer<typeof ServiceView>;

const toOffer = ({
  input_schema: _onCandidate,
  output_schema: _notForTexts,
  ...offer
}: ServiceResult): z.infer<typeof Offer> => offer;

/** Groups offers by service, in the given order. The person first chooses a service, then a sponsor. */
function groupByService(services: ServiceResult[]): z.infer<typeof Candidate>[] {
  const groups = new Map<string, ServiceResult[]>();
  for (const service of services)
    groups.set(service.service_key, [...(groups.get(service.service_key) ?? []), service]);
  return [...groups.values()].flatMap((offers) => {
    const [best] = offers;
    if (best === undefined) return [];
    const { service_key, name, description, price_cents, categories, relevance_score, input_schema } = best;
    return [
      {
        service_key,
        name,
        description,
        price_cents,
        categories,
        relevance_score,
        input_schema,
        offers: offers.map((offer) => ({
          service_id: offer.service_id,
          sponsor: offer.sponsor,
          required_task: offer.required_task,
          task_type: offer.task_type,
          estimated_task_duration_seconds: offer.estimated_task_duration_seconds,
          already_completed: offer.already_completed,
        })),
      },
    ];
  });
}

export const searchProcedures = {
  searchServices: gptProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/gpt/services",
        summary: "Find services a sponsor would pay for",
        description:
          "Call it first, with the person's wish as intent. It works before signing in. With session_token it applies the person's preferences and scopes. Filters combine with AND.",
      },
      consequential: false,
      example: { request: { intent: "when does the sun set in Lisbon tomorrow", max_budget_cents: 5 } },
    })
    .input(
      SearchInput.pick({
        q: true,
        category: true,
        intent: true,
        max_budget_cents: true,
        offset: true,
      }).extend({
        limit: z.number().int().min(1).max(MAX_RESULTS).optional(),
        ...sessionField,
      }),
    )
    .output(
      flatOutput(
        SearchOutput.extend({
          services: z.array(Offer),
          candidates: z.array(Candidate).meta({ description: "The same offers, grouped by service" }),
          available_categories: z
            .array(foreignName("category"))
            .meta({ description: "The categories that have services" }),
        }),
      ),
    )
    .query(async ({ ctx, input }) => {
      const caller = { ...ctx.deps, actor: ctx.actor };
      const [{ data, nextActions }, available_categories] = await Promise.all([
        searchServices(caller, { limit: DEFAULT_RESULTS, ...withoutSessionToken(input) }),
        listAvailableCategories(caller),
      ]);
      const candidates = groupByService(data.services);
      const message =
        data.total_count === 0
          ? "Nothing was found. available_categories names where there are services."
          : `Found ${formatCount(data.total_count, "offer")}. The best one comes first, and costs ${formatCents(candidates[0]?.price_cents ?? 0)}.`;
      const results = {
        ...data,
        services: data.services.map(toOffer),
        candidates,
        available_categories,
      };
      return flatResponse(ctx, results, message, nextActions);
    }),

  userStatus: gptSessionProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/gpt/user/status",
        summary: "See the person's budget, tasks and services",
        description:
          "Budget left, completed tasks, services ready to run, pending payments and open approvals.",
      },
      consequential: false,
    })
    .input(z.strictObject(sessionField).prefault({}))
    .output(flatOutput(FlowStatusOutput.extend({ available_services: z.array(Offer) })))
    .query(async ({ ctx }) => {
      const { data, nextActions } = await flowStatus({ ...ctx.deps, actor: ctx.actor });
      const ready = data.available_services.slice(0, MAX_RESULTS).map(toOffer);
      const message = `${formatCount(ready.length, "service")} ready to run, ${formatCents(data.budget.remaining_cents)} of the budget left, ${formatCount(data.pending_payments.length, "payment")} pending.`;
      return flatResponse(ctx, { ...data, available_services: ready }, message, nextActions);
    }),
};
