// Written by hand on Fastify, zod and pg: what `GET /agent/services` does, with the same statements, limiter, ranking and
// durable audit row, and without anything else. Reads the statements from standard input.
import { createHash, randomUUID } from "node:crypto";
import { text } from "node:stream/consumers";
import Fastify from "fastify";
import { Redis } from "ioredis";
import pg from "pg";
import { RateLimiterRedis } from "rate-limiter-flexible";
import { z } from "zod";

const { databaseUrl, redisUrl, statements } = JSON.parse(await text(process.stdin));

const pool = new pg.Pool({ connectionString: databaseUrl, max: 10, options: "-c TimeZone=UTC" });
const query = async (name, values) => (await pool.query({ name, text: statements[name], values })).rows;

const limiter = new RateLimiterRedis({
  storeClient: new Redis(redisUrl),
  keyPrefix: "peer",
  points: 1_000_000_000,
  duration: 60,
});

const List = z.union([z.string().transform((item) => [item]), z.array(z.string())]);
const Query = z.strictObject({
  q: z.string().max(200).optional(),
  category: z.string().max(64).optional(),
  intent: z.string().max(500).optional(),
  preferred_task_types: List.optional(),
  max_task_duration_seconds: z.coerce.number().int().min(0).optional(),
  allowed_data_types: List.optional(),
  max_budget_cents: z.coerce.number().min(0).optional(),
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(50).default(50),
});

const fail = (reply, status, error_code) => reply.code(status).send({ status: "error", error_code });
const cents = (micros) => Number(micros) / 10_000;

async function authenticate(request, reply) {
  const token = /^Bearer (tf_as_\S+)$/.exec(request.headers.authorization ?? "")?.[1];
  if (token === undefined) return fail(reply, 401, "unauthorized");
  const [session] = await query("session", [createHash("sha256").update(token).digest()]);
  if (session === undefined) return fail(reply, 401, "unauthorized");
  if (session.revoked) return fail(reply, 401, "session_revoked");
  if (session.expired) return fail(reply, 401, "session_expired");
  if (session.suspended_at !== null) return fail(reply, 403, "session_suspended");
  request.session = session;
  try {
    const take = await limiter.consume(session.id);
    const seconds = Math.ceil(take.msBeforeNext / 1000);
    reply.header("RateLimit", `"agent_session";r=${take.remainingPoints};t=${seconds}`);
  } catch {
    return fail(reply, 429, "rate_limited");
  }
}

const audit = (session, summary, status) =>
  query("audit", [
    JSON.stringify([
      {
        agent_session_id: session.id,
        grant_id: session.grant_id,
        agent_id: session.agent_id,
        user_id: session.user_id,
        surface: session.surface,
        operation: "agent_search_services",
        endpoint: "/agent/services",
        request_summary: summary,
        response_status: status,
      },
    ]),
  ]);

function rank(offers, { allowed_task_types: taskTypes, remaining }) {
  const budget = Number(remaining);
  return offers
    .filter(
      (offer) =>
        offer.categories_in_scope &&
        (offer.completed || (taskTypes.includes(offer.task_type) && offer.data_types_in_scope)) &&
        offer.eligible &&
        offer.has_calls_left &&
        offer.has_money &&
        offer.preference !== "avoided",
    )
    .map((offer) => {
      const fit = Math.max(0, 1 - Number(offer.price_micros) / budget);
      const preference = offer.preference === "preferred" ? 1 : 0.5;
      const relevance = (0.4 + 0.3 * fit + 0.3 * preference) * offer.reliability;
      return { ...offer, relevance: Math.round(relevance * 10_000) / 10_000 };
    })
    .sort(
      (a, b) =>
        b.relevance - a.relevance ||
        Number(b.completed) - Number(a.completed) ||
        a.created_at - b.created_at ||
        ((a.campaign_id ?? a.service_id) < (b.campaign_id ?? b.service_id) ? -1 : 1),
    );
}

const view = (offer) => ({
  service_type: offer.campaign_id === null ? "sponsored_api" : "campaign",
  service_id: offer.campaign_id ?? offer.service_id,
  service_key: offer.service_key,
  name: offer.name,
  description: offer.description,
  sponsor: offer.sponsor,
  required_task: offer.required_task,
  task_type: offer.task_type,
  subsidy_amount_cents: cents(offer.subsidy),
  price_cents: cents(offer.price_micros),
  categories: offer.categories,
  tags: offer.tags,
  estimated_task_duration_seconds: offer.task_duration_seconds,
  relevance_score: offer.relevance,
  already_completed: offer.completed,
  active: true,
  input_schema: offer.input_schema,
});

const action = (name, method, endpoint, params, description, more) => ({
  action: name,
  method,
  endpoint,
  operation_id: `agent_${name}`,
  auth: "session",
  params,
  ...more,
  description,
});

const suggest = (page, limit, seen, total) => [
  ...page.slice(0, 3).map((offer) =>
    offer.completed
      ? action(
          "run_service",
          "POST",
          `/agent/services/${offer.service_key}/run`,
          offer.campaign_id === null ? {} : { campaign_id: offer.campaign_id },
          "Run the service at the sponsor's expense.",
          {
            params_schema: {
              type: "object",
              properties: { input: offer.input_schema },
              required: ["input"],
            },
          },
        )
      : action(
          "get_task",
          "GET",
          `/agent/tasks/${offer.campaign_id}`,
          {},
          "Read the task after which a sponsor pays for this service.",
        ),
  ),
  ...(seen < total
    ? [action("search_services", "GET", "/agent/services", { limit, offset: seen }, "See the next page.")]
    : []),
  action("flow_status", "GET", "/agent/flow/status", {}, "See where the flow stands."),
];

const app = Fastify({ logger: true });
app.addHook("onRequest", async (_request, reply) => {
  reply.header("X-Request-Id", randomUUID());
  reply.header("Cache-Control", "no-store");
});
app.get("/agent/services", { preHandler: authenticate }, async (request, reply) => {
  const { session } = request;
  const parsed = Query.safeParse(request.query);
  if (!parsed.success) {
    await audit(session, {}, 400);
    return fail(reply, 400, "validation_error");
  }
  const { offset, limit, ...filters } = parsed.data;
  const scopes = session.allowed_categories;
  const offers = await query("listBestOffers", [
    null,
    session.user_id,
    scopes,
    session.allowed_data_types,
    null,
    null,
  ]);
  const ranked = rank(offers, session);
  const chosen = ranked.slice(offset, offset + limit);
  const rows = await query("readOffers", [
    chosen.map(({ service_id }) => service_id),
    chosen.map(({ account_id }) => account_id),
    1_000_000,
  ]);
  const byOffer = new Map(rows.map((row) => [row.service_id + row.account_id, row]));
  const page = chosen.map((offer) => ({ ...offer, ...byOffer.get(offer.service_id + offer.account_id) }));
  const summary = Object.fromEntries(Object.keys(request.query).map((name) => [name, { type: "string" }]));
  await audit(session, summary, 200);
  return {
    status: "success",
    data: {
      services: page.map(view),
      total_count: ranked.length,
      offset,
      limit,
      applied_filters: filters,
    },
    next_actions: suggest(page, limit, offset + page.length, ranked.length),
  };
});
await app.listen({ port: 0, host: "127.0.0.1" });
console.log(`listening on http://127.0.0.1:${app.server.address().port}`);
process.once("SIGTERM", () => process.exit(0));
