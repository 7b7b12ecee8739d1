export { isUnauthenticatedFlood, rateLimited, rateLimitHeaders } from "./refusal.ts";
export type { RateRules } from "./rules.ts";
export { RATE_RULES, rulesWithUnauthenticatedLimit, UNAUTHENTICATED_CALLS_PER_MINUTE } from "./rules.ts";
