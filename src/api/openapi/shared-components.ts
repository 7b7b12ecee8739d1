import type { OpenAPIObject, SecuritySchemeObject } from "trpc-to-openapi";
import type { Auth, Surface } from "../operation/operation-meta.ts";

/** The parts of the document that operations share. */

const bearer = (description: string): SecuritySchemeObject => ({
  type: "http",
  scheme: "bearer",
  description,
});

export const SECURITY_SCHEMES = {
  agentKey: bearer("An agent's API key, `tf_ak_…`. It opens sessions and asks after approvals."),
  sessionToken: bearer(
    "A session token, `tf_as_…`, from `agent_auth`. It acts for one user, at most 24 hours.",
  ),
  sponsorKey: bearer("A sponsor's key, `tf_sk_…`."),
  adminKey: bearer("The administrator's key, `ADMIN_API_KEY`."),
} satisfies Record<string, SecuritySchemeObject>;

const SCHEME_OF: Record<Exclude<Auth, "none" | "x402">, keyof typeof SECURITY_SCHEMES> = {
  api_key: "agentKey",
  session: "sessionToken",
  sponsor: "sponsorKey",
  admin: "adminKey",
};

/** A GPT has one credential for all its calls: its builder's agent key. The person's session is a field. */
export const securityOf = (surface: Surface, auth: Auth): Record<string, string[]>[] =>
  auth === "none" || auth === "x402" ? [] : [{ [surface === "gpt" ? "agentKey" : SCHEME_OF[auth]]: [] }];

export const TAGS: Record<Surface, string> & Record<string, string> = {
  agent: "What an agent does for its user.",
  gpt: "The same for custom GPTs, in flat answers.",
  user: "What a user decides.",
  sponsor: "What a sponsor offers, pays for and gets.",
  admin: "What the operator sets up.",
  proxy: "Services for whoever pays for them by x402, without an account.",
};

export const HEADERS: NonNullable<NonNullable<OpenAPIObject["components"]>["headers"]> = {
  RequestId: { description: "Names this request in logs and error bodies.", schema: { type: "string" } },
  RetryAfter: { description: "Seconds to wait.", schema: { type: "integer", minimum: 1 } },
  Challenge: { description: "Always `Bearer`.", schema: { type: "string" } },
  Disposition: { description: "`attachment`, with the file's name.", schema: { type: "string" } },
  RateLimit: {
    description: 'What is left of the limit: `"name";r=calls left;t=seconds until the window ends`.',
    schema: { type: "string" },
  },
  RateLimitPolicy: {
    description: 'The limit: `"name";q=calls;w=seconds of a window`.',
    schema: { type: "string" },
  },
  IdempotencyReplayed: {
    description:
      "`true` where this key was used before, and this is the current state of what that call did.",
    schema: { type: "string", enum: ["true"] },
  },
};

const ref = (name: string) => ({ $ref: `#/components/headers/${name}` });

export const REQUEST_ID_HEADER = { "X-Request-Id": ref("RequestId") };
export const RETRY_AFTER_HEADER = { "Retry-After": ref("RetryAfter") };
export const CHALLENGE_HEADER = { "WWW-Authenticate": ref("Challenge") };
export const DISPOSITION_HEADER = { "Content-Disposition": ref("Disposition") };
export const RATE_LIMIT_HEADERS = { RateLimit: ref("RateLimit"), "RateLimit-Policy": ref("RateLimitPolicy") };
export const REPLAYED_HEADER = { "Idempotency-Replayed": ref("IdempotencyReplayed") };

export const IDEMPOTENCY_KEY_PARAMETER = {
  name: "Idempotency-Key",
  in: "header" as const,
  required: false,
  description: "Same as the field `idempotency_key`: the same key has one effect.",
  schema: { type: "string" as const, minLength: 1, maxLength: 255 },
};
