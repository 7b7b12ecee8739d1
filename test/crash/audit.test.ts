import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { KillableServer } from "../support/killable.ts";
import { startKillable } from "../support/killable.ts";
import type { Answer } from "../support/server.ts";
import { rest } from "../support/server.ts";
import { createGrant, openSession } from "../support/world.ts";

/** The server is killed under load: whatever was answered has its audit row. */

const ROUNDS = 6;
const CALLERS = 16;

let server: KillableServer;
beforeAll(async () => {
  server = await startKillable();
});
afterAll(() => server.close());

const outcome = (status: number, code: unknown): string =>
  `${status} ${typeof code === "string" ? code : "ok"}`;

test(
  `killed ${ROUNDS} times under load: no answered call is without its row`,
  { timeout: 180_000 },
  async () => {
    const grant = await createGrant(server.url());
    const answered: { session: string; outcome: string }[] = [];
    let stopping = false;

    /** Calls one after the other, whatever comes of it, until it is told to stop. */
    async function callOnAndOn(session: string, token: string): Promise<void> {
      while (!stopping) {
        let answer: Answer;
        try {
          answer = await rest(server.url(), "GET", "/agent/flow/status", { token });
        } catch {
          await sleep(5); // the server is dead
          continue;
        }
        // Of the server that is starting up: it has no database yet, and says so.
        if (answer.status === 503) continue;
        answered.push({ session, outcome: outcome(answer.status, answer.body.error_code) });
      }
    }

    for (let round = 0; round < ROUNDS; round++) {
      stopping = false;
      const sessions = await Promise.all(
        Array.from({ length: CALLERS }, () => openSession(server.url(), grant, { budgetCents: 1 })),
      );
      const callers = sessions.map(({ session_id, token }) => callOnAndOn(session_id, token));
      await sleep(randomInt(600, 1_500));
      await server.killAndRestart();
      stopping = true;
      await Promise.all(callers);
    }
    expect(answered.length).toBeGreaterThan(ROUNDS * CALLERS);

    const rows = await server.database.db.agentAuditLog.findMany({
      where: { operation: "agent_flow_status" },
    });
    const audited = new Map<string, number>();
    for (const row of rows) {
      const key = `${row.agentSessionId} ${outcome(row.responseStatus, row.errorCode)}`;
      audited.set(key, (audited.get(key) ?? 0) + 1);
    }
    const missing = answered.filter(({ session, outcome: what }) => {
      const key = `${session} ${what}`;
      const left = audited.get(key) ?? 0;
      audited.set(key, left - 1);
      return left === 0;
    });
    expect(missing).toEqual([]);
  },
);
