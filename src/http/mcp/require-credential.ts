import type { Api, RequestContext } from "../transport/call-context.ts";
import { createCallContext } from "../transport/call-context.ts";
import { authenticateAccessToken, requireToken, verifyCaller } from "../../api/procedure/credentials.ts";
import type { ApiContext } from "../../api/procedure/context.ts";
import type { AuthorizationServer } from "../../core/ports/authorization-server.ts";
import { AppError } from "../../core/protocol/errors.ts";
import { tokenKindOf } from "../../core/protocol/token-prefix.ts";
import { challengeOf } from "../oauth/resource-metadata.ts";

export interface Credential {
  token: string;
  /** Whom it is for. It stays the same when a host gets a new access token. */
  principal: string;
}

/**
 * Refuses callers without a credential before anything is read. An access token is checked here, since a host signs its person in
 * again only after a 401. Whether a session with a token of its own is live, the operation finds out, and says in its envelope.
 * @throws AppError `unauthorized`, with the challenge that leads hosts to the sign-in; `rate_limited`
 */
export async function requireCredential(
  api: Api,
  request: RequestContext,
  server: AuthorizationServer,
): Promise<Credential> {
  const ctx = createCallContext(api, request, { surface: "mcp", endpoint: "/mcp" });
  try {
    const token = await requireToken(ctx);
    return { token, principal: await principalOf(ctx, token) };
  } catch (error) {
    if (error instanceof AppError && error.status === 401) {
      const hasToken = request.headers.authorization !== undefined;
      error.headers["WWW-Authenticate"] = challengeOf(server, {
        publicBaseUrl: api.deps.settings.publicBaseUrl,
        surface: "mcp",
        error: hasToken ? "invalid_token" : undefined,
      });
    }
    throw error;
  }
}

/** @throws AppError `unauthorized` */
async function principalOf(ctx: ApiContext, token: string): Promise<string> {
  switch (tokenKindOf(token)) {
    case "agent_session":
      return token;
    case "oauth_access":
      try {
        const { grantId } = await verifyCaller(ctx, token, () => authenticateAccessToken(ctx, token, "mcp"));
        return grantId;
      } catch (error) {
        // The operation says it in its envelope, as of any session. After a 401 the host would sign its person in, in vain.
        if (error instanceof AppError && error.code === "session_suspended")
          return ctx.subject.grantId ?? token;
        throw error;
      }
    default:
      throw new AppError("unauthorized", {
        message: "MCP takes an access token of OAuth, or the token of a session, which starts with tf_as_.",
      });
  }
}
