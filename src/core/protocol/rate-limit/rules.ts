import type { RateRule } from "../../ports/rate-limiter.ts";

const perMinute = (name: string, limit: number, per: string): RateRule => ({
  name,
  limit,
  windowSeconds: 60,
  per,
});

/** The default of `UNAUTHENTICATED_CALLS_PER_MINUTE`. */
export const UNAUTHENTICATED_CALLS_PER_MINUTE = 300;

/**
 * All rate limits. A session acts for one user, so the session limits protect that user (R7.1). An API key serves
 * all users of its agent, so the API key limits are higher and only stop loops and floods.
 */
export const RATE_RULES = {
  agentSession: perMinute("agent_session", 30, "agent session"),
  gptSession: perMinute("gpt_session", 60, "GPT session"),
  /** What hosts send over MCP besides calls of tools. Some introduce themselves, and list the tools, before each call. */
  mcpMessage: perMinute("mcp_message", 240, "agent session"),
  /** Opening sessions with `agent_auth`. */
  signIn: perMinute("sign_in", 300, "API key"),
  /** Enough to poll 50 approvals at once, every 5 seconds. */
  approvalPoll: perMinute("approval_poll", 600, "API key"),
  /** All other calls with an API key, such as a GPT's sign-ins and its searches without a session. */
  agentKey: perMinute("agent_key", 600, "API key"),
  /** New approvals. More than this is spam, or an attempt to get an approval from an inattentive user. */
  approvalOpened: perMinute("approval_opened", 60, "agent"),
  sponsor: perMinute("sponsor", 300, "sponsor"),
  /** Calls of the console for one person. */
  person: perMinute("person", 600, "person"),
  /** Codes of approvals that one person enters. */
  codeEntered: perMinute("code_entered", 20, "person"),
  /** Tries to delete an account. */
  accountDeleted: perMinute("account_deleted", 10, "person"),
  /** Exports of a campaign's answers by a member of its sponsor. */
  answersExported: { name: "answers_exported", limit: 60, windowSeconds: 3600, per: "person" },
  /** Exports of all that is stored of a person: megabytes each. */
  accountExported: { name: "account_exported", limit: 5, windowSeconds: 3600, per: "person" },
  /** Requests of OAuth clients that a browser brings, and a person's answers to them. */
  oauthRequest: perMinute("oauth_request", 60, "client address"),
  /** Codes and refresh tokens that are exchanged. Hosts do it for all of their people from few addresses. */
  oauthToken: perMinute("oauth_token", 600, "client address"),
  /** OAuth clients that register themselves. */
  oauthRegistration: { name: "oauth_registration", limit: 120, windowSeconds: 3600, per: "client address" },
  /** Agents that one person registers. */
  agentRegistered: { name: "agent_registered", limit: 10, windowSeconds: 3600, per: "person" },
  /** Keys and handovers of one person's agents. */
  agentChanged: { name: "agent_changed", limit: 60, windowSeconds: 3600, per: "person" },
  /** Changes of the webhooks of one person's agents, tests and replays. Each may send a request, so the limit protects others too. */
  webhookChanged: { name: "webhook_changed", limit: 120, windowSeconds: 3600, per: "person" },
  /** Sponsors that one person founds. */
  sponsorFounded: { name: "sponsor_founded", limit: 5, windowSeconds: 3600, per: "person" },
  /** Changes of members, invitations and keys by one person. */
  teamChanged: { name: "team_changed", limit: 60, windowSeconds: 3600, per: "person" },
  /** Links of invitations that one person tries. */
  invitationOpened: perMinute("invitation_opened", 30, "person"),
  /** Invitations to one address, from whatever sponsors. */
  invitationMails: { name: "invitation_mails", limit: 5, windowSeconds: 3600, per: "e-mail address" },
  /** Direct payments. Each quote sends a request to the upstream, so this limit protects upstreams too. */
  directPayer: perMinute("direct_payer", 60, "client address"),
  /** Calls without a credential that need one. They are refused; the limit bounds what a flood of them costs. */
  anonymous: perMinute("anonymous", UNAUTHENTICATED_CALLS_PER_MINUTE, "client address"),
  /**
   * Calls with a bad credential. A token can't be guessed; the limit only protects the database from the
   * attempts. Counted apart from `anonymous`: calls without a credential must not block those who have one.
   */
  failedCredential: perMinute("failed_credential", UNAUTHENTICATED_CALLS_PER_MINUTE, "client address"),
  /**
   * Calls with the token of a session that has ended. Not by address: all users of a GPT come from the same few
   * addresses, and their sessions end every hour.
   */
  endedSession: perMinute("ended_session", 30, "agent session"),
  /** What people ask for while they sign in. A house or an office can have one address. */
  personSignIn: perMinute("person_sign_in", 120, "client address"),
  /** Passwords that are tried or chosen from one address, for whatever accounts. Each takes a tenth of a second of a processor. */
  passwordsTried: { name: "passwords_tried", limit: 30, windowSeconds: 900, per: "client address" },
  /** Passwords that are tried for one account, from wherever. Its owner can still sign in by mail or passkey. */
  passwordTries: { name: "password_tries", limit: 10, windowSeconds: 900, per: "account" },
  /** Mails that strangers can make us send to one address. */
  signInMails: { name: "sign_in_mails", limit: 5, windowSeconds: 900, per: "e-mail address" },
} satisfies Record<string, RateRule>;

export type RateRules = Record<keyof typeof RATE_RULES, RateRule>;

/**
 * Returns the rules with another limit for callers without a valid credential.
 * @param limit calls of one client address in a minute, of each kind: without a credential, with a bad one
 */
export const rulesWithUnauthenticatedLimit = (limit: number): RateRules => ({
  ...RATE_RULES,
  anonymous: { ...RATE_RULES.anonymous, limit },
  failedCredential: { ...RATE_RULES.failedCredential, limit },
});
