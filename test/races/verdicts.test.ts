import { beforeAll, expect, test } from "vitest";
import { answerOwnTask } from "../../src/core/sponsorship/task/index.ts";
import type { Respondent } from "../support/answers.ts";
import { createRespondent } from "../support/answers.ts";
import { atOnce, tally } from "../support/at-once.ts";
import { expectSuccess } from "../support/call.ts";
import type { SponsorWithKey } from "../support/caller.ts";
import { CONSENT } from "../support/caller.ts";
import { userActor } from "../support/people.ts";
import type { Answer } from "../support/server.ts";
import { useReplica, useWorld } from "../support/use-world.ts";

/** An answer has exactly one verdict, whoever gives it and whatever else happens at the same moment. */

const world = useWorld({ upstreamFor: "all tests" });
const replica = useReplica(world);
const ROUNDS = 6;
let acme: SponsorWithKey;
let service: string;

beforeAll(async () => {
  acme = await world.createSponsor();
  service = await world.registerService(acme.key, "free", { price_cents: 0 });
});

interface Held {
  person: Respondent;
  campaignId: string;
  answer: string;
}

async function holdAnswer(): Promise<Held> {
  const campaignId = await world.createCampaign(acme, [service], { fundCents: 0, holdback: { by: "hand" } });
  const person = await createRespondent(world);
  return { person, campaignId, answer: await person.answer(campaignId) };
}

const caller = (i: number) => (i % 2 === 0 ? world : replica);
const judge = (i: number, verdict: "accept" | "reject", answer_id: string): Promise<Answer> =>
  verdict === "accept"
    ? caller(i).call("sponsor.acceptAnswer", { answer_id }, acme.key)
    : caller(i).call("sponsor.rejectAnswer", { answer_id, reason: "other" }, acme.key);
const codes = (answers: Answer[]) => tally(answers.map(({ body }) => body.error_code ?? "success"));
const stored = (id: string) => world.db.taskCompletion.findUniqueOrThrow({ where: { id } });
const liveConsents = (completionId: string) =>
  world.db.consent.count({ where: { completionId, withdrawnAt: null } });

test("of ten who accept and ten who reject at once, one side wins, and the other is told", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { answer } = await holdAnswer();
    const answers = await atOnce(20, (i) =>
      judge(i >> 1, (i + round) % 2 === 0 ? "accept" : "reject", answer),
    );
    expect(codes(answers)).toEqual({ success: 10, conflict: 10 });
    const { acceptedAt, rejectedAt, details } = await stored(answer);
    expect([acceptedAt, rejectedAt].filter((at) => at !== null)).toHaveLength(1);
    expect(details === null).toBe(rejectedAt !== null);
    expect(await liveConsents(answer)).toBe(rejectedAt === null ? 3 : 0);
  }
});

test("of a withdrawal and verdicts at once, the answer is erased, and is withdrawn or rejected but not both", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { answer, person } = await holdAnswer();
    const { user_id } = person.grant;
    const consents = await world.db.consent.findMany({ where: { completionId: answer } });
    const sharing = consents.find(({ consentType }) => consentType === "data_sharing")?.id ?? "";
    await atOnce(9, (i) =>
      i % 3 === 0
        ? caller(i).callAdmin("withdrawConsent", { user_id, consent_id: sharing })
        : judge(i, i % 3 === 1 ? "accept" : "reject", answer),
    );
    const row = await stored(answer);
    expect(row).toMatchObject({ details: null, withdrawnAt: expect.any(Date) as Date });
    expect(await liveConsents(answer)).toBe(0);
    const state = await world.db.answerState.findUniqueOrThrow({ where: { id: answer } });
    expect(state.state).toBe(row.rejectedAt === null ? "withdrawn" : "rejected");
    expect(row.acceptedAt === null || row.rejectedAt === null).toBe(true);
  }
});

test("when the time for a verdict ends while answers are rejected, each is rejected or counts for good", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { answer, person, campaignId } = await holdAnswer();
    await world.db.taskCompletion.update({
      where: { id: answer },
      data: { heldUntil: new Date(Date.now() + 30) },
    });
    const runs = atOnce(10, (i) => {
      const input = { campaign_id: campaignId, input: { n: i } };
      return caller(i).run(person.token, service, input);
    });
    const verdicts = await atOnce(10, (i) => judge(i, "reject", answer));
    await runs;
    const { rejectedAt, details } = await stored(answer);
    const outcome = codes(verdicts);
    // All of them are told the same.
    expect(Object.keys(outcome)).toEqual([rejectedAt === null ? "conflict" : "success"]);
    expect(details === null).toBe(rejectedAt !== null);
    if (rejectedAt !== null) expect(await world.db.payment.count({ where: { campaignId } })).toBe(0);
  }
});

test("of twenty answers at once that a rule rejects, three are counted, and the person has no other try", async () => {
  const schema = {
    ...{ type: "object", required: ["score"], additionalProperties: false },
    properties: {
      score: { type: "integer", const: 5 },
      region: { type: "string", "x-data-type": "region", maxLength: 100 },
    },
  };
  const campaign_id = await world.createCampaign(acme, [service], {
    fundCents: 0,
    holdback: { by: "rule", schema },
  });
  const { grant, token } = await createRespondent(world);
  const person = { ...world.deps, actor: userActor(grant.user_id) };
  await atOnce(20, async (i) => {
    if (i % 2 === 0)
      return answerOwnTask(person, { campaign_id, task_data: { score: 1 }, contact_permission: false }).catch(
        () => undefined,
      );
    return replica.call(
      "agent.completeTask",
      { campaign_id, task_data: { score: 2 }, consent: CONSENT },
      token,
    );
  });
  const rows = await world.db.taskCompletion.findMany({ where: { campaignId: campaign_id } });
  expect(rows).toHaveLength(3);
  expect(rows.every(({ rejectedAt, details }) => rejectedAt !== null && details === null)).toBe(true);
  expect(rows.filter(({ withdrawnAt }) => withdrawnAt === null)).toHaveLength(1);
  const last = await world.call(
    "agent.completeTask",
    { campaign_id, task_data: { score: 5 }, consent: CONSENT },
    token,
  );
  expect(last.body.error_code).toBe("not_eligible");
});

test("of runs and a rejection at once, a paid run stays, and no other follows", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const campaignId = await world.createCampaign(acme, [service], { fundCents: 0 });
    const person = await createRespondent(world);
    const answer = await person.answer(campaignId);
    const [verdict, ...runs] = await atOnce(9, (i) =>
      i === 0
        ? judge(1, "reject", answer)
        : caller(i).run(person.token, service, { campaign_id: campaignId, input: { n: i } }),
    );
    expectSuccess(verdict as Answer);
    const { success = 0, ...others } = codes(runs);
    expect(Object.keys(others).filter((code) => code !== "task_required")).toEqual([]);
    const paid = await world.db.payment.count({ where: { campaignId } });
    expect(paid).toBeGreaterThanOrEqual(success);
    const later = await world.run(person.token, service, { campaign_id: campaignId, input: { n: 99 } });
    expect(later.body.error_code).toBe("task_required");
    expect(await world.db.payment.count({ where: { campaignId } })).toBe(paid);
  }
});
