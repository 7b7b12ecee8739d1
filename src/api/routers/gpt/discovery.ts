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
import { gptProcedure, gptSessionProcedure } from "../../procedure/trpc.ts";
import { cents, counted, flat, reply, session } from "./flat-response.ts";

/** A GPT reads answers aloud; a few are enough. */
const MAX_RESULTS = 20;
const DEFAULT_RESULTS = 10;

/** An input schema is given once a candidate rather than once an offer. */
const Offer = ServiceView.omit({ input_schema: true }).meta({ id: "GptOffer" });
const Candidate = z
  .object({
    service_key: z.string(),
    name: z.string(),
    description: z.string(),
    price_cents: z.number(),
    categories: z.array(z.string()),
    relevance_score: z.number().meta({ description: "Of its best offer" }),
    input_schema: JsonObject.meta({ description: "JSON Schema of a run's input" }),
    offers: z.array(
      z.object({
        service_id: z.string(),
        sponsor: z.string(),
        required_task: z.string().nullable(),
        already_completed: z.boolean(),
      }),
    ),
  })
  .meta({ id: "GptCandidate" });
type Service = z.infer<typeof ServiceView>;

const withoutSchema = ({ input_schema: _given, ...offer }: Service): z.infer<typeof Offer> => offer;

/** Who pays for what is found, by service: the person chooses a service first, then a sponsor. */
function groupByService(services: Service[]): z.infer<typeof Candidate>[] {
  const groups = new Map<string, Service[]>();
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
        offers: offers.map(({ service_id, sponsor, required_task, already_completed }) => ({
          service_id,
          sponsor,
          required_task,
          already_completed,
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
          "Use it first, with the person's wish as intent. Works before signing in; with session_token it applies the person's preferences and scopes. Filters combine with AND.",
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
        ...session,
      }),
    )
    .output(
      flat(
        SearchOutput.extend({
          services: z.array(Offer),
          candidates: z.array(Candidate).meta({ description: "The same, grouped by service" }),
          available_categories: z.array(z.string()).meta({ description: "What there is to search in" }),
        }),
      ),
    )
    .query(async ({ ctx, input }) => {
      const { session_token: _credential, ...search } = input;
      const caller = { ...ctx.deps, actor: ctx.actor };
      const [{ data, nextActions }, available_categories] = await Promise.all([
        searchServices(caller, { limit: DEFAULT_RESULTS, ...search }),
        listAvailableCategories(caller),
      ]);
      const candidates = groupByService(data.services);
      const message =
        data.total_count === 0
          ? `Nothing was found. There are services in: ${available_categories.join(", ")}.`
          : `Found ${counted(data.total_count, "offer")}. Best: ${candidates[0]?.name ?? ""}, ${cents(candidates[0]?.price_cents ?? 0)}, paid by ${data.services[0]?.sponsor ?? ""}.`;
      const answer = {
        ...data,
        services: data.services.map(withoutSchema),
        candidates,
        available_categories,
      };
      return reply(ctx, answer, message, nextActions);
    }),

  userStatus: gptSessionProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/gpt/user/status",
        summary: "See where the person stands",
        description:
          "Budget left, completed tasks, services ready to run, pending payments and open approvals.",
      },
      consequential: false,
    })
    .input(z.strictObject(session).prefault({}))
    .output(flat(FlowStatusOutput.extend({ available_services: z.array(Offer) })))
    .query(async ({ ctx }) => {
      const { data, nextActions } = await flowStatus({ ...ctx.deps, actor: ctx.actor });
      const ready = data.available_services.slice(0, MAX_RESULTS).map(withoutSchema);
      const message = `${counted(ready.length, "service")} ready to run, ${cents(data.budget.remaining_cents)} of the budget left, ${counted(data.pending_payments.length, "payment")} pending.`;
      return reply(ctx, { ...data, available_services: ready }, message, nextActions);
    }),
};
