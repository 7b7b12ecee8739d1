import type { z } from "zod";
import type { Deps, SponsorActor } from "../context.ts";
import { notFound } from "../errors.ts";
import { centsToMicros } from "../money.ts";
import { toView } from "./rules.ts";
import type { ApiView, ChangeApiInput, GetApiInput } from "./schema.ts";
import type { ApiChanges } from "./store.ts";
import { findApiOfSponsor, updateApi } from "./store.ts";

type Context = Pick<Deps, "db"> & { actor: SponsorActor };

/** An API with its budget and pinned terms. @throws `not_found`, also for another sponsor's. */
export async function getApi(
  { db, actor }: Context,
  input: z.infer<typeof GetApiInput>,
): Promise<z.infer<typeof ApiView>> {
  const api = await findApiOfSponsor(db, input.service_key, actor.sponsorId);
  if (api === undefined) throw notFound("service");
  return toView(api);
}

/** Changes or pauses an API. Its upstream and its terms stay as they were registered. */
export async function changeApi(
  { db, actor }: Context,
  input: z.infer<typeof ChangeApiInput>,
): Promise<z.infer<typeof ApiView>> {
  const api = await findApiOfSponsor(db, input.service_key, actor.sponsorId);
  if (api === undefined) throw notFound("service");
  const { service_key: _, price_cents, timeout_ms, ...plain } = input;
  const changes: ApiChanges = Object.fromEntries(
    Object.entries(plain).filter(([, value]) => value !== undefined),
  );
  if (price_cents !== undefined) changes.priceMicros = centsToMicros(price_cents);
  if (timeout_ms !== undefined) changes.timeoutMs = timeout_ms;
  return toView(await updateApi(db, api.id, changes));
}
