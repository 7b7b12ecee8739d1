import { beforeEach, describe, expect, test } from "vitest";
import { answerOwnTask, readOwnTask } from "../../../src/core/sponsorship/task/index.ts";
import { withdrawConsent } from "../../../src/core/personal-data/consent/index.ts";
import { expectSuccess } from "../../support/call.ts";
import type { GrantOfUser, SponsorWithKey } from "../../support/caller.ts";
import { CONSENT } from "../../support/caller.ts";
import { consoleOf, refusalOf, signInPerson } from "../../support/console-client.ts";
import { Mailbox, userActor } from "../../support/people.ts";
import { FULL_TASK } from "../../support/tasks.ts";
import { useWorld } from "../../support/use-world.ts";

/** A person reads a sponsor's task in the sponsor's words, and answers it without their agent. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });
let grant: GrantOfUser;
let token: string;
let sponsor: SponsorWithKey;
let service: string;
let campaignId: string;

beforeEach(async () => {
  grant = await world.createGrant();
  token = (await world.openSession(grant)).token;
  ({ sponsor, service, campaignId } = await world.offerService({
    campaign: { task_schema: FULL_TASK, purpose: "To plan the weather.", retention_days: 30 },
  }));
});

const asPerson = (userId = grant.user_id) => ({ ...world.deps, actor: userActor(userId) });
const read = (userId?: string) => readOwnTask(asPerson(userId), { campaign_id: campaignId });
const answer = (task_data: Record<string, unknown>, contact_permission = false) =>
  answerOwnTask(asPerson(), { campaign_id: campaignId, task_data, contact_permission });
const completions = () => world.db.taskCompletion.findMany({ where: { userId: grant.user_id } });

test("reads it with the sponsor's words, and with what is stored of the data that it asks for", async () => {
  const { user_id } = grant;
  for (const [data_type, value] of [
    ["email", "ada@example.com"],
    ["name", "Ada"],
  ])
    expectSuccess(await world.callAdmin("putVaultItem", { user_id, data_type, value }));
  expect(await read()).toEqual({
    campaign_id: campaignId,
    ...{ campaign_name: "Weather survey", sponsor: "Acme", required_task: "One question" },
    task_description: "How do you like the weather?",
    ...{ purpose: "To plan the weather.", retention_days: 30, task_schema: FULL_TASK },
    stored: [{ data_type: "email", value: "ada@example.com" }],
    ...{ pays_for: [service], completed_at: null, held_back_minutes: null, review: null },
  });
});

test("its agent is told how many questions are answered from stored data that it may pass on", async () => {
  const { user_id } = grant;
  for (const [data_type, value] of [
    ["email", "ada@example.com"],
    ["phone", "+351 912 345 678"],
  ])
    expectSuccess(await world.callAdmin("putVaultItem", { user_id, data_type, value }));
  const task = expectSuccess(await world.call("agent.getTask", { campaign_id: campaignId }, token));
  expect(task).toMatchObject({
    task_summary: "6 questions, 1 of them answered from your stored data",
    stored_data_types: ["email"],
  });
});

describe("answering it", () => {
  test("stores answers and consents as the person's own, and their agent goes on", async () => {
    await answer({ score: 4, phone: "+351 912 345 678" }, true);
    const [completion] = await completions();
    expect(completion).toMatchObject({
      ...{ campaignId, executionMode: "human", agentSessionId: null, dataTypes: ["phone"] },
      sources: { "/score": "user", "/phone": "user" },
    });
    const consents = await world.db.consent.findMany({
      where: { completionId: completion?.id ?? null },
      orderBy: { consentType: "asc" },
    });
    expect(consents).toMatchObject([
      { consentType: "contact", granted: true, grantedVia: "human", agentSessionId: null },
      { consentType: "data_sharing", dataTypes: ["phone"], purpose: "To plan the weather." },
      { consentType: "retention", purpose: "kept for 30 days" },
    ]);
    // The agent polls. The grant lacks phone numbers, and nothing is asked of it any more.
    const task = await world.call("agent.getTask", { campaign_id: campaignId }, token);
    expect(expectSuccess(task)).toMatchObject({ already_completed: true });
    expect(task.body.next_actions[0]).toMatchObject({ action: "run_service" });
    expectSuccess(await world.run(token, service));
    const answers = await world.call("sponsor.listAnswers", { campaign_id: campaignId }, sponsor.key);
    expect(JSON.stringify(expectSuccess(answers))).toContain("+351 912 345 678");
  });

  test.each([
    ["data that doesn't fit", { score: 9 }],
    ["a field that isn't asked for", { score: 4, shoes: "red" }],
    ["personal data where none is asked for", { score: 4, comment: "write to ada@example.com" }],
    ["a reference to stored data", { score: 4, email: { $vault: "email" } }],
  ])("refuses %s, and stores nothing", async (_what, data) => {
    await expect(answer(data)).rejects.toMatchObject({ code: "validation_error" });
    expect(await completions()).toEqual([]);
    expect(await world.db.consent.count({ where: { userId: grant.user_id } })).toBe(0);
  });

  test("counts once: the second time, and after the agent, nothing more is stored", async () => {
    const first = await answer({ score: 4 });
    expect(first.already_completed).toBe(false);
    expect(await answer({ score: 1 })).toEqual({ ...first, already_completed: true });
    const byAgent = { campaign_id: campaignId, task_data: { score: 2 }, consent: CONSENT };
    expect(expectSuccess(await world.call("agent.completeTask", byAgent, token))).toMatchObject({
      ...{ already_completed: true, task_completion_id: first.task_completion_id },
    });
    expect(await completions()).toHaveLength(1);
    expect((await read()).completed_at).toMatch(/^20/);
  });

  test("is taken back like any other sharing, and can be done again", async () => {
    await answer({ score: 4 });
    const consent = await world.db.consent.findFirstOrThrow({
      where: { userId: grant.user_id, consentType: "data_sharing" },
    });
    await withdrawConsent(world.deps, { consent_id: consent.id, user_id: grant.user_id });
    expect((await read()).completed_at).toBeNull();
    expect((await answer({ score: 5 })).already_completed).toBe(false);
  });
});

test("a task that isn't for the person, is paused, or doesn't exist can't be read or answered", async () => {
  const stranger = await world.createUser({ roles: [] });
  const { campaignId: forDevelopers } = await world.offerService({
    campaign: { target_roles: ["developer"] },
  });
  await expect(readOwnTask(asPerson(stranger), { campaign_id: forDevelopers })).rejects.toMatchObject({
    code: "not_eligible",
  });
  const pause = { campaign_id: campaignId, active: false };
  expectSuccess(await world.call("sponsor.changeCampaign", pause, sponsor.key));
  await expect(read()).rejects.toMatchObject({ code: "inactive" });
  await expect(answer({ score: 4 })).rejects.toMatchObject({ code: "inactive" });
  await expect(readOwnTask(asPerson(), { campaign_id: "nonsense" })).rejects.toMatchObject({
    code: "not_found",
  });
  expect(await completions()).toEqual([]);
});

test("only who has signed in, on a page of ours, answers, and for themselves", async () => {
  const person = await signInPerson(world.url, mailbox);
  const input = { campaign_id: campaignId, task_data: { score: 3 }, contact_permission: false };
  const foreign = consoleOf(world.url, { cookie: "" });
  expect(await refusalOf(foreign.tasks.answer.mutate(input))).toMatchObject({ error_code: "unauthorized" });
  expect(await refusalOf(foreign.tasks.get.query({ campaign_id: campaignId }))).toMatchObject({
    error_code: "unauthorized",
  });
  await person.user.tasks.answer.mutate(input);
  const stored = await world.db.taskCompletion.findMany({ where: { campaignId } });
  expect(stored).toMatchObject([{ userId: person.userId, executionMode: "human" }]);
});
