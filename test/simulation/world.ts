import { BUILT_IN_THESAURUS } from "../../src/app/config-fields.ts";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { runTask } from "../../src/app/compute/program.ts";
import { createAgent } from "../../src/core/access/agent/index.ts";
import { putGrant } from "../../src/core/access/grant/index.ts";
import { authenticateSession, openSession } from "../../src/core/access/session/index.ts";
import { createUser } from "../../src/core/access/user/index.ts";
import type { Deps, SessionActor, SponsorActor } from "../../src/core/context.ts";
import { openLedger } from "../../src/core/money/ledger/index.ts";
import { createNetworks } from "../../src/core/ports/network.ts";
import { Batches } from "../../src/core/protocol/batches.ts";
import { FairQueue } from "../../src/core/protocol/fair-queue.ts";
import { countInFlight } from "../../src/core/protocol/in-flight.ts";
import { RATE_RULES } from "../../src/core/protocol/rate-limit/index.ts";
import { createCampaign } from "../../src/core/sponsorship/campaign/index.ts";
import { bookCredit } from "../../src/core/sponsorship/funding/index.ts";
import { createSponsor } from "../../src/core/sponsorship/sponsor/index.ts";
import { registerApi } from "../../src/core/sponsorship/sponsored-api/index.ts";
import { completeTask } from "../../src/core/sponsorship/task/index.ts";
import { AesCipher } from "../../src/platform/cipher.ts";
import { createDatabaseClient } from "../../src/platform/postgres/client.ts";
import { createPool } from "../../src/platform/postgres/pool.ts";
import { SIGN_IN_RECORDS } from "../../src/platform/sign-in/records.ts";
import { createSqlPool } from "../../src/platform/postgres/sql-pool.ts";
import { createMemoryLimiter } from "../../src/platform/rate-limit/create-limiter.ts";
import { CONSENT, INPUT_SCHEMA, TASK_SCHEMA } from "../support/caller.ts";
import { createDatabase, runSql } from "../support/database.ts";
import { Recent } from "../../src/core/protocol/recent.ts";
import { NO_IN_FLIGHT_LIMITS } from "../support/server.ts";
import { SimChain } from "./chain.ts";
import type { Random } from "./random.ts";
import { BEHAVIOURS, SimUpstreams } from "./upstreams.ts";
import { SimBuyer, SimFacilitator, SimSeller, SimTransfers, TREASURY } from "./wallets.ts";

/** The budgets are all that the treasury holds, so that lost or doubled money shows in its balance. */
const BUDGETS_CENTS = [24, 16];
const SESSION_CENTS = [10, 8, 10];
const GRANT_CENTS = 24;
const FEE_BPS = 100n;
export const SPONSOR_WALLET = `0x${"5".repeat(40)}` as const;

export interface SimWorld {
  deps: Deps;
  chain: SimChain;
  upstreams: SimUpstreams;
  facilitator: SimFacilitator;
  sessions: SessionActor[];
  campaigns: string[];
  sponsor: SponsorActor;
  /** Moves the clock of the database, which `now()` reads in every statement. */
  advanceDatabase(seconds: number): Promise<void>;
  close(): Promise<void>;
}

/** A database with a simulated clock, and in it a sponsor with campaigns and an agent with sessions. */
export async function createSimWorld(random: Random, tampering: readonly string[] = []): Promise<SimWorld> {
  const database = await createDatabase();
  await runSql(database.url, [...SIMULATED_CLOCK, VIEWS, ...tampering].join(";\n"));
  const url = new URL(database.url);
  url.searchParams.set("options", "-c search_path=sim,pg_catalog,public");
  const pool = createPool({ url: url.href, size: 4 });
  const db = createDatabaseClient(pool);

  const chain = new SimChain(random, Math.floor(Date.now() / 1000));
  const upstreams = new SimUpstreams(random, chain);
  const facilitator = new SimFacilitator(random, chain);
  upstreams.faults = facilitator.faults = false;
  const buyer = new SimBuyer(chain);
  const SEARCHES = { atOnce: 4, atOnceOfCaller: 4, waitingOfCaller: 100, waitingOfKind: 100 };
  const silent = (): void => undefined;
  const sql = createSqlPool(pool);
  const deps: Deps = {
    db,
    sql,
    batches: new Batches(sql),
    log: { info: silent, warn: silent, error: silent },
    cipher: new AesCipher([randomBytes(32)]),
    networks: createNetworks([
      {
        ...{ id: buyer.network, asset: buyer.asset, treasury: TREASURY, chain, buyer },
        seller: new SimSeller(facilitator),
        transfers: new SimTransfers(chain, facilitator),
      },
    ]),
    upstream: upstreams,
    limiter: createMemoryLimiter(),
    signInRecords: SIGN_IN_RECORDS,
    // A simulated process that is killed never says that its calls have ended.
    inFlight: countInFlight(NO_IN_FLIGHT_LIMITS),
    compute: { run: (_caller, task) => Promise.resolve(runTask(task)) },
    searches: new FairQueue("searches", SEARCHES),
    lists: new FairQueue("searches", SEARCHES),
    catalogue: new Recent(0),
    histories: new FairQueue("searches", SEARCHES),
    thesaurus: BUILT_IN_THESAURUS,
    tally: { count: silent },
    settings: {
      publicBaseUrl: "http://simulated",
      confirmWaitMs: 0,
      suspension: { scopeViolations: 1_000, scopeWindowSeconds: 1, rateHits: 1_000, rateWindowSeconds: 1 },
      rateRules: RATE_RULES,
      inFlightLimits: NO_IN_FLIGHT_LIMITS,
      treasuryDayMicros: 10_000_000n,
      proxyFeeBps: FEE_BPS,
      operator: {},
      phoneRegions: [],
      signIn: { canSignUp: true, hasDemoPerson: false },
      keepOutput: { maxBytes: 1_000, seconds: 3_600 },
    },
    // A record that fails is left to the reconciler here, as if the process had died then.
    background: { keep: silent, retry: silent },
  };
  await openLedger(deps);
  const people = await populate(deps, chain);
  upstreams.faults = facilitator.faults = true;
  return {
    deps,
    chain,
    upstreams,
    facilitator,
    ...people,
    async advanceDatabase(seconds) {
      await db.$executeRaw`UPDATE sim.clock SET t = t + make_interval(secs => ${seconds}::int)`;
    },
    async close() {
      await db.$disconnect();
      await pool.end();
      await database.close();
    },
  };
}

