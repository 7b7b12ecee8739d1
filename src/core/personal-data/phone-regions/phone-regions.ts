import { findRegion } from "../../access/user/index.ts";
import type { Deps, SessionActor, UserActor } from "../../context.ts";
import type { PhoneRegion } from "../../protocol/phone-regions.ts";
import { regionOf } from "./region-names.ts";
import { regionsOfLanguage } from "./regions-of-language.ts";

/** The regions of a campaign or a service: what the operator configured, and where the language of its texts is spoken. */
export const campaignRegions = (
  { settings }: Pick<Deps, "settings">,
  texts: readonly string[],
): PhoneRegion[] => [...new Set([...settings.phoneRegions, ...regionsOfLanguage(texts)])];

/**
 * The regions whose national phone numbers are found in what an agent or the user sends: the person's, those of the campaign or the
 * service, and what the operator configured.
 * @param texts what the sponsor wrote of the campaign or the service
 */
export async function callRegions(
  ctx: Pick<Deps, "sql" | "settings"> & { actor: SessionActor | UserActor },
  texts: readonly string[],
): Promise<PhoneRegion[]> {
  const registered = await findRegion.first(ctx.sql, { id: ctx.actor.userId });
  const own = regionOf(registered?.region ?? "");
  return [...new Set([...(own === undefined ? [] : [own]), ...campaignRegions(ctx, texts)])];
}
