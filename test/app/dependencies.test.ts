import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createLog } from "../../src/platform/observability/log.ts";
import { watchLines } from "../support/canaries.ts";
import { eventually } from "../support/eventually.ts";
import { startRelay } from "../support/relay.ts";
import type { Unreliable } from "../support/rpc.ts";
import { startUnreliableFacilitator, startUnreliableRpc } from "../support/rpc.ts";
import { useWorld } from "../support/use-world.ts";

/** An operator reads one line when a dependency is lost and one when it is back. */

let rpc: Unreliable;
let facilitator: Unreliable;
beforeAll(async () => {
  [rpc, facilitator] = await Promise.all([startUnreliableRpc(), startUnreliableFacilitator()]);
  return () => {
    rpc.close();
    facilitator.close();
  };
});
const log = watchLines();
const world = useWorld({ log: createLog({ level: "info", destination: log }) });

type Line = Record<string, unknown> & { event?: string };
const linesSince = (start: number): Line[] => log.lines.slice(start).map((line) => JSON.parse(line) as Line);
const named = (lines: Line[], event: string): Line[] => lines.filter((line) => line.event === event);

/** Expects one event for the loss, one for the return with a count, no stack, and no other warning. */
async function expectOneOutage(dependency: string, start: number): Promise<Line[]> {
  await eventually(() => expect(named(linesSince(start), "dependency_back")).toHaveLength(1));
  const lines = linesSince(start);
  expect(named(lines, "dependency_lost")).toMatchObject([{ dependency, level: "error" }]);
  const [back] = named(lines, "dependency_back");
  expect(back).toMatchObject({ dependency });
  expect(back?.["failures"]).toBeGreaterThan(1);
  expect(JSON.stringify(lines)).not.toContain('"stack"');
  const others = lines.filter(
    ({ level, status, event }) => level !== "info" && status === undefined && event !== "dependency_lost",
  );
  expect(others).toEqual([]);
  return lines;
}

describe("a dependency that goes away and comes back", { timeout: 60_000 }, () => {
  test("the database: jobs and requests leave two events and no stack traces", async () => {
    const relay = await startRelay(world.database.serverUrl);
    onTestFinished(() => relay.close());
    const replica = await world.startReplica({ databaseUrl: relay.url });
    const start = log.lines.length;
    await relay.cut();
    const { token } = await world.openSession(await world.createGrant());
    for (let n = 0; n < 5; n += 1)
      expect((await replica.caller.call("agent.flowStatus", {}, token)).status).toBe(503);
    expect(await replica.metrics()).toContain('tollfree_dependency_up{dependency="database"} 0');
    await relay.restore();
    const lines = await expectOneOutage("database", start);
    const requests = lines.filter(({ status }) => status === 503);
    expect(requests).toHaveLength(5);
    for (const request of requests)
      expect(request).toMatchObject({ dependency: "database", operation: "agent_flow_status" });
    expect(await replica.metrics()).toContain('tollfree_dependency_up{dependency="database"} 1');
    expect((await replica.caller.call("agent.flowStatus", {}, token)).status).toBe(200);
    await replica.stop();
  });

  test.each(["chain", "facilitator"] as const)(
    "the %s: it is noticed while nobody calls",
    async (dependency) => {
      const { networks } = world.server.options;
      const service = dependency === "chain" ? rpc : facilitator;
      const url = dependency === "chain" ? { rpcUrl: rpc.url } : { facilitatorUrl: facilitator.url };
      const start = log.lines.length;
      // The facilitator may also be away at the start: that is said and isn't fatal.
      if (dependency === "facilitator") service.mode = "refusing";
      const replica = await world.startReplica({ networks: [{ ...networks[0], ...url }] });
      service.mode = "refusing";
      await eventually(() => expect(named(linesSince(start), "dependency_lost")).toHaveLength(1));
      expect(await replica.metrics()).toContain(`tollfree_dependency_up{dependency="${dependency}"} 0`);
      const [lost] = named(linesSince(start), "dependency_lost");
      expect(lost?.["reason"]).toContain(
        dependency === "chain" ? "closes the connection" : "X402_FACILITATOR_URL: ",
      );
      const refused = service.refused;
      await eventually(() => expect(service.refused).toBeGreaterThan(refused + 1)); // more checks fail
      service.mode = "working";
      await expectOneOutage(dependency, start);
      await replica.stop();
    },
  );
});

test("the metrics about Redis exist without Redis", async () => {
  const text = await world.server.metrics();
  for (const name of ["tollfree_rate_limit_redis_losses_total", "tollfree_rate_limit_insured_takes_total"])
    expect(text).toContain(`${name} 0`);
});
