import type { IncomingMessage, ServerResponse } from "node:http";

/** The one scope: to act for the person. What it covers, the grant says. */
export const OAUTH_SCOPE = "agent";

/** Where it is served. */
export const OAUTH_PATHS = {
  authorization: "/oauth/authorize",
  token: "/oauth/token",
  registration: "/oauth/register",
  revocation: "/oauth/revoke",
  jwks: "/oauth/jwks",
} as const;

/** Where a request of a client is taken up again, before and after its person has answered. */
export const consentPath = (requestId: string): string => `/oauth/consent/${requestId}`;

/** One thing that the authorization server keeps: a request, a code, a token or a client. Its id is a secret. */
export interface OAuthRecord {
  payload: Record<string, unknown>;
  /** When a code or refresh token was used, unless a refresh token may still be used again. */
  consumedAt: Date | null;
}

/** Where the authorization server keeps what outlives a request. `model` is the library's name of the kind. */
export interface OAuthRecords {
  /** @param seconds how long it is good. Undefined: it doesn't expire */
  put(
    model: string,
    id: string,
    record: { payload: Record<string, unknown>; grantId: string | undefined; seconds: number | undefined },
  ): Promise<void>;
  /** Undefined: unknown, expired, or its grant isn't live. */
  find(model: string, id: string): Promise<OAuthRecord | undefined>;
  /** Marks it as used. False if it was used before, and may not be used again. */
  consume(model: string, id: string): Promise<boolean>;
  delete(model: string, id: string): Promise<void>;
  deleteOfGrant(model: string, grantId: string): Promise<void>;
}

/** A host or GPT that signs people in. */
export interface OAuthClient {
  id: string;
  /** In its own words. */
  name: string | undefined;
  /** The host that serves the client's metadata, which proves who it is. Undefined: nothing proves it. */
  provenHost: string | undefined;
}

/** A client's request, in the browser of a person who is to answer it. */
export interface AuthorizationRequest {
  id: string;
  client: OAuthClient;
  /** Where the answer goes. */
  redirectUri: string;
}

/** Signs hosts in for people: OAuth 2.1. Whether a person allows it, the caller says. */
export interface AuthorizationServer {
  /** The value of `resource` in tokens for a surface. */
  readonly resources: Readonly<Record<"mcp" | "gpt", string>>;
  /** The scopes that a client should ask for. */
  readonly scopes: readonly string[];
  /** Answers a request below `/oauth`, or one for the server's metadata. Undefined paths are answered with 404. */
  answer(req: IncomingMessage, res: ServerResponse): Promise<void>;
  /** The request that waits in this browser. Undefined: there is none, or its time is over. */
  findRequest(req: IncomingMessage, res: ServerResponse): Promise<AuthorizationRequest | undefined>;
  /** Sends the person back to the client. `null`: they said no. */
  finish(
    req: IncomingMessage,
    res: ServerResponse,
    granted: { grantId: string; subject: string } | null,
  ): Promise<void>;
}
