import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { checkSchema } from "../../personal-data/data-schema/index.ts";
import { campaignRegions } from "../../personal-data/phone-regions/index.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import { AppError } from "../../protocol/errors.ts";
import { withoutInvisible } from "../../protocol/invisible-text.ts";
import { keyOf, readSellersSchema } from "../api-description/index.ts";
import { notPublic, requireSmallSample } from "./check-definition.ts";
import type { PinnedTerms } from "./probe-upstream.ts";
import { probeUpstream } from "./probe-upstream.ts";
import type { InspectUpstreamInput, InspectUpstreamOutput } from "./schema.ts";
import { DEFAULT_TIMEOUT_MS } from "./schema.ts";
import { encryptHeaders } from "./upstream-request.ts";

type Context = Pick<Deps, "upstream" | "networks" | "cipher" | "settings" | "compute"> & {
  actor: SponsorActor;
};
type Input = z.infer<typeof InspectUpstreamInput>;
type Method = "GET" | "POST";

/**
 * Looks at an upstream before it is registered: calls it without payment, as a registration does, and says what would be pinned
 * and what the upstream says of its input. Stores nothing.
 * @throws `validation_error` for an address that isn't public; `upstream_error`, with the cause
 */
export async function inspectUpstream(
  ctx: Context,
  input: Input,
): Promise<z.infer<typeof InspectUpstreamOutput>> {
  requireSmallSample(input.sample_input ?? {});
  const { method, probe } = await probeWith(ctx, input);
  const { terms, quoteMicros, timeoutSeconds, described } = probe;
  const schema =
    described.inputSchema === undefined ? undefined : await readSellersSchema(ctx, described.inputSchema);
  const description = described.description === undefined ? null : withoutInvisible(described.description);
  const regions = campaignRegions(ctx, [description ?? ""]);
  return {
    upstream_url: input.upstream_url,
    upstream_method: method,
    terms: terms && {
      ...{ network: terms.network, asset: terms.asset, pay_to: terms.payTo },
      amount_cents: microsToCents(quoteMicros ?? 0n),
      timeout_seconds: timeoutSeconds,
    },
    service_key: keyOf(new URL(input.upstream_url).pathname.split("/").findLast((part) => part !== "") ?? ""),
    description,
    input_schema: schema ?? null,
    schema_errors: schema === undefined ? [] : await checkSchema(ctx, schema, regions),
    sample_input: input.sample_input ?? described.example ?? null,
  };
}

/** Causes for which another method can do better. */
const PERHAPS_THE_METHOD = new Set([400, 404, 405, 422]);

interface Probed {
  method: Method;
  probe: PinnedTerms;
}

/** Without a method: the one that the upstream says it has, else the first that it answers. */
async function probeWith(ctx: Context, input: Input): Promise<Probed> {
  const given = input.upstream_method;
  if (given !== undefined) return { method: given, probe: await probeOnce(ctx, input, given) };
  const first = await probeEither(ctx, input);
  const told = first.probe.described.method;
  if (told === undefined || told === first.method) return first;
  return probeOnce(ctx, input, told).then(
    (probe) => ({ method: told, probe }),
    () => first,
  );
}

async function probeEither(ctx: Context, input: Input): Promise<Probed> {
  try {
    return { method: "GET", probe: await probeOnce(ctx, input, "GET") };
  } catch (error) {
    if (!mayBeTheMethod(error)) throw error;
    try {
      return { method: "POST", probe: await probeOnce(ctx, input, "POST") };
    } catch (other) {
      // The more telling of both: an upstream that refuses its input has this method.
      throw mayBeTheMethod(other) && statusOf(error) !== 405 && statusOf(error) !== 404 ? error : other;
    }
  }
}

async function probeOnce(ctx: Context, input: Input, method: Method): Promise<PinnedTerms> {
  const id = randomUUID();
  const api = {
    id,
    upstreamUrl: input.upstream_url,
    upstreamMethod: method,
    upstreamHeaders: encryptHeaders(id, input.upstream_headers, ctx.cipher),
    timeoutMs: DEFAULT_TIMEOUT_MS,
  };
  const probe = await probeUpstream(ctx, api, input.sample_input ?? {});
  if (probe === "blocked") throw notPublic();
  return probe;
}

const statusOf = (error: unknown): number | undefined =>
  error instanceof AppError && error.code === "upstream_error"
    ? (error.details as { probe?: { status?: number } } | undefined)?.probe?.status
    : undefined;

function mayBeTheMethod(error: unknown): boolean {
  const status = statusOf(error);
  return status !== undefined && PERHAPS_THE_METHOD.has(status);
}
