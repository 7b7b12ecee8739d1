import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { describeSchema } from "../../personal-data/data-schema/index.ts";
import { campaignRegions } from "../../personal-data/phone-regions/index.ts";
import { centsToMicros } from "../../protocol/amounts.ts";
import { AppError } from "../../protocol/errors.ts";
import { indexServices, refreshOffers } from "../offer/index.ts";
import {
  notPublic,
  requireFillablePath,
  requireSafeDescription,
  requireSafeSchema,
  requireSmallSample,
} from "./check-definition.ts";
import { requireOwnApi } from "./own-api.ts";
import { refuseBlocked } from "./probe-refusal.ts";
import type { PinnedTerms } from "./probe-upstream.ts";
import { probeUpstream } from "./probe-upstream.ts";
import { toView } from "./rules.ts";
import type { ApiView, ChangeApiInput } from "./schema.ts";
import type { ApiWithBudget } from "./store.ts";
import type { ApiChanges, DefinitionChanges, TermChanges } from "./update-store.ts";
import { updateApi } from "./update-store.ts";
import { encryptHeaders } from "./upstream-request.ts";

type Input = z.infer<typeof ChangeApiInput>;
type Context = Pick<
  Deps,
  "db" | "sql" | "cipher" | "upstream" | "networks" | "settings" | "compute" | "thesaurus"
> & {
  actor: SponsorActor;
};

/** How often a change is checked again if another one was faster. */
const MAX_ATTEMPTS = 3;

/**
 * Changes or pauses an API. A new address and new headers are probed before they count, and the API's terms are
 * pinned to those of the probe. Otherwise the pinned terms change only if `repin` asks for it. So only the sponsor
 * can change the payee of the treasury's payments. A run that is under way isn't paid on terms that changed. An
 * API that was set aside gets calls again once a probe works.
 * @throws `not_found`, also for another sponsor's API; `inactive` for an archived one; `validation_error`;
 *   `upstream_error` if the probe finds no terms. Nothing is changed then
 */
export async function changeApi(ctx: Context, input: Input): Promise<z.infer<typeof ApiView>> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const api = await requireOwnApi(ctx.db, input.service_key, ctx.actor.sponsorId);
    if (api.archivedAt !== null)
      throw new AppError("inactive", { message: "This service is archived and can't be changed." });
    const changes = {
      ...textChanges(input),
      ...(resumes(api, input) && { active: true, resumes: true }),
    };
    const definition = await definitionChanges(ctx, api, input);
    const isChanged = await ctx.sql.transaction(async (tx) => {
      if (!(await updateApi(tx, api, changes, definition))) return false;
      await (changesTexts(input) ? indexServices(tx, [api.id], ctx.thesaurus) : refreshOffers(tx, [api.id]));
      return true;
    });
    // If not, another request has changed the definition since it was read, so the checks may not hold.
    if (isChanged) return toView(await requireOwnApi(ctx.db, input.service_key, ctx.actor.sponsorId));
  }
  throw new AppError("conflict", {
    message: "This API was changed by other requests at the same time. Nothing was changed. Send this again.",
  });
}

/** Whether what the API is found by changes. */
const changesTexts = ({ name, description, localized, categories, tags }: Input): boolean =>
  [name, description, localized, categories, tags].some((text) => text !== undefined);

const textChanges = (input: Input): ApiChanges => ({
  ...(input.active !== undefined && { active: input.active }),
  ...(input.name !== undefined && { name: input.name }),
  ...(input.description !== undefined && { description: input.description }),
  ...(input.localized !== undefined && { localized: input.localized }),
  ...(input.categories !== undefined && { categories: [...new Set(input.categories)] }),
  ...(input.tags !== undefined && { tags: [...new Set(input.tags)] }),
  ...(input.price_cents !== undefined && { price_micros: centsToMicros(input.price_cents) }),
  ...(input.timeout_ms !== undefined && { timeout_ms: input.timeout_ms }),
  ...(input.output_schema !== undefined && { output_schema: input.output_schema }),
});

/** Whether a change asks for a probe by itself. */
const asksForProbe = ({ upstream_url, upstream_headers, repin }: Input): boolean =>
  upstream_url !== undefined || upstream_headers !== undefined || repin === true;

/** Whether an API that was set aside gets calls again, if its probe works. */
const resumes = ({ setAsideAt }: ApiWithBudget, input: Input): boolean =>
  setAsideAt !== null && (input.active === true || (input.active === undefined && asksForProbe(input)));

/** Whether the upstream has to be called before a change counts. */
const needsProbe = (api: ApiWithBudget, input: Input): boolean => asksForProbe(input) || resumes(api, input);

/** The changes of what is called, and on which terms. They are checked together, and probed if they need it. */
async function definitionChanges(ctx: Context, api: ApiWithBudget, input: Input): Promise<DefinitionChanges> {
  const { upstream_url, upstream_headers, input_schema, output_schema, sample_input } = input;
  if (sample_input !== undefined) requireSmallSample(sample_input);
  if (input_schema !== undefined) {
    const texts = [input.name ?? api.name, input.description ?? api.description];
    await requireSafeSchema(ctx, input_schema, campaignRegions(ctx, texts));
  }
  if (output_schema !== undefined) await requireSafeDescription(ctx, output_schema);
  const definition: DefinitionChanges = {
    ...(upstream_url !== undefined && { upstream_url }),
    ...(upstream_headers !== undefined && {
      upstream_headers: encryptHeaders(api.id, upstream_headers, ctx.cipher),
    }),
    ...(input_schema !== undefined && {
      input_schema,
      input_data_types: [...(await describeSchema(ctx, input_schema)).dataTypes.all],
    }),
    ...(sample_input !== undefined && { sample_input }),
  };
  const next = {
    ...api,
    ...(upstream_url !== undefined && { upstreamUrl: upstream_url }),
    ...(definition.upstream_headers !== undefined && { upstreamHeaders: definition.upstream_headers }),
    ...(input_schema !== undefined && { inputSchema: input_schema }),
    timeoutMs: input.timeout_ms ?? api.timeoutMs,
    sampleInput: (sample_input ?? api.sampleInput) as Record<string, unknown>,
  };
  const isProbed = needsProbe(api, input);
  if (isProbed || input_schema !== undefined || sample_input !== undefined)
    await requireFillablePath(ctx, next);
  if (!isProbed) return definition;
  const probe = await probeUpstream(ctx, next, next.sampleInput);
  if (probe === "blocked") throw upstream_url === undefined ? refuseBlocked() : notPublic();
  return { ...definition, terms: toTermChanges(probe) };
}

const toTermChanges = ({ terms, quoteMicros }: PinnedTerms): TermChanges => ({
  network: terms?.network ?? null,
  asset: terms?.asset ?? null,
  pay_to: terms?.payTo ?? null,
  quote_micros: quoteMicros,
});
