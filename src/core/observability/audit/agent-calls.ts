import type { Deps } from "../../context.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import { countCallsOfAgent } from "./agent-calls-store.ts";

/** Older calls than these are left out of the figures, so that an agent with millions of calls is answered as fast. */
const MOST_CALLS = 100_000;

interface CountedCalls {
  calls: number;
  /** How many people the calls were made for. */
  people: number;
}

export interface AgentCalls {
  total: CountedCalls;
  /** Whether there were more calls than are counted. */
  isCut: boolean;
  /** Days as in `2026-11-27`, with calls only. */
  days: Map<string, CountedCalls>;
  errors: { code: ErrorCode; calls: number; latestAt: Date }[];
}

/** Counts the calls of an agent in the last days, for its owner: by day and by error, and for how many people. */
export async function countAgentCalls(
  { sql }: Pick<Deps, "sql">,
  agentId: string,
  days: number,
): Promise<AgentCalls> {
  const rows = await countCallsOfAgent.all(sql, { agent_id: agentId, days, most: BigInt(MOST_CALLS) });
  const total = rows.find(({ day, error_code }) => day === null && error_code === null);
  return {
    total: { calls: total?.calls ?? 0, people: total?.people ?? 0 },
    isCut: (total?.calls ?? 0) >= MOST_CALLS,
    days: new Map(rows.flatMap(({ day, calls, people }) => (day === null ? [] : [[day, { calls, people }]]))),
    errors: rows.flatMap(({ day, error_code, calls, latest_at }) =>
      day === null && error_code !== null && (error_code as string) !== "ok"
        ? [{ code: error_code, calls, latestAt: latest_at }]
        : [],
    ),
  };
}
