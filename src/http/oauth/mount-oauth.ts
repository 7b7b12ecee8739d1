import type { Express, Request, Response } from "express";
import { countOAuth } from "../../api/procedure/rate-limits.ts";
import { consentPath, OAUTH_PATHS } from "../../core/ports/authorization-server.ts";
import type { AuthorizationRequest, AuthorizationServer } from "../../core/ports/authorization-server.ts";
import type { Answer } from "../../core/access/oauth/index.ts";
import type { UserActor } from "../../core/context.ts";
import { AppError } from "../../core/protocol/errors.ts";
import { targetOf } from "../request/request-target.ts";
import type { Api } from "../transport/call-context.ts";
import { mountResourceMetadata } from "./resource-metadata.ts";

/** Finds what a person answered to a client's request, or asks them. */
export type AnswerRequest = (
  request: AuthorizationRequest,
  by: { actor: UserActor; clientAddress: string },
) => Promise<Answer>;

export interface OAuthRoutes {
  server: AuthorizationServer;
  answerRequest: AnswerRequest;
}

/** The documents that say what the server can do. */
const SERVER_METADATA = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];

/** Serves OAuth 2.1: the library's endpoints, and between them the person's decision on the page of an approval. */
export function mountOAuth(app: Express, api: Api, { server, answerRequest }: OAuthRoutes): void {
  const count = (req: Request, kind: Parameters<typeof countOAuth>[1]): Promise<void> =>
    countOAuth({ ...api, clientAddress: api.clientAddress(req) }, kind);
  const serve = (path: string | string[], kind?: Parameters<typeof countOAuth>[1]): void => {
    app.all(path, async (req, res) => {
      if (kind !== undefined) await count(req, kind);
      await server.answer(req, res);
    });
  };

  app.get(consentPath(":id"), async (req: Request<{ id: string }>, res) => {
    await count(req, "oauthRequest");
    res.setHeader("Cache-Control", "no-store");
    res.setHeader("Vary", "Cookie");
    await continueRequest(req, res, req.params.id);
  });

  /** Leads to the question, and once it is answered, back to the client. */
  async function continueRequest(req: Request, res: Response, id: string): Promise<void> {
    const actor = await api.authenticators.person(req.headers);
    if (actor === undefined)
      return res.redirect(303, `/sign-in?to=${encodeURIComponent(targetOf(req).path)}`);
    const request = await server.findRequest(req, res);
    if (request?.id !== id) return res.redirect(303, "/connect?ended");
    const answer = await answerRequest(request, { actor, clientAddress: api.clientAddress(req) });
    switch (answer.kind) {
      case "asked":
        return res.redirect(303, `/approvals/${answer.approvalId}`);
      case "denied":
        return server.finish(req, res, null);
      case "allowed":
        return server.finish(req, res, answer);
    }
  }

  mountResourceMetadata(app, server, api.deps.settings.publicBaseUrl);
  serve(SERVER_METADATA);
  serve(OAUTH_PATHS.jwks);
  serve(OAUTH_PATHS.registration, "oauthRegistration");
  serve([OAUTH_PATHS.token, OAUTH_PATHS.revocation], "oauthToken");
  serve([OAUTH_PATHS.authorization, `${OAUTH_PATHS.authorization}/:id`], "oauthRequest");
  app.use("/oauth", () => {
    throw new AppError("not_found");
  });
}
