import type { RateRule } from "../../ports/rate-limiter.ts";

const perMinute = (name: string, limit: number, per: string): RateRule => ({
  name,
  limit,
  windowSeconds: 60,
  per,
});

/**
 * THE table of limits. Sessions are the guardrail (R7.1): one of them acts for one person. A key stands for
 * everybody its agent serves, so its limits are only there to stop loops and floods.
 */
export const RATE_RULES = {
  agentSession: perMinute("agent_session", 30, "agent session"),
  gptSession: perMinute("gpt_session", 60, "GPT session"),
  /** Opening sessions: `agent_auth`. */
  signIn: perMinute("sign_in", 300, "API key"),
  /** Fifty people asked at once, at the poll interval of five seconds. */
  approvalPoll: perMinute("approval_poll", 600, "API key"),
  /** Whatever else an API key does itself: a GPT's search without a session, its sign-ins. */
  agentKey: perMinute("agent_key", 600, "API key"),
  /** Questions put to people; more than this is spam, or phishing for an absent-minded yes. */
  approvalOpened: perMinute("approval_opened", 60, "agent"),
  sponsor: perMinute("sponsor", 300, "sponsor"),
  /** Each question costs a question to the upstream, so this protects upstreams too. */
  directPayer: perMinute("direct_payer", 60, "client address"),
  /** Nobody guesses 256 random bits; this keeps those who try away from the database. */
  failedCredential: perMinute("failed_credential", 300, "client address"),
} satisfies Record<string, RateRule>;

export type RateRules = Record<keyof typeof RATE_RULES, RateRule>;
