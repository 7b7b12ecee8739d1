import type { z } from "zod";
import type { Deps, UserActor } from "../../context.ts";
import { AppError, invalidField, notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import { lockUser } from "../user/index.ts";
import { acceptOffered, endOffer, findOwned, lockOffered, offerOwned, setReturnUrl } from "./owned-store.ts";
import type {
  ChangedAgentOutput,
  OfferAgentInput,
  OwnAgentInput,
  SetReturnUrlInput,
} from "./owner-schema.ts";
import { tooManyAgents, MOST_AGENTS } from "./register-agent.ts";
import { readReturnUrl } from "./return-url.ts";

type Context = Pick<Deps, "sql" | "log"> & { actor: UserActor };
type Changed = z.infer<typeof ChangedAgentOutput>;

/**
 * Offers an agent to the person who has proven an e-mail address, for seven days. Whether there is such a person is told to
 * nobody. The owner stays until they accept.
 * @throws AppError `not_found` for somebody else's agent, and a retired one
 */
export async function offerAgent(
  { sql, log, actor }: Context,
  input: z.infer<typeof OfferAgentInput>,
): Promise<Changed> {
  const id = requireId(input.agent_id, "agent");
  const email = input.email.toLowerCase();
  if (email === actor.email.toLowerCase())
    throw invalidField("/email", "must be the address of another person", "not");
  if ((await offerOwned.count(sql, { id, owner_user_id: actor.userId, email })) === 0)
    throw notFound("agent");
  log.info({ event: "agent_offered", agent_id: id }, "agent offered to another person");
  return { agent_id: id };
}

/** Takes an offer back, or declines it. @throws AppError `not_found` if there is none of or for this person */
export async function endAgentOffer(
  { sql, log, actor }: Context,
  input: z.infer<typeof OwnAgentInput>,
): Promise<Changed> {
  const id = requireId(input.agent_id, "agent");
  const own = { id, user_id: actor.userId, email: actor.email.toLowerCase() };
  if ((await endOffer.count(sql, own)) === 0) throw notFound("offer");
  log.info({ event: "agent_offer_ended", agent_id: id }, "offer of an agent ended");
  return { agent_id: id };
}

/**
 * Makes the person the owner of an agent that was offered to their proven address. Its keys stay as they are.
 * @throws AppError `not_found` if it isn't offered to them; `conflict` if they have too many agents
 */
export async function acceptAgent(
  { sql, log, actor }: Context,
  input: z.infer<typeof OwnAgentInput>,
): Promise<Changed> {
  const id = requireId(input.agent_id, "agent");
  const email = actor.email.toLowerCase();
  await sql.transaction(async (tx) => {
    if ((await lockOffered.first(tx, { id, email })) === undefined) throw notFound("offer");
    await lockUser.one(tx, { id: actor.userId });
    const most = BigInt(MOST_AGENTS);
    if ((await acceptOffered.count(tx, { id, user_id: actor.userId, most })) === 0) throw tooManyAgents();
  });
  log.info({ event: "agent_handed_over", agent_id: id }, "agent accepted by its new owner");
  return { agent_id: id };
}

/**
 * Sets where a person can go back to after a decision about the agent. Null: nowhere.
 * @throws AppError `not_found`; `validation_error` for an address that isn't one of the owner's pages
 */
export async function setOwnReturnUrl(
  { db, sql, settings, actor }: Context & Pick<Deps, "db" | "settings">,
  input: z.infer<typeof SetReturnUrlInput>,
): Promise<Changed> {
  const id = requireId(input.agent_id, "agent");
  if ((await findOwned(db, id, actor.userId)) === null) throw notFound("agent");
  const returnUrl =
    input.return_url === null ? null : readReturnUrl(input.return_url, settings.publicBaseUrl);
  const changed = await setReturnUrl.count(sql, { id, owner_user_id: actor.userId, return_url: returnUrl });
  if (changed === 0) throw new AppError("conflict", { message: "This agent was retired." });
  return { agent_id: id };
}
