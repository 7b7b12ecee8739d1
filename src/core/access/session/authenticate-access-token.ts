import { randomBytes } from "node:crypto";
import type { Deps, SessionActor } from "../../context.ts";
import type { DataType } from "../../protocol/data-types.ts";
import { AppError } from "../../protocol/errors.ts";
import { next } from "../../protocol/next-actions.ts";
import { hashSecret, isToken } from "../credential/index.ts";
import { findGrantOfToken } from "../oauth-record/index.ts";
import { shareUser } from "../user/index.ts";
import type { OnIdentified } from "./authenticate-session.ts";
import { requireLive, toActor } from "./authenticate-session.ts";
import { findSessionOfAccessToken, findSessionOfGrant, lockGrantOfSession } from "./oauth-store.ts";
import { requireNotSuspended } from "./require-not-suspended.ts";
import { MAX_SESSION_SECONDS } from "./schema.ts";
import { findLiveGrantById, insertSession } from "./store.ts";

/** What an access token is good for: one surface, whose address it names. */
export interface TokenUse {
  surface: "mcp" | "gpt";
  resource: string;
}

/**
 * Returns the session that an OAuth access token stands for. All tokens of a grant have one session, so that a new token resets
 * no limit. The first call opens it, with all that the grant allows. Token, grant and session are read on every request: what the
 * user ends is refused from the next call on.
 * @throws AppError `unauthorized` for a token that is unknown, expired or for another surface, and for one whose grant has ended:
 *   the host then signs the user in again; `session_suspended`
 */
export async function authenticateAccessToken(
  ctx: Pick<Deps, "sql" | "db" | "log">,
  token: string,
  use: TokenUse,
  onIdentified: OnIdentified = () => {},
): Promise<SessionActor> {
  if (!isToken("oauth_access", token)) throw invalidToken();
  const find = () => findSessionOfAccessToken.first(ctx.sql, { token_hash: hashSecret(token), ...use });
  let row = await find();
  if (row === undefined) {
    await openSessionOfToken(ctx, token, use, onIdentified);
    row = await find();
  }
  if (row === undefined) throw invalidToken();
  onIdentified({ agentSessionId: row.id, grantId: row.grant_id, agentId: row.agent_id, userId: row.user_id });
  if (row.revoked || row.expired) throw invalidToken();
  requireLive(row);
  return toActor(row);
}

/** @throws AppError `unauthorized`, `session_suspended` */
async function openSessionOfToken(
  { sql, db, log }: Pick<Deps, "sql" | "db" | "log">,
  token: string,
  { surface, resource }: TokenUse,
  onIdentified: OnIdentified,
): Promise<void> {
  const found = await findGrantOfToken.first(sql, { id_hash: hashSecret(token), resource });
  if (found === undefined) throw invalidToken();
  const { grant_id: grantId, user_id: userId, agent_id: agentId } = found;
  const grant = await findLiveGrantById(db, grantId);
  if (grant === null) throw invalidToken();
  await requireNotSuspended(db, grant, next.flowStatus());
  const opened = await sql.transaction(async (tx) => {
    await shareUser.first(tx, { id: userId });
    await lockGrantOfSession.first(tx, { id: grantId });
    const other = await findSessionOfGrant.first(tx, { grant_id: grantId, surface });
    if (other !== undefined) return undefined;
    return insertSession(tx, {
      ...{ grantId, apiKeyId: null, origin: "oauth", surface },
      // No token of its own: nobody knows what this is the hash of.
      tokenHash: hashSecret(randomBytes(32).toString("hex")),
      scopes: {
        taskTypes: grant.allowedTaskTypes,
        dataTypes: grant.allowedDataTypes as DataType[],
        categories: grant.allowedCategories,
      },
      budgetMicros: grant.remaining,
      seconds: undefined,
      maxSeconds: MAX_SESSION_SECONDS,
    });
  });
  if (opened === undefined) return;
  onIdentified({ agentSessionId: opened.id, grantId, agentId, userId });
  log.info(
    { event: "session_opened", session_id: opened.id, agent_id: agentId, surface },
    "session opened for an access token",
  );
}

const invalidToken = (): AppError =>
  new AppError("unauthorized", {
    message:
      "The access token is unknown, expired or revoked, or is for something else. Sign the user in again.",
  });
