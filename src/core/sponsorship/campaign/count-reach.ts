import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { callerKey } from "../../context.ts";
import { canonicalJson } from "../../protocol/canonical-json.ts";
import { countUsers } from "./reach-store.ts";
import type { CountReachInput, CountReachOutput } from "./schema.ts";

/** More users aren't counted. */
const MOST_COUNTED = 100_000;
/** Of a smaller group only this is told. */
const FEWER_THAN = 20;
/** What is taken off a count, at most, before it is rounded. */
const MOST_TAKEN_OFF = 10;

/**
 * Counts the users of a target group, so coarsely that nobody can be picked out: from small groups nothing but that they are
 * small; from others, the count rounded down. Before that, an amount is taken off that depends on the group and on this
 * installation's key. So a sponsor who widens a group by one role doesn't learn from a step at which one person it took place.
 */
export async function countReach(
  { sql, cipher, histories, actor }: Pick<Deps, "sql" | "cipher" | "histories"> & { actor: SponsorActor },
  { target_roles: roles = [], target_tools: tools = [] }: z.infer<typeof CountReachInput>,
): Promise<z.infer<typeof CountReachOutput>> {
  const group = { roles: [...new Set(roles)].sort(), tools: [...new Set(tools)].sort() };
  const users = await histories.run(callerKey({ actor }), () => countUsers(sql, group, MOST_COUNTED));
  const takenOff = (cipher.hmac(canonicalJson(["reach", group]))[0] ?? 0) % MOST_TAKEN_OFF;
  return roundReach(users, takenOff);
}

/**
 * @example roundReach(19, 3) // { about: 10, fewer_than: null }
 * @example roundReach(9, 0) // { about: null, fewer_than: 20 }
 */
export function roundReach(users: number, takenOff: number): z.infer<typeof CountReachOutput> {
  const left = users - takenOff;
  if (left < FEWER_THAN / 2) return { about: null, fewer_than: FEWER_THAN };
  const size = 10 ** Math.floor(Math.log10(left));
  const step = [5, 2, 1].find((one) => left >= one * size) ?? 1;
  return { about: step * size, fewer_than: null };
}
