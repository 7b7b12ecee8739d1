import { expect, test } from "vitest";
import { answerOwnTask } from "../../src/core/sponsorship/task/index.ts";
import { atOnce } from "../support/at-once.ts";
import { expectSuccess } from "../support/call.ts";
import { CONSENT } from "../support/caller.ts";
import { userActor } from "../support/people.ts";
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

test("of a user and their agent who answer at once, one is counted, and the answers of the other leave nothing", async () => {
  const acme = await world.createSponsor();
  const service = await world.registerService(acme.key, "free", { price_cents: 0 });
  for (let round = 0; round < 5; round += 1) {
    const campaign_id = await world.createCampaign(acme, [service], { fundCents: 0 });
    const grant = await world.createGrant();
    const { token } = await world.openSession(grant, { budgetCents: 1 });
    const person = { ...world.deps, actor: userActor(grant.user_id) };
    const ids = await atOnce(8, async (i) => {
      if (i % 2 === round % 2) {
        const answer = { campaign_id, task_data: { score: 1 }, contact_permission: false };
        return (await answerOwnTask(person, answer)).task_completion_id;
      }
      const input = { campaign_id, task_data: { score: 2 }, consent: CONSENT };
      return expectSuccess(await replica.call("agent.completeTask", input, token))
        .task_completion_id as string;
    });
    expect(new Set(ids).size).toBe(1);
    const where = { userId: grant.user_id };
    const stored = await world.db.taskCompletion.findMany({ where });
    expect(stored).toHaveLength(1);
    const consents = await world.db.consent.findMany({ where });
    expect(consents).toHaveLength(3);
    // The consents are of who answered.
    expect(consents.every(({ grantedVia }) => grantedVia === stored[0]?.executionMode)).toBe(true);
  }
});
