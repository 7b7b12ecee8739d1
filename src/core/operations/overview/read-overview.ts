import type { z } from "zod";
import { listSuspended } from "../../access/grant/index.ts";
import type { Deps } from "../../context.ts";
import { readLastFindings, readOwed } from "../../money/ledger/index.ts";
import { getPaymentSwitch } from "../../money/outflow-limits/index.ts";
import { networkIsUp } from "../../money/settlement/index.ts";
import { readGauges } from "../../observability/gauges/index.ts";
import type { Network } from "../../ports/network.ts";
import { within } from "../../ports/within.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import { PAGE_SIZE } from "../../protocol/fields.ts";
import type { OverviewOutput } from "./schema.ts";
import { countOpenApprovals, findToday, listWaiting } from "./store.ts";

type Overview = z.infer<typeof OverviewOutput>;
type Context = Pick<Deps, "db" | "sql" | "networks" | "settings">;

/** A payment is decided within moments once its chain has. As the alert `TollfreePaymentsUndecided`. */
const WAITS_TOO_LONG_SECONDS = 600;
/** The books are compared every ten minutes. Three rounds without a result are too many. */
const PROOF_IS_LATE_MS = 30 * 60_000;
const CHAIN_WAIT_MS = 3_000;

/** Reads how the server is: counts, ids and amounts, and nothing of people. A chain that doesn't answer is said to be away. */
export async function readOverview(ctx: Context): Promise<Overview> {
  const { db, sql, networks } = ctx;
  // One after the other: a page that is looked at for hours shall not take several connections at once from the requests.
  const gauges = await readGauges({ db, sql });
  const approvals = await countOpenApprovals(db);
  const suspended = await listSuspended.all(sql, { limit: PAGE_SIZE });
  const waiting = await listWaiting.all(sql, { seconds: WAITS_TOO_LONG_SECONDS, limit: PAGE_SIZE });
  const proof = await readLastFindings(sql);
  return {
    switch: await getPaymentSwitch({ db }),
    approvals: {
      total: approvals.reduce((sum, { _count }) => sum + _count, 0),
      oldest_at: oldest(approvals.map(({ _min }) => _min.createdAt)),
      kinds: approvals.map(({ kind, _count }) => ({ kind, count: _count })),
    },
    suspended: {
      total: Number(suspended[0]?.total ?? 0),
      agents: suspended.map((grant) => ({
        grant_id: grant.id,
        agent: grant.agent,
        suspended_at: grant.suspended_at.toISOString(),
        reason: grant.reason,
        live_sessions: grant.live_sessions,
      })),
    },
    waiting: {
      longer_than_seconds: WAITS_TOO_LONG_SECONDS,
      total: Number(waiting[0]?.total ?? 0),
      payments: waiting.map(({ id, kind, status, service_key, amount_micros, network, created_at }) => ({
        ...{ id, kind, status, service_key, network },
        amount_cents: microsToCents(amount_micros),
        since: created_at.toISOString(),
      })),
    },
    ledger: {
      proved_at: proof?.proved_at.toISOString() ?? null,
      is_late: proof !== undefined && Date.now() - proof.proved_at.getTime() > PROOF_IS_LATE_MS,
      total: proof?.total ?? 0,
      findings: proof?.findings ?? [],
    },
    treasury: {
      networks: await Promise.all(networks.all.map((network) => readTreasury(sql, network))),
      day: await readDay(ctx),
    },
    webhooks: {
      due: gauges.dueWebhooks.count,
      oldest_seconds: Math.round(gauges.dueWebhooks.oldest_seconds),
    },
  };
}

const oldest = (times: (Date | null)[]): string | null =>
  times
    .filter((time) => time !== null)
    .map((time) => time.toISOString())
    .sort()[0] ?? null;

async function readTreasury(
  sql: Deps["sql"],
  network: Network,
): Promise<Overview["treasury"]["networks"][number]> {
  const [isUp, balance, owed] = await Promise.all([
    networkIsUp(network),
    within(CHAIN_WAIT_MS, () => network.chain.balanceOf(network.treasury)).catch(() => undefined),
    readOwed(sql, network.id),
  ]);
  return {
    network: network.id,
    address: network.treasury,
    is_up: isUp,
    balance_cents: balance === undefined ? null : microsToCents(balance),
    owed_cents: microsToCents(owed),
  };
}

/** Before the first payment of a day, its account isn't open, and the cap is whole. */
async function readDay({ db, settings }: Context): Promise<Overview["treasury"]["day"]> {
  const cap = settings.treasuryDayMicros;
  if (cap === undefined) return null;
  const { limit, reserved, spent } = (await findToday(db)) ?? { limit: cap, reserved: 0n, spent: 0n };
  return {
    limit_cents: microsToCents(limit),
    reserved_cents: microsToCents(reserved),
    spent_cents: microsToCents(spent),
  };
}