/** The views once more, on the simulated clock. Prisma reads them in `public`, whatever the search path. */
const VIEWS = `SET search_path = sim, pg_catalog, public;\n${readFileSync(
  "prisma/views.sql",
  "utf8",
).replaceAll("CREATE VIEW ", "CREATE OR REPLACE VIEW public.")}`;

/** `now()` without a schema is `sim.now()`, since `sim` comes first in the search path. Columns get it as their default. */
const SIMULATED_CLOCK = [
  `CREATE SCHEMA sim`,
  `CREATE TABLE sim.clock AS SELECT now() AS t`,
  `CREATE FUNCTION sim.now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT t FROM sim.clock'`,
  `CREATE FUNCTION sim.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT t FROM sim.clock'`,
  `DO $$ DECLARE c record; BEGIN
     FOR c IN SELECT table_name, column_name FROM information_schema.columns
               WHERE table_schema = 'public' AND column_default IN ('now()', 'CURRENT_TIMESTAMP') LOOP
       EXECUTE format('ALTER TABLE public.%I ALTER COLUMN %I SET DEFAULT sim.now()', c.table_name, c.column_name);
     END LOOP;
   END $$`,
];

async function populate(
  deps: Deps,
  chain: SimChain,
): Promise<Pick<SimWorld, "sessions" | "campaigns" | "sponsor">> {
  const { sponsor_id } = await createSponsor(deps, { name: "Acme", wallet_address: SPONSOR_WALLET });
  const sponsor: SponsorActor = { kind: "sponsor", sponsorId: sponsor_id, via: { kind: "operator" } };
  const ctx = { ...deps, actor: sponsor };
  for (const behaviour of BEHAVIOURS) {
    await registerApi(ctx, {
      service_key: behaviour,
      name: behaviour,
      description: behaviour,
      categories: ["weather"],
      upstream_url: `http://upstream.test/${behaviour}`,
      upstream_method: "POST",
      price_cents: 2,
      input_schema: INPUT_SCHEMA,
    });
  }
  const campaigns: string[] = [];
  for (const cents of BUDGETS_CENTS) {
    const { campaign } = await createCampaign(ctx, {
      name: "Survey",
      service_keys: [...BEHAVIOURS],
      required_task: "One question",
      task_type: "survey",
      task_description: "How do you like the weather?",
      task_schema: TASK_SCHEMA,
      subsidy_per_call_cents: 5,
      max_calls_per_user: 6,
    });
    chain.mint(TREASURY, BigInt(cents) * 10_000n);
    await bookCredit(deps, {
      sponsor_id,
      campaign_id: campaign.campaign_id,
      amount_cents: cents,
      reference: campaign.campaign_id,
    });
    campaigns.push(campaign.campaign_id);
  }

  const email = "ada@example.com";
  const { user } = await createUser(deps, {
    email,
    region: "Portugal",
    roles: [],
    tools_used: [],
    attributes: {},
  });
  const { agent } = await agentOf(deps);
  const scopes = { allowed_task_types: ["survey"], allowed_data_types: [], allowed_categories: ["weather"] };
  const grant = await putGrant(deps, {
    user_id: user.user_id,
    agent_id: agent.agentId,
    scopes,
    budget_limit_cents: GRANT_CENTS,
    expires_at: new Date(Date.now() + 864_000_000).toISOString(),
  });
  const sessions: SessionActor[] = [];
  for (const cents of SESSION_CENTS) {
    const opened = await openSession(
      { ...deps, actor: agent, clientAddress: "127.0.0.1" },
      { user_id: grant.user_id, scopes, budget_limit_cents: cents },
    );
    sessions.push(await authenticateSession(deps, "agent_session", opened.data.session_token));
  }
  const [first] = sessions;
  if (first === undefined) throw new Error("no session");
  for (const campaign_id of campaigns)
    await completeTask({ ...deps, actor: first }, { campaign_id, task_data: { score: 3 }, consent: CONSENT });
  return { sessions, campaigns, sponsor };
}

async function agentOf(deps: Deps): Promise<{ agent: { kind: "agent"; agentId: string; apiKeyId: string } }> {
  const created = await createAgent(deps, { name: "Agent" });
  const key = await deps.db.agentApiKey.findFirstOrThrow({ where: { agentId: created.agent_id } });
  return { agent: { kind: "agent", agentId: created.agent_id, apiKeyId: key.id } };
}
