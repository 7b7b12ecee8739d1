import { expect, test } from "vitest";
import { atOnce } from "../support/at-once.ts";
import { expectSuccess } from "../support/call.ts";
import { CONSENT } from "../support/caller.ts";
import { useReplica, useWorld } from "../support/use-world.ts";

const world = useWorld({ upstreamFor: "all tests" });
const replica = useReplica(world);

test("of twenty completions of one task at once, one is stored and all get its id", async () => {
  const acme = await world.createSponsor();
  const service = await world.registerService(acme.key, "free", { price_cents: 0 });
  for (let round = 0; round < 3; round += 1) {
    const campaign_id = await world.createCampaign(acme, [service], { fundCents: 0 });
    const grant = await world.createGrant();
    const tokens = await atOnce(4, async () => (await world.openSession(grant, { budgetCents: 1 })).token);
    const answers = await atOnce(20, (i) => {
      const task_data = { score: (i % 5) + 1, region: `R${i}` };
      const input = { campaign_id, task_data, consent: CONSENT };
      return (i % 2 === 0 ? world : replica).call("agent.completeTask", input, tokens[i % 4]);
    });
    const results = answers.map((answer) => expectSuccess(answer));
    expect(results.filter(({ already_completed }) => already_completed === false)).toHaveLength(1);
    expect(new Set(results.map(({ task_completion_id }) => task_completion_id as string)).size).toBe(1);
    const where = { userId: grant.user_id };
    const stored = await world.db.taskCompletion.findMany({ where });
    expect(stored).toHaveLength(1);
    expect(stored[0]?.id).toBe(results[0].task_completion_id);
    // Only the stored completion has consents.
    expect(await world.db.consent.count({ where })).toBe(3);
  }
});
