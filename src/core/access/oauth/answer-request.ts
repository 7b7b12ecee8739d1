import type { Deps, UserActor } from "../../context.ts";
import type { AuthorizationRequest, OAuthClient } from "../../ports/authorization-server.ts";
import { AppError } from "../../protocol/errors.ts";
import { visibleText } from "../../protocol/fields.ts";
import { misleadingName, ownNames, putClientAgent } from "../agent/index.ts";
import { endEarlierQuestions, findAnswer, OPEN_REQUEST, openApproval } from "../approval/index.ts";

/** What the person who is signed in answered to a client's request. */
export type Answer =
  /** They are asked now: on the page of this approval. */
  | { kind: "asked"; approvalId: string }
  | { kind: "allowed"; grantId: string; subject: string }
  | { kind: "denied" };

type Context = Pick<Deps, "db" | "sql" | "cipher" | "log" | "limiter" | "settings"> & {
  actor: UserActor;
  /** The address of the person's browser. */
  clientAddress: string;
};

/**
 * Finds what the person answered to an OAuth client, or asks them. The question is the page of any grant: nothing is allowed
 * beforehand, and everything can be narrowed. It has no code, since the request waits in their own browser.
 * @throws AppError `conflict` if the client's agent was disabled; `rate_limited` as `openApproval`
 */
export async function answerRequest(ctx: Context, request: AuthorizationRequest): Promise<Answer> {
  const { client, redirectUri } = request;
  const agent = await putClientAgent.one(ctx.sql, {
    client_id: client.id,
    name: nameOf(client, ctx),
    host: client.provenHost ?? null,
  });
  if (agent.status !== "active")
    throw new AppError("conflict", { message: "This app may not act for anybody here any more." });
  const { userId } = ctx.actor;
  const asked = { authorization_id: request.id, user_id: userId, agent_id: agent.id };
  const found = await findAnswer.first(ctx.sql, asked);
  if (found?.status === "approved" && found.grant_id !== null && found.subject !== null)
    return { kind: "allowed", grantId: found.grant_id, subject: found.subject };
  if (found?.status === "denied") return { kind: "denied" };
  if (found?.status === "pending") return { kind: "asked", approvalId: found.id };
  await endEarlierQuestions.count(ctx.sql, asked);
  const { approval_id: approvalId } = await openApproval(ctx, {
    kind: "grant",
    agentId: agent.id,
    userId,
    askedFrom: ctx.clientAddress,
    authorization: { id: request.id, returnsTo: placeOf(redirectUri) },
    sameQuestionKey: request.id,
    requested: ASKED,
  });
  return { kind: "asked", approvalId };
}

/** Hosts ask for nothing in particular, and are used for weeks. The person narrows it. */
const ASKED = { ...OPEN_REQUEST, budget_limit_cents: 500, expires_in_seconds: 30 * 86_400 };

const UNNAMED = "An app without a name";

/** The client's own name, unless people could take it for ours. Then the host that proves who it is, if there is one. */
function nameOf({ name, provenHost }: OAuthClient, { settings }: Context): string {
  const given = visibleText(1, 100).safeParse(name);
  const isGood = given.success && misleadingName(given.data, ownNames(settings)) === undefined;
  return isGood ? given.data : (provenHost ?? UNNAMED);
}

/** Where the person is sent back to, as they are shown it: a host, or the scheme of an app. */
function placeOf(redirectUri: string): string {
  const { protocol, host } = new URL(redirectUri);
  return protocol === "https:" || protocol === "http:" ? host : protocol;
}
