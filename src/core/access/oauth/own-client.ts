import type { z } from "zod";
import type { Deps, UserActor } from "../../context.ts";
import { OAUTH_PATHS, OAUTH_SCOPE } from "../../ports/authorization-server.ts";
import { invalidField, notFound } from "../../protocol/errors.ts";
import { changeOwned, getOwnAgent, readReturnUrl, setClientOfAgent } from "../agent/index.ts";
import { hashSecret, mintToken } from "../credential/index.ts";
import {
  clientRecord,
  deleteRecord,
  deleteRecordsOfAgent,
  findRecord,
  putRecord,
} from "../oauth-record/index.ts";
import type {
  ChangedClientOutput,
  NewClientOutput,
  OwnClientInput,
  OwnClientOutput,
  PutOwnClientInput,
} from "./schema.ts";

type Context = Pick<Deps, "db" | "sql" | "log" | "settings"> & { actor: UserActor };

/** Returns the client of an agent of the person's, without its secret. @throws AppError `not_found` */
export async function getOwnClient(
  ctx: Context,
  input: z.infer<typeof OwnClientInput>,
): Promise<z.infer<typeof OwnClientOutput>> {
  const { agent_id: agentId } = await getOwnAgent(ctx, input);
  const record = await findRecord.first(ctx.sql, clientRecord(agentId));
  const { publicBaseUrl } = ctx.settings;
  return {
    client:
      record === undefined ? null : { client_id: agentId, redirect_uris: redirectUrisOf(record.payload) },
    authorization_url: publicBaseUrl + OAUTH_PATHS.authorization,
    token_url: publicBaseUrl + OAUTH_PATHS.token,
    scope: OAUTH_SCOPE,
  };
}

const redirectUrisOf = ({ redirect_uris }: Record<string, unknown>): string[] => redirect_uris as string[];

/**
 * Makes the client of an agent of the person's, or replaces its addresses and its secret. People who signed in stay signed in, until
 * the client asks for its next token with the old secret.
 * @throws AppError `not_found`; `validation_error` for an address that nobody may be sent back to
 */
export async function putOwnClient(
  ctx: Context,
  input: z.infer<typeof PutOwnClientInput>,
): Promise<z.infer<typeof NewClientOutput>> {
  const redirectUris = input.redirect_uris.map((given, index) =>
    readRedirectUri(given, ctx.settings.publicBaseUrl, `/redirect_uris/${index}`),
  );
  const { token: secret } = mintToken("oauth_client_secret");
  return changeOwned(ctx, input.agent_id, async (tx, agentId) => {
    await putRecord.count(tx, {
      ...clientRecord(agentId),
      ...{ grant_id: null, seconds: null },
      payload: {
        client_id: agentId,
        client_secret: Buffer.from(hashSecret(secret)).toString("hex"),
        redirect_uris: redirectUris,
        application_type: "web",
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        token_endpoint_auth_method: "client_secret_post",
      },
    });
    await setClientOfAgent.count(tx, { id: agentId, client_id: agentId });
    ctx.log.info({ event: "oauth_client_made", agent_id: agentId }, "OAuth client made by the agent's owner");
    return { client_id: agentId, client_secret: secret };
  });
}

/** Removes the client. Everybody who signed in to it is signed out at once. @throws AppError `not_found` */
export const removeOwnClient = (
  ctx: Context,
  input: z.infer<typeof OwnClientInput>,
): Promise<z.infer<typeof ChangedClientOutput>> =>
  changeOwned(ctx, input.agent_id, async (tx, agentId) => {
    if ((await deleteRecord.count(tx, clientRecord(agentId))) === 0) throw notFound("client");
    await setClientOfAgent.count(tx, { id: agentId, client_id: null });
    await deleteRecordsOfAgent.count(tx, { agent_id: agentId });
    ctx.log.info(
      { event: "oauth_client_removed", agent_id: agentId },
      "OAuth client removed by the agent's owner",
    );
    return { agent_id: agentId };
  });

/** An address with the answer is compared byte for byte, so it is kept as it was given. */
function readRedirectUri(given: string, publicBaseUrl: string, pointer: string): string {
  const uri = given.trim();
  readReturnUrl(uri, publicBaseUrl, pointer);
  if (uri.includes("#")) throw invalidField(pointer, "must not have a fragment", "format");
  return uri;
}
