import { changeOwned, getOwnAgent } from "../../access/agent/index.ts";
import type { Deps, SponsorActor, UserActor } from "../../context.ts";
import type { Sql } from "../../ports/sql.ts";
import { notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import { isClosedSponsor, lockListener } from "./store.ts";

/** Who is told of events: a sponsor, or the owner of an agent. Its id is that of the sponsor or the agent. */
export type Listener = { kind: "sponsor"; id: string } | { kind: "agent"; id: string; actor: UserActor };

export const sponsorListener = ({ sponsorId }: SponsorActor): Listener => ({
  kind: "sponsor",
  id: sponsorId,
});

export const agentListener = (actor: UserActor, input: { agent_id: string }): Listener => ({
  kind: "agent",
  id: input.agent_id,
  actor,
});

/** Returns the id of a listener that may read its endpoints. @throws AppError `not_found` for somebody else's agent */
export async function readListener({ db }: Pick<Deps, "db">, listener: Listener): Promise<string> {
  if (listener.kind === "sponsor") return listener.id;
  return (await getOwnAgent({ db, actor: listener.actor }, { agent_id: listener.id })).agent_id;
}

/**
 * Runs a change of a listener's endpoints, one at a time. An agent stays with its owner meanwhile.
 * @throws AppError `not_found` for somebody else's agent, and a retired one, and for a sponsor that was closed
 */
export function changeOfListener<Result>(
  { sql }: Pick<Deps, "sql">,
  listener: Listener,
  change: (tx: Sql, listenerId: string) => Promise<Result>,
): Promise<Result> {
  if (listener.kind === "agent") return changeOwned({ sql, actor: listener.actor }, listener.id, change);
  const id = requireId(listener.id, "sponsor");
  return sql.transaction(async (tx) => {
    await lockListener.one(tx, { listener_id: id });
    if ((await isClosedSponsor.one(tx, { id })).closed) throw notFound("organisation");
    return change(tx, id);
  });
}
