export { rateLimited, rateLimitHeaders } from "./refusal.ts";
export type { RateRules } from "./rules.ts";
export { RATE_RULES } from "./rules.ts";
