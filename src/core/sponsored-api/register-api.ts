import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Deps, SponsorActor } from "../context.ts";
import { checkSchema, compileSchema } from "../data-schema/index.ts";
import { AppError, invalidField } from "../errors.ts";
import { centsToMicros } from "../money.ts";
import type { UpstreamAnswer, UpstreamFailure } from "../payment/ports.ts";
import { toView } from "./rules.ts";
import type { ApiView, RegisterApiInput } from "./schema.ts";
import { DEFAULT_TIMEOUT_MS } from "./schema.ts";
import { findApiOfSponsor, insertApi, serviceKeyTaken } from "./store.ts";
import { buildUpstreamRequest, headersContext } from "./upstream-request.ts";

type Input = z.infer<typeof RegisterApiInput>;
type Context = Pick<Deps, "db" | "cipher" | "upstream" | "paymentClient"> & { actor: SponsorActor };

/**
 * Registers an upstream endpoint. It is probed once, unpaid, and its payments are pinned to the network, asset
 * and payee of its 402; later terms that differ are refused as `price_changed`.
 * @throws `validation_error` for an unsafe schema or address, `conflict` for a taken key, `upstream_error` where
 *   the probe finds no usable terms and no `pay_to` was given.
 */
export async function registerApi(ctx: Context, input: Input): Promise<z.infer<typeof ApiView>> {
  const { db, cipher, actor } = ctx;
  const schemaErrors = checkSchema(input.input_schema);
  if (schemaErrors.length > 0) {
    throw new AppError("validation_error", {
      message: "The input schema can't be accepted.",
      fieldErrors: schemaErrors.map((error) => ({ ...error, path: `/input_schema${error.path}` })),
    });
  }
  if (await serviceKeyTaken(db, input.service_key)) throw taken(input.service_key);

  const id = randomUUID();
  const api = {
    id,
    upstreamUrl: input.upstream_url,
    upstreamMethod: input.upstream_method,
    upstreamHeaders:
      input.upstream_headers === undefined
        ? null
        : cipher.encrypt(JSON.stringify(input.upstream_headers), headersContext(id)),
    timeoutMs: input.timeout_ms ?? DEFAULT_TIMEOUT_MS,
  };
  const sampleInput = input.sample_input ?? {};
  const probe = await ctx.upstream.request(buildUpstreamRequest(api, sampleInput, cipher));
  const { terms, quote } = pinTerms(ctx, input, probe);

  const registered = await insertApi(db, {
    ...api,
    sponsorId: actor.sponsorId,
    serviceKey: input.service_key,
    name: input.name,
    description: input.description,
    categories: [...new Set(input.categories)],
    tags: [...new Set(input.tags ?? [])],
    priceMicros: centsToMicros(input.price_cents),
    lastQuoteMicros: quote,
    terms,
    inputSchema: input.input_schema,
    inputDataTypes: [...compileSchema(input.input_schema).dataTypes.all],
    sampleInput,
  });
  const row = registered ? await findApiOfSponsor(db, input.service_key, actor.sponsorId) : undefined;
  if (row === undefined) throw taken(input.service_key);
  return toView(row);
}

const taken = (key: string): AppError =>
  new AppError("conflict", { message: `The service key ${key} is taken.` });

interface Pinned {
  terms: { network: string; asset: string; payTo: string } | null;
  quote: bigint | null;
}

function pinTerms({ paymentClient }: Context, input: Input, probe: UpstreamAnswer | UpstreamFailure): Pinned {
  if (probe.kind === "blocked") {
    throw invalidField("/upstream_url", "must lead to a public address", "format");
  }
  if (probe.kind === "answer" && probe.status === 402) {
    const offers = paymentClient.readOffers(probe);
    const offer = offers.find(
      ({ payTo }) => input.pay_to === undefined || payTo.toLowerCase() === input.pay_to.toLowerCase(),
    );
    if (offer !== undefined) {
      return {
        terms: { network: offer.network, asset: offer.asset, payTo: offer.payTo },
        quote: offer.amountMicros,
      };
    }
    if (offers.length > 0) {
      throw new AppError("upstream_error", {
        message: "The upstream asks to be paid at another address than pay_to.",
      });
    }
  }
  if (probe.kind === "answer" && probe.status >= 200 && probe.status < 300 && input.pay_to === undefined) {
    return { terms: null, quote: 0n };
  }
  if (input.pay_to === undefined) {
    throw new AppError("upstream_error", {
      message: "The upstream answered the probe with neither a success nor payment terms we can use.",
      details: { probe: probe.kind === "answer" ? { status: probe.status } : { failure: probe.kind } },
    });
  }
  return {
    terms: { network: paymentClient.network, asset: paymentClient.asset, payTo: input.pay_to },
    quote: null,
  };
}
