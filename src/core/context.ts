import type { CampaignTally } from "./ports/campaign-tally.ts";
import type { Cipher } from "./ports/cipher.ts";
import type { Compute } from "./ports/compute.ts";
import type { Database } from "./ports/database.ts";
import type { Log } from "./ports/log.ts";
import type { Networks } from "./ports/network.ts";
import type { RateLimiter } from "./ports/rate-limiter.ts";
import type { SignInRecords } from "./ports/sign-in.ts";
import type { SqlPool } from "./ports/sql.ts";
import type { UpstreamClient } from "./ports/upstream.ts";
import type { Batches } from "./protocol/batches.ts";
import type { DataType } from "./protocol/data-types.ts";
import type { FairQueue } from "./protocol/fair-queue.ts";
import type { InFlightCounts, InFlightLimits } from "./protocol/in-flight.ts";
import type { PhoneRegion } from "./protocol/phone-regions.ts";
import type { RateRules } from "./protocol/rate-limit/index.ts";
import type { Recent } from "./protocol/recent.ts";
import type { SponsorRole } from "./protocol/sponsor-roles.ts";
import type { Thesaurus } from "./protocol/search-text/index.ts";

/** Everything that the app gives to the core at start. Each function of the core takes only the parts it uses. */
export interface Deps {
  db: Database;
  /** Runs statements on the same database: transitions, and the hottest reads. */
  sql: SqlPool;
  /** Statements that callers who come at once share. */
  batches: Batches;
  log: Log;
  cipher: Cipher;
  networks: Networks;
  upstream: UpstreamClient;
  limiter: RateLimiter;
  /** What is stored of how people sign in. */
  signInRecords: SignInRecords;
  inFlight: InFlightCounts;
  /** For computing that would hold up other requests. */
  compute: Compute;
  /** Searches for a text take much of the database's time, so callers take turns. */
  searches: FairQueue;
  /** Lists of what there is, in which no text is looked for, take little. */
  lists: FairQueue;
  /** How large the catalogue is, and how many services have which category and label. */
  catalogue: Recent<{ services: number; frequencies: Record<string, number> }>;
  /** So do reads that count or add up what a caller has had made before: callers can have hundreds of thousands of rows. */
  histories: FairQueue;
  /** Topics and their phrases, by which services are found. */
  thesaurus: Thesaurus;
  /** Counts what happens to campaigns. */
  tally: CampaignTally;
  settings: Settings;
  background: Background;
}

/** Work that continues after the response was sent. */
export interface Background {
  /** Registers running work. The server waits for all registered work before it stops. */
  keep(work: Promise<unknown>): void;
  /**
   * Does the work again and again until it succeeds: for what has to be recorded, but must hold up nobody. It is given
   * up after minutes, or when the server stops, and the failure is logged.
   * @param name what the log calls the work
   */
  retry(name: string, work: () => Promise<void>): void;
}

export interface Settings {
  /** The URL under which clients reach this server, without a trailing slash. */
  publicBaseUrl: string;
  /** Milliseconds a run waits for chain confirmations. After that, the response says the payment is pending. */
  confirmWaitMs: number;
  /** A session that reaches one of these counts within its window is suspended (R7.5). */
  suspension: {
    scopeViolations: number;
    scopeWindowSeconds: number;
    rateHits: number;
    rateWindowSeconds: number;
  };
  rateRules: RateRules;
  inFlightLimits: InFlightLimits;
  /** The most micros that may leave the treasury in one UTC day. Undefined: only the budgets limit it. */
  treasuryDayMicros: bigint | undefined;
  /** Our fee on a direct payment, in basis points (1/100 percent) of the upstream's quote, added to the quote. */
  proxyFeeBps: bigint;
  /** How people get in: whether they may sign up by themselves, and whether the sandbox's demo person signs in with one press. */
  signIn: { canSignUp: boolean; hasDemoPerson: boolean };
  /** The sandbox that this server runs on: nobody else sees its chain, and these APIs can be registered there. Absent: no sandbox. */
  sandbox?: { sellers: { name: string; url: string }[] };
  /** Who runs this installation, and how to reach them, as far as it was configured. */
  operator: { name?: string; email?: string };
  /** Whose national phone numbers are found in everybody's texts, besides those of the person and the campaign. */
  phoneRegions: readonly PhoneRegion[];
  /** Upstream responses up to `maxBytes` are stored encrypted for `seconds`. */
  keepOutput: { maxBytes: number; seconds: number };
}

/** What an agent may do for a user. The three lists are independent. */
export interface Scopes {
  taskTypes: string[];
  dataTypes: DataType[];
  categories: string[];
}

/** An agent that authenticated with its API key. It acts for no user yet. */
export interface AgentActor {
  kind: "agent";
  agentId: string;
  apiKeyId: string;
}

/** An agent that authenticated with a session token. It acts for exactly one user. */
export interface SessionActor {
  kind: "session";
  sessionId: string;
  surface: "agent" | "gpt" | "mcp";
  grantId: string;
  /** The user's id for this agent only. Another agent gets another id for the same user. */
  subject: string;
  agentId: string;
  /** The internal user id. It is never sent to an agent. */
  userId: string;
  scopes: Scopes;
  grantScopes: Scopes;
  budgetAccountId: string;
  grantBudgetAccountId: string;
  /** Micros the session could still spend at authentication: the smaller remainder of session and grant. */
  remainingMicros: bigint;
  expiresAt: Date;
  /** Whether the agent may read texts of sponsors and sellers. Null: the user hasn't said. */
  readsSponsorTexts: boolean | null;
}

/** A sponsor, for whom somebody acts. */
export interface SponsorActor {
  kind: "sponsor";
  sponsorId: string;
  via: SponsorAgent;
}

/** Who acts for a sponsor: one of its keys, one of its members, or the operator who runs this server. */
export type SponsorAgent =
  | { kind: "key"; apiKeyId: string }
  | { kind: "member"; userId: string; role: SponsorRole }
  | { kind: "operator" };

export interface AdminActor {
  kind: "admin";
}

/** A person who signed in, with an address that was proven. */
export interface UserActor {
  kind: "user";
  userId: string;
  accountId: string;
  email: string;
  /** The sign-in, not an agent's session. */
  sessionId: string;
}

/** The caller of an operation. Scope checks and the audit log use the same union. */
export type Actor = AgentActor | SessionActor | SponsorActor | AdminActor | UserActor;

/** Whom a call counts for, where callers are limited or take turns. */
export type Caller = { actor: Actor } | { clientAddress: string };

/** A key for the caller: one person has one, whatever agent and session acts; without a credential, the client's address. */
export function callerKey(caller: Caller): string {
  if (!("actor" in caller)) return `address:${caller.clientAddress}`;
  const { actor } = caller;
  switch (actor.kind) {
    case "session":
    case "user":
      return `user:${actor.userId}`;
    case "agent":
      return `agent:${actor.agentId}`;
    case "sponsor":
      // One person may act for many sponsors, and found some. They take one turn with all of them.
      return actor.via.kind === "member"
        ? `sponsor:member ${actor.via.userId}`
        : `sponsor:${actor.sponsorId}`;
    case "admin":
      return "admin";
  }
}
