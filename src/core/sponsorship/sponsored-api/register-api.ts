import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { describeSchema } from "../../personal-data/data-schema/index.ts";
import { campaignRegions } from "../../personal-data/phone-regions/index.ts";
import { centsToMicros } from "../../protocol/amounts.ts";
import { AppError } from "../../protocol/errors.ts";
import { createOnce, findCreated } from "../../protocol/idempotency/index.ts";
import { indexServices } from "../offer/index.ts";
import { requireOpen } from "../sponsor/index.ts";
import {
  notPublic,
  requireFillablePath,
  requireSafeDescription,
  requireSafeSchema,
  requireSmallSample,
} from "./check-definition.ts";
import { probeUpstream } from "./probe-upstream.ts";
import { toView } from "./rules.ts";
import type { ApiView, RegisterApiInput } from "./schema.ts";
import { DEFAULT_TIMEOUT_MS } from "./schema.ts";
import { findApiOfSponsor, insertApi, serviceKeyTaken } from "./store.ts";
import { encryptHeaders } from "./upstream-request.ts";

type Input = z.infer<typeof RegisterApiInput>;
type Context = Pick<
  Deps,
  "db" | "sql" | "cipher" | "upstream" | "networks" | "settings" | "compute" | "thesaurus"
> & {
  actor: SponsorActor;
};

/**
 * Registers an upstream endpoint. The upstream is called once without a payment, and its payments are pinned
 * to the network, asset and payee of its 402. A later 402 with other terms is refused as `price_changed`.
 * @returns the API, and whether an earlier call with the same idempotency key registered it
 * @throws `validation_error` for an unsafe schema or address; `conflict` for a taken service key;
 *   `upstream_error`, with the cause, if the probe finds no terms that can be paid; `idempotency_conflict`;
 *   `not_found` for an organisation that was closed
 */
export async function registerApi(
  ctx: Context,
  { idempotency_key: key, ...input }: Input,
): Promise<{ api: z.infer<typeof ApiView>; replayed: boolean }> {
  const { db, cipher, actor } = ctx;
  const sampleInput = input.sample_input ?? {};
  requireSmallSample(sampleInput);
  const regions = campaignRegions(ctx, [input.name, input.description]);
  await requireSafeSchema(ctx, input.input_schema, regions);
  if (input.output_schema !== undefined) await requireSafeDescription(ctx, input.output_schema);
  const definition = { upstreamUrl: input.upstream_url, inputSchema: input.input_schema, sampleInput };
  await requireFillablePath(ctx, definition);
  const creation = { owner: actor.sponsorId, operation: "register_api", key, request: input };
  if (await serviceKeyTaken(db, input.service_key)) {
    if ((await findCreated(ctx, creation)) === undefined) throw keyTaken(input.service_key);
    return { api: await requireApi(ctx, input.service_key), replayed: true };
  }

  const id = randomUUID();
  const api = {
    id,
    upstreamUrl: input.upstream_url,
    upstreamMethod: input.upstream_method,
    upstreamHeaders: encryptHeaders(id, input.upstream_headers, cipher),
    timeoutMs: input.timeout_ms ?? DEFAULT_TIMEOUT_MS,
  };
  const probe = await probeUpstream(ctx, api, sampleInput, input.pay_to);
  if (probe === "blocked") throw notPublic();

  const row = {
    id,
    sponsor_id: actor.sponsorId,
    service_key: input.service_key,
    name: input.name,
    description: input.description,
    localized: input.localized ?? null,
    categories: [...new Set(input.categories)],
    tags: [...new Set(input.tags ?? [])],
    upstream_url: api.upstreamUrl,
    upstream_method: api.upstreamMethod,
    upstream_headers: api.upstreamHeaders,
    price_micros: centsToMicros(input.price_cents),
    quote_micros: probe.quoteMicros,
    network: probe.terms?.network ?? null,
    asset: probe.terms?.asset ?? null,
    pay_to: probe.terms?.payTo ?? null,
    input_schema: input.input_schema,
    input_data_types: [...(await describeSchema(ctx, input.input_schema)).dataTypes.all],
    output_schema: input.output_schema ?? null,
    sample_input: sampleInput,
    timeout_ms: api.timeoutMs,
  };
  const { replayed } = await createOnce(ctx, creation, id, async (sql) => {
    await requireOpen(sql, actor.sponsorId);
    if ((await insertApi.count(sql, row)) === 0) throw keyTaken(input.service_key);
    await indexServices(sql, [id], ctx.thesaurus);
  });
  return { api: await requireApi(ctx, input.service_key), replayed };
}

/** @throws `conflict` if the service key belongs to another sponsor */
async function requireApi(
  { db, actor }: Pick<Context, "db" | "actor">,
  key: string,
): Promise<z.infer<typeof ApiView>> {
  const row = await findApiOfSponsor(db, key, actor.sponsorId);
  if (row === undefined) throw keyTaken(key);
  return toView(row);
}

const keyTaken = (key: string): AppError =>
  new AppError("conflict", { message: `The service key ${key} is taken.` });
