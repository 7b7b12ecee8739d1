import type { z } from "zod";
import type { OwnAgentInput } from "../../access/agent/index.ts";
import { getOwnAgent } from "../../access/agent/index.ts";
import type { Deps, UserActor } from "../../context.ts";
import { callerKey } from "../../context.ts";
import { sumSpendOfAgent } from "../../money/payment/index.ts";
import { countAgentCalls } from "../../observability/audit/index.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import type { AgentUsageOutput } from "./schema.ts";

const DAYS = 30;
const DAY_MS = 86_400_000;
const MOST_PAYMENTS = 50_000n;

/**
 * Returns figures of one of the person's agents: counts, and what sponsors paid. Of the people whom it served it says how many
 * they are, and nothing else.
 * @throws AppError `not_found` for somebody else's agent
 */
export async function readAgentUsage(
  { db, sql, histories, actor }: Pick<Deps, "db" | "sql" | "histories"> & { actor: UserActor },
  input: z.infer<typeof OwnAgentInput>,
): Promise<z.infer<typeof AgentUsageOutput>> {
  const { agent_id: agentId } = await getOwnAgent({ db, actor }, input);
  const [calls, spend] = await histories.run(callerKey({ actor }), () =>
    Promise.all([
      countAgentCalls({ sql }, agentId, DAYS),
      sumSpendOfAgent.all(sql, { agent_id: agentId, days: DAYS, most: MOST_PAYMENTS }),
    ]),
  );
  const now = Date.now();
  const days = Array.from({ length: DAYS }, (_, index) => {
    const day = new Date(now - (DAYS - 1 - index) * DAY_MS).toISOString().slice(0, 10);
    const paid = spend.find((row) => row.day === day);
    return {
      ...{ day, calls: 0, people: 0, ...calls.days.get(day) },
      runs: paid?.runs ?? 0,
      spent_cents: microsToCents(paid?.spent_micros ?? 0n),
    };
  });
  return {
    total: {
      ...calls.total,
      runs: spend.reduce((sum, { runs }) => sum + runs, 0),
      spent_cents: microsToCents(spend.reduce((sum, { spent_micros }) => sum + spent_micros, 0n)),
    },
    is_cut: calls.isCut,
    days,
    errors: calls.errors.map(({ code, calls: count, latestAt }) => ({
      ...{ error_code: code, calls: count, latest_at: latestAt.toISOString() },
    })),
  };
}
