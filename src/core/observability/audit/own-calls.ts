import type { z } from "zod";
import type { Deps, UserActor } from "../../context.ts";
import { callerKey } from "../../context.ts";
import { cutPage, readCursor } from "../../protocol/cursor.ts";
import { isId } from "../../protocol/fields.ts";
import { listCallsOfUser } from "./own-calls-store.ts";
import type { ListOwnCallsInput, ListOwnCallsOutput } from "./schema.ts";

const DEFAULT_LIMIT = 50;

/**
 * Lists the calls that all agents of the user made for the user, newest first (R8.1).
 * @throws AppError `validation_error` for a cursor that no page gave
 */
export async function listOwnCalls(
  { sql, histories, actor }: Pick<Deps, "sql" | "histories"> & { actor: UserActor },
  { cursor, limit = DEFAULT_LIMIT, grant_id }: z.infer<typeof ListOwnCallsInput>,
): Promise<z.infer<typeof ListOwnCallsOutput>> {
  const before = readCursor(cursor);
  if (grant_id !== undefined && !isId(grant_id)) return { calls: [], next_cursor: null };
  const rows = await histories.run(callerKey({ actor }), () =>
    listCallsOfUser.all(sql, {
      user_id: actor.userId,
      grant_id: grant_id ?? null,
      before_micros: before?.micros ?? null,
      before_id: before?.id ?? null,
      limit: limit + 1,
    }),
  );
  const { page, nextCursor } = cutPage(rows, limit);
  return {
    calls: page.map(({ id, created_at, agent, operation, service_key, service_name, error_code }) => ({
      ...{ id, at: created_at.toISOString(), agent: { name: agent }, operation },
      ...{ service_key, service_name },
      outcome: error_code ?? "ok",
    })),
    next_cursor: nextCursor,
  };
}
