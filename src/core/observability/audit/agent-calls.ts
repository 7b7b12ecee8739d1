import type { Deps } from "../../context.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import { countDaysOfAgent, countOutcomesOfAgent, MOST_CALLS_OF_DAY } from "./agent-calls-store.ts";

interface CountedCalls {
  calls: number;
  /** For how many people. */
  people: number;
}

export interface AgentCalls {
  total: CountedCalls;
  /** Whether a day had more calls than are counted. */
  isCut: boolean;
  /** Days with calls, as in `2026-11-27`. */
  days: Map<string, CountedCalls>;
  /** The most frequent first. */
  errors: { code: ErrorCode; calls: number; latestAt: Date }[];
}

/** Counts the calls of an agent in the last days (UTC), for its owner: by day and by error, and for how many people. */
export async function countAgentCalls(
  { sql }: Pick<Deps, "sql">,
  agentId: string,
  days: number,
): Promise<AgentCalls> {
  const asked = { agent_id: agentId, days };
  const [byDay, outcomes] = await Promise.all([
    countDaysOfAgent.all(sql, asked),
    countOutcomesOfAgent.all(sql, asked),
  ]);
  const total = outcomes.find(({ code }) => code === null);
  return {
    total: { calls: total?.calls ?? 0, people: total?.people ?? 0 },
    isCut: byDay.some(({ calls }) => calls >= MOST_CALLS_OF_DAY),
    days: new Map(byDay.map(({ day, calls, people }) => [day, { calls, people }])),
    errors: outcomes.flatMap(({ code, calls, latest_at: latestAt }) =>
      code === null || code === "ok" || latestAt === null ? [] : [{ code, calls, latestAt }],
    ),
  };
}
