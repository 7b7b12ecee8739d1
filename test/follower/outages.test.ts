import { afterEach, beforeAll, expect } from "vitest";
import type { Unreliable } from "../support/rpc.ts";
import { startUnreliableRpc } from "../support/rpc.ts";
import { mailbox } from "../support/surfaces.ts";
import { useWorld } from "../support/use-world.ts";
import type { Situation } from "./play.ts";
import { playOnAllSurfaces } from "./play.ts";
import type { Stage } from "./stage.ts";

/** R1.3: an agent that only follows next actions, and a chain that is away: before a payment is signed, and after. */

let rpc: Unreliable;
beforeAll(async () => {
  rpc = await startUnreliableRpc();
  return () => rpc.close();
});
afterEach(() => {
  rpc.mode = "working";
});
const world = useWorld({ mailer: mailbox, confirmWaitMs: 100, changesAtStart: () => ({ rpcUrl: rpc.url }) });

const chainIs = (mode: Unreliable["mode"]) => (): Promise<void> => {
  rpc.mode = mode;
  return Promise.resolve();
};

/** The agent is told to wait five seconds. So much time passes for the payments that it has. */
const passTime = ({ grant }: Stage): Promise<unknown> =>
  world.db
    .$executeRaw`UPDATE payments SET created_at = created_at - interval '6 seconds' WHERE grant_id = ${grant.grant_id}::uuid`;

const SITUATIONS: Situation[] = [
  {
    name: "the chain is away, and comes back",
    given: { taskDone: true },
    before: chainIs("refusing"),
    after: { run_service: chainIs("working") },
    between: passTime,
    ends: { kind: "reached" },
  },
  {
    name: "the chain is away",
    given: { taskDone: true },
    before: chainIs("refusing"),
    between: passTime,
    ends: { kind: "later", code: "service_unavailable" },
  },
  {
    name: "the chain goes away before it is known that the payment is settled: the output is there, and the payment later",
    given: { taskDone: true },
    before: () => {
      const gate = world.upstream.hold("paid");
      paid = gate.arrived().then(chainIs("refusing")).then(gate.open);
      return Promise.resolve();
    },
    after: { get_payment: chainIs("working") },
    ends: { kind: "reached" },
    check: async (_stage, { steps }) => {
      await paid;
      const run = steps.find(({ action }) => action === "run_service")?.body;
      expect(run?.data ?? run).toMatchObject({ output: { echo: {} }, payment: { status: "pending" } });
    },
  },
];
let paid: Promise<void> = Promise.resolve();

playOnAllSurfaces(world, SITUATIONS);
