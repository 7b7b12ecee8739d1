import type { Chain } from "./ports/chain.ts";
import type { Cipher } from "./ports/cipher.ts";
import type { Database } from "./ports/database.ts";
import type { Log } from "./ports/log.ts";
import type { RateLimiter } from "./ports/rate-limiter.ts";
import type { UpstreamClient } from "./ports/upstream.ts";
import type { PaymentClient } from "./ports/x402-buyer.ts";
import type { PaymentSeller } from "./ports/x402-seller.ts";
import type { TransferClient } from "./ports/x402-transfers.ts";
import type { DataType } from "./protocol/data-types.ts";
import type { RateRules } from "./protocol/rate-limit/index.ts";

/** What the core is given once, at start. A verb takes the part of it that it touches. */
export interface Deps {
  db: Database;
  log: Log;
  cipher: Cipher;
  chain: Chain;
  paymentClient: PaymentClient;
  upstream: UpstreamClient;
  seller: PaymentSeller;
  transfers: TransferClient;
  limiter: RateLimiter;
  settings: Settings;
  background: Background;
}

/** Work that goes on after its call was answered; the server waits for it before it stops. */
export interface Background {
  keep(work: Promise<unknown>): void;
}

export interface Settings {
  /** How the outside reaches us; without a trailing slash. */
  publicBaseUrl: string;
  /** How long a run waits for confirmations before it answers with the payment still pending. */
  confirmWaitMs: number;
  /** How often within how long a session may do what it mustn't (R7.5). */
  suspension: {
    scopeViolations: number;
    scopeWindowSeconds: number;
    rateHits: number;
    rateWindowSeconds: number;
  };
  rateRules: RateRules;
  /** What may leave the treasury in a UTC day, in micros. Undefined: as much as budgets allow. */
  treasuryDayMicros: bigint | undefined;
  /** What we keep of a direct payment, in hundredths of a percent on top of the quote. */
  proxyFeeBps: bigint;
  /** Answers of upstreams up to this size are kept, encrypted, for this long. */
  keepOutput: { maxBytes: number; seconds: number };
}

export interface Scopes {
  taskTypes: string[];
  dataTypes: DataType[];
  categories: string[];
}

export interface AgentActor {
  kind: "agent";
  agentId: string;
  apiKeyId: string;
}

export interface SessionActor {
  kind: "session";
  sessionId: string;
  surface: "agent" | "gpt" | "mcp";
  grantId: string;
  /** The pairwise id the agent knows the user by. */
  subject: string;
  agentId: string;
  /** Internal; never leaves towards an agent. */
  userId: string;
  scopes: Scopes;
  grantScopes: Scopes;
  budgetAccountId: string;
  grantBudgetAccountId: string;
  /** What it could still spend when it was authenticated: the lesser of its own and its grant's remainder. */
  remainingMicros: bigint;
  expiresAt: Date;
}

export interface SponsorActor {
  kind: "sponsor";
  sponsorId: string;
}

export interface AdminActor {
  kind: "admin";
}

/** Who acts. Scope checks and audit read the same union. */
export type Actor = AgentActor | SessionActor | SponsorActor | AdminActor;
