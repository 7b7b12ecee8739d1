import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { atOnce, tally } from "../support/at-once.ts";
import { Caller } from "../support/caller.ts";
import type { KillableServer } from "../support/killable.ts";
import { startKillable } from "../support/killable.ts";
import { eventually } from "../support/eventually.ts";
import type { Answer } from "../support/server.ts";

const ROUNDS = 6;
const CALLERS = 16;

let server: KillableServer;
const caller = new Caller(() => server.url());
beforeAll(async () => {
  server = await startKillable();
  return () => server.close();
});

const outcome = (status: number, code: unknown): string =>
  `${status} ${typeof code === "string" ? code : "ok"}`;

test(
  `given a server killed ${ROUNDS} times under load, every answered call has its audit row`,
  { timeout: 300_000 },
  async () => {
    const grant = await caller.createGrant();
    const answered: { session: string; outcome: string }[] = [];
    let stopping = false;

    /** Calls one after the other until `stopping`, also while the server is dead. */
    async function callUntilStopped(session: string, token: string): Promise<void> {
      while (!stopping) {
        let answer: Answer;
        try {
          answer = await caller.call("agent.flowStatus", {}, token);
        } catch {
          await sleep(5); // the server is dead
          continue;
        }
        // A starting server answers 503 until it has its database.
        if (answer.status === 503) continue;
        answered.push({ session, outcome: outcome(answer.status, answer.body.error_code) });
      }
    }

    for (let round = 0; round < ROUNDS; round++) {
      stopping = false;
      const sessions = await atOnce(CALLERS, () => caller.openSession(grant, { budgetCents: 1 }));
      const callers = sessions.map(({ session_id, token }) => callUntilStopped(session_id, token));
      const before = answered.length;
      // Under load: every caller has had an answer, and the kill meets others in the middle.
      await eventually(() => expect(answered.length).toBeGreaterThan(before + CALLERS), 60_000);
      await sleep(randomInt(0, 500));
      await server.killAndRestart();
      stopping = true;
      await Promise.all(callers);
    }
    expect(answered.length).toBeGreaterThan(ROUNDS * CALLERS);

    const rows = await server.database.db.agentAuditLog.findMany({
      where: { operation: "agent_flow_status" },
    });
    const unmatched = tally(
      rows.map((row) => `${row.agentSessionId} ${outcome(row.responseStatus, row.errorCode)}`),
    );
    const missing = answered.filter((call) => {
      const key = `${call.session} ${call.outcome}`;
      const left = unmatched[key] ?? 0;
      unmatched[key] = left - 1;
      return left <= 0;
    });
    expect(missing).toEqual([]);
  },
);
