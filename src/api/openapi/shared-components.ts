import type { OpenAPIObject, SecuritySchemeObject } from "trpc-to-openapi";
import { MAX_CENTS } from "../../core/protocol/amounts.ts";
import { TOKEN_PREFIX } from "../../core/protocol/token-prefix.ts";
import type { Auth, Surface } from "../operation/operation-meta.ts";

/** The parts of the OpenAPI document that several operations use. */

const bearer = (description: string): SecuritySchemeObject => ({
  type: "http",
  scheme: "bearer",
  description,
});

export const SECURITY_SCHEMES = {
  agentKey: bearer(
    `An agent's API key, \`${TOKEN_PREFIX.agent_key}…\`. It opens sessions and polls approvals.`,
  ),
  sessionToken: bearer(
    `A session token, \`${TOKEN_PREFIX.agent_session}…\`, from \`agent_auth\`. It acts for one user and lasts at most 24 hours.`,
  ),
  sponsorKey: bearer(`A sponsor's key, \`${TOKEN_PREFIX.sponsor_key}…\`.`),
  adminKey: bearer("The administrator's key, `ADMIN_API_KEY`."),
} satisfies Record<string, SecuritySchemeObject>;

const SCHEME_OF: Record<Exclude<Auth, "none" | "x402">, keyof typeof SECURITY_SCHEMES> = {
  api_key: "agentKey",
  session: "sessionToken",
  sponsor: "sponsorKey",
  admin: "adminKey",
};

/**
 * An operation's security requirement. GPT calls all use the builder's agent key; the person's session is a
 * field.
 */
export const securityOf = (surface: Surface, auth: Auth): Record<string, string[]>[] =>
  auth === "none" || auth === "x402" ? [] : [{ [surface === "gpt" ? "agentKey" : SCHEME_OF[auth]]: [] }];

export const TAGS: Record<Surface, string> & Record<string, string> = {
  agent: "What an agent does for its user.",
  gpt: "The same for custom GPTs, with flat responses.",
  mcp: "Tools for hosts of language models.",
  user: "What a user decides.",
  sponsor: "What a sponsor offers, pays for and receives.",
  admin: "What the operator sets up.",
  proxy: "Services for callers that pay by x402 themselves, without an account.",
};

export const HEADERS: NonNullable<NonNullable<OpenAPIObject["components"]>["headers"]> = {
  RequestId: { description: "The request's id in logs and error bodies.", schema: { type: "string" } },
  RetryAfter: { description: "Seconds to wait.", schema: { type: "integer", minimum: 1 } },
  Challenge: { description: "Always `Bearer`.", schema: { type: "string" } },
  Disposition: { description: "`attachment`, with the file name.", schema: { type: "string" } },
  PaymentRequired: {
    description: "The payment terms of x402 v2, as base64 of JSON.",
    schema: { type: "string" },
  },
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
      "`true` if this key was used before. The response is then the current state of what the first call did.",
    schema: { type: "string", enum: ["true"] },
  },
};

const ref = (name: string) => ({ $ref: `#/components/headers/${name}` });

export const REQUEST_ID_HEADER = { "X-Request-Id": ref("RequestId") };
export const RETRY_AFTER_HEADER = { "Retry-After": ref("RetryAfter") };
export const PAYMENT_REQUIRED_HEADER = { "PAYMENT-REQUIRED": ref("PaymentRequired") };
export const CHALLENGE_HEADER = { "WWW-Authenticate": ref("Challenge") };
export const DISPOSITION_HEADER = { "Content-Disposition": ref("Disposition") };
export const RATE_LIMIT_HEADERS = { RateLimit: ref("RateLimit"), "RateLimit-Policy": ref("RateLimitPolicy") };
export const REPLAYED_HEADER = { "Idempotency-Replayed": ref("IdempotencyReplayed") };

export const IDEMPOTENCY_KEY_PARAMETER = {
  name: "Idempotency-Key",
  in: "header" as const,
  required: false,
  description: "Same as the field `idempotency_key`. Calls with the same key have one effect.",
  schema: { type: "string" as const, minLength: 1, maxLength: 255 },
  example: "order-4711",
};

export const QUIET_PARAMETER = {
  name: "X-Tollfree-Quiet",
  in: "header" as const,
  required: false,
  description:
    "`1`: answer without texts that sponsors and sellers wrote, which could mislead a language model. Names that could hold a sentence are aliases then, and are understood in calls",
  schema: { type: "string" as const, enum: ["1", "true"] },
  example: "1",
};

export const DETAIL_PARAMETER = {
  name: "X-Tollfree-Detail",
  in: "header" as const,
  required: false,
  description:
    "`concise`: answer without what a language model doesn't need for its next step, such as empty fields and what next actions usually say: the method GET, the operation `agent_` and the action, the session's credential, no parameters. Required fields of this document can be absent then",
  schema: { type: "string" as const, enum: ["concise", "full"] },
  example: "full",
};

/**
 * Tells crawlers such as x402scan that an operation is paid by x402. Each service has a price of its own, which its 402
 * says: it is between these bounds, in dollars.
 */
export const PAYMENT_INFO = {
  price: { mode: "dynamic", currency: "USD", min: "0.000001", max: String(MAX_CENTS / 100) },
  protocols: [{ x402: {} }],
};
