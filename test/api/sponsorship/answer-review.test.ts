import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { SponsorActor } from "../../../src/core/context.ts";
import { searchAnswers } from "../../../src/core/sponsorship/answer/index.ts";
import { answerOwnTask } from "../../../src/core/sponsorship/task/index.ts";
import type { Respondent } from "../../support/answers.ts";
import { createRespondent, withdraw } from "../../support/answers.ts";
import { atOnce } from "../../support/at-once.ts";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { CONSENT } from "../../support/caller.ts";
import { eventually } from "../../support/eventually.ts";
import { startHttpServer } from "../../support/http-server.ts";
import { userActor } from "../../support/people.ts";
import type { Answer } from "../../support/server.ts";
import { useWorld } from "../../support/use-world.ts";

/** A sponsor judges answers; a campaign can hold them back until then. */

const TASK = {
  type: "object",
  properties: {
    score: { type: "integer", minimum: 1, maximum: 5 },
    region: { type: "string", maxLength: 50, "x-data-type": "region" },
  },
  required: ["score"],
  additionalProperties: false,
};
/** Answers have to be more than two. */
const RULE = {
  ...TASK,
  properties: { ...TASK.properties, score: { type: "integer", minimum: 3, maximum: 5 } },
};

const world = useWorld({ upstreamFor: "all tests" });
let acme: SponsorWithKey;
let globex: SponsorWithKey;
let service: string;
let ada: Respondent;

beforeAll(async () => {
  [acme, globex] = await Promise.all([world.createSponsor(), world.createSponsor("Globex")]);
  service = await world.registerService(acme.key, "free", { price_cents: 0 });
});
beforeEach(async () => {
  ada = await createRespondent(world);
});

const campaign = (holdback: object | null): Promise<string> =>
  world.createCampaign(acme, [service], { fundCents: 0, task_schema: TASK, ...(holdback && { holdback }) });
const byHand = { by: "hand" };

const complete = (campaign_id: string, task_data: object = { score: 4 }): Promise<Answer> =>
  world.call("agent.completeTask", { campaign_id, task_data, consent: CONSENT }, ada.token);
const task = async (campaign_id: string) =>
  expectSuccess(await world.call("agent.getTask", { campaign_id }, ada.token));
const run = (campaign_id: string): Promise<Answer> =>
  world.run(ada.token, service, { campaign_id, input: {} });
const accept = (answer_id: string, key = acme.key): Promise<Answer> =>
  world.call("sponsor.acceptAnswer", { answer_id }, key);
const reject = (answer_id: string, input: object = {}, key = acme.key): Promise<Answer> =>
  world.call("sponsor.rejectAnswer", { answer_id, reason: "incomplete", ...input }, key);
const inbox = async (campaign_id: string, input: object = {}): Promise<Record<string, unknown>[]> =>
  expectSuccess(await world.call("sponsor.listAnswers", { campaign_id, ...input }, acme.key)).answers;
const stored = (id: string) => world.db.taskCompletion.findUniqueOrThrow({ where: { id } });

/** Lets the time for a verdict end. */
const letTimePass = async (id: string): Promise<void> => {
  const past = new Date(Date.now() - 25 * 3_600_000);
  const { heldUntil } = await stored(id);
  await world.db.taskCompletion.update({
    where: { id },
    data: { createdAt: past, ...(heldUntil !== null && { heldUntil: new Date(Date.now() - 1_000) }) },
  });
};

describe("held back until somebody accepts", () => {
  test("an answer unlocks no run, and does once it is accepted", async () => {
    const id = await campaign(byHand);
    expect(await task(id)).toMatchObject({ held_back_minutes: 1440, review: null });
    const { task_completion_id: answer, ...done } = expectSuccess(await complete(id));
    expect(done).toMatchObject({ can_use_service: false, review: { state: "held_back", tries_left: 3 } });

    const refused = expectRefused(await run(id), 409, "answer_held_back");
    expect(refused.details).toEqual({
      campaigns: [{ campaign_id: id, held_until: done.review.held_until }],
    });
    expect(refused.next_actions[0]).toMatchObject({ action: "get_task" });
    expect(
      expectRefused(await world.run(ada.token, service, { input: {} }), 409, "answer_held_back"),
    ).toBeDefined();
    expect(await task(id)).toMatchObject({ already_completed: true, review: { state: "held_back" } });
    expect(await world.db.payment.count({ where: { campaignId: id } })).toBe(0);
    expect(await inbox(id, { to_judge: true })).toMatchObject([{ answer_id: answer, state: "held_back" }]);

    expect(expectSuccess(await accept(answer))).toEqual({
      answer_id: answer,
      campaign_id: id,
      state: "accepted",
    });
    expect(await inbox(id)).toMatchObject([{ answer_id: answer, state: "accepted" }]);
    expect(await inbox(id, { to_judge: true })).toEqual([]);
    expect(await task(id)).toMatchObject({ review: { state: "accepted", held_until: null } });
    expectSuccess(await run(id));
  });

  test("an answer that nobody judged in time counts as accepted, everywhere at once, and can't be rejected", async () => {
    const id = await campaign(byHand);
    const { task_completion_id: answer } = expectSuccess(await complete(id));
    await letTimePass(answer);
    expect(await inbox(id)).toMatchObject([{ state: "accepted" }]);
    expect(await task(id)).toMatchObject({ review: { state: "accepted" } });
    const { completed_tasks, answers_in_review } = expectSuccess(
      await world.call("agent.flowStatus", {}, ada.token),
    );
    expect([completed_tasks.length, answers_in_review]).toEqual([1, []]);
    expectRefused(await reject(answer), 409, "conflict");
    expect(await stored(answer)).toMatchObject({ rejectedAt: null, withdrawnAt: null });
    expectSuccess(await accept(answer));
    expectSuccess(await run(id));
  });

  test("a rejected answer leaves the sponsor's reach, and its agent and person see why", async () => {
    const id = await campaign(byHand);
    const { task_completion_id: answer } = expectSuccess(await complete(id, { score: 4, region: "Minho" }));
    expectSuccess(await reject(answer, { reason: "implausible", note: "Nobody lives there." }));
    expect(await inbox(id)).toEqual([]);
    expect(await stored(answer)).toMatchObject({ details: null, sources: null, rejectReason: "implausible" });
    expect(await world.db.consent.count({ where: { completionId: answer, withdrawnAt: null } })).toBe(0);

    const review = {
      ...{ state: "rejected", held_until: null, tries_left: 2 },
      ...{ reject_reason: "implausible", reject_note: "Nobody lives there." },
    };
    expect(await task(id)).toMatchObject({ already_completed: false, review });
    const status = expectSuccess(await world.call("agent.flowStatus", {}, ada.token));
    expect(status.answers_in_review).toMatchObject([{ campaign_id: id, state: "rejected" }]);
    expect(status.completed_tasks).toEqual([]);
    // A model that asks for quiet reads the reason, which is ours, and not the sponsor's words.
    for (const path of [`/agent/tasks/${id}`, "/agent/flow/status"]) {
      const quiet = await fetch(world.url + path, {
        headers: { authorization: `Bearer ${ada.token}`, "x-tollfree-quiet": "1" },
      });
      const text = await quiet.text();
      expect(text).toContain("implausible");
      expect(text).not.toContain("Nobody lives there");
    }
    expectRefused(await run(id), 412, "task_required");
    // Repeating the verdict changes nothing, and another one is refused.
    expectSuccess(await reject(answer, { reason: "other" }));
    expect((await stored(answer)).rejectReason).toBe("implausible");
    expectRefused(await accept(answer), 409, "conflict");
    // The next answer is judged anew.
    expect(expectSuccess(await complete(id))).toMatchObject({
      review: { state: "held_back", tries_left: 2 },
    });
  });

  test("after three rejected answers of a person the campaign takes no more of them", async () => {
    const id = await campaign(byHand);
    for (let tries = 0; tries < 3; tries += 1) {
      const { task_completion_id } = expectSuccess(await complete(id));
      expectSuccess(await reject(task_completion_id));
    }
    expectRefused(await complete(id), 403, "not_eligible");
    expectRefused(await run(id), 403, "not_eligible");
    expectRefused(await world.call("agent.getTask", { campaign_id: id }, ada.token), 403, "not_eligible");
    // Withdrawing what was erased opens no other try.
    const consents = await world.db.consent.findMany({ where: { userId: ada.grant.user_id } });
    for (const { id: consent_id } of consents)
      expectSuccess(await world.callAdmin("withdrawConsent", { user_id: ada.grant.user_id, consent_id }));
    expectRefused(await complete(id), 403, "not_eligible");
    expect(await world.db.taskCompletion.count({ where: { campaignId: id } })).toBe(3);
  });
});

test("without holdback an answer counts at once, and can be rejected for a day", async () => {
  const id = await campaign(null);
  const { task_completion_id: answer, review } = expectSuccess(await complete(id));
  expect(review).toMatchObject({ state: "accepted" });
  expect(await inbox(id, { to_judge: true })).toMatchObject([{ state: "open" }]);
  expectSuccess(await run(id));
  expectSuccess(await reject(answer));
  // What was paid stays, and nothing more is.
  expect(await world.db.payment.count({ where: { campaignId: id } })).toBe(1);
  expectRefused(await run(id), 412, "task_required");

  const { task_completion_id: later } = expectSuccess(await complete(id));
  await letTimePass(later);
  expectRefused(await reject(later), 409, "conflict");
  expect(await inbox(id)).toMatchObject([{ answer_id: later, state: "accepted" }]);
});

describe("judged by a rule", () => {
  test("answers that satisfy it count at once, and others reach nobody", async () => {
    const id = await campaign({ by: "rule", schema: RULE });
    const refused = expectRefused(
      await complete(id, { score: 2, region: "Canary-Minho" }),
      409,
      "answer_rejected",
    );
    expect(refused.details).toEqual({ reject_reason: "rule", tries_left: 2 });
    expect(JSON.stringify(refused)).not.toContain("/score");
    expect(await inbox(id)).toEqual([]);
    const [counted] = await world.db.taskCompletion.findMany({ where: { campaignId: id } });
    expect(counted).toMatchObject({ details: null, rejectReason: "rule", judgedVia: "rule" });
    expect(await world.db.consent.count({ where: { userId: ada.grant.user_id } })).toBe(0);

    expect(expectSuccess(await complete(id, { score: 3 }))).toMatchObject({
      can_use_service: true,
      review: { state: "accepted", tries_left: 2 },
    });
    expect(await inbox(id)).toMatchObject([{ state: "accepted", task_data: { score: 3 } }]);
  });

  test("a person who answers on the page is judged alike", async () => {
    const id = await campaign({ by: "rule", schema: RULE });
    const person = { ...world.deps, actor: userActor(ada.grant.user_id) };
    const answer = (score: number) =>
      answerOwnTask(person, { campaign_id: id, task_data: { score }, contact_permission: false });
    await expect(answer(1)).rejects.toMatchObject({ code: "answer_rejected" });
    expect(await answer(5)).toMatchObject({ review: { state: "accepted" } });
  });

  test("it never reads what the user has stored", async () => {
    const named = { ...TASK.properties.region, pattern: "^Porto$" };
    const id = await campaign({
      by: "rule",
      schema: { ...TASK, properties: { ...TASK.properties, region: named } },
    });
    const item = { user_id: ada.grant.user_id, data_type: "region", value: "Lisboa" };
    expectSuccess(await world.callAdmin("putVaultItem", item));
    expectSuccess(await complete(id, { score: 3, region: { $vault: "region" } }));
    expect(await inbox(id)).toMatchObject([{ task_data: { region: "Lisboa" }, state: "accepted" }]);
  });
});

describe("judged by a webhook", () => {
  test("it is asked by ids, again until it answers, and its verdict holds", async () => {
    const asked: { type: string; timestamp: string; data: Record<string, unknown> }[] = [];
    const hook = await startHttpServer((req, res) => {
      let body = "";
      req.on("data", (chunk: Buffer) => (body += chunk.toString()));
      req.on("end", () => {
        asked.push(JSON.parse(body) as (typeof asked)[number]);
        const verdicts = [{ verdict: "maybe" }, { verdict: "reject", reason: "off_topic", note: "No." }];
        res.writeHead(200, { "content-type": "application/json" });
        res.end(JSON.stringify(verdicts[asked.length - 1] ?? { verdict: "accept" }));
      });
    });
    const id = await campaign({ by: "webhook", url: `${hook.url}/judge`, limit_minutes: 2 });
    const { task_completion_id: answer, review } = expectSuccess(
      await complete(id, { score: 1, region: "Canary" }),
    );
    expect(review.state).toBe("held_back");
    await eventually(() => expect(asked).toHaveLength(1));
    expect(asked[0]).toEqual({
      type: "answer.review",
      timestamp: (await stored(answer)).createdAt.toISOString(),
      data: { answer_id: answer, campaign_id: id, judge_until: review.held_until },
    });
    const read = await world.call("sponsor.getAnswer", { answer_id: answer }, acme.key);
    expect(expectSuccess(read)).toMatchObject({ campaign_id: id, task_data: { region: "Canary" } });
    expectRefused(await world.call("sponsor.getAnswer", { answer_id: answer }, globex.key), 404, "not_found");
    // What it said was no verdict, so it is asked again later.
    expect((await stored(answer)).rejectedAt).toBeNull();
    await world.db.taskCompletion.update({ where: { id: answer }, data: { askVerdictAt: new Date(0) } });
    await eventually(async () => expect((await stored(answer)).rejectReason).toBe("off_topic"));
    expect(await stored(answer)).toMatchObject({
      judgedVia: "webhook",
      rejectNote: "No.",
      askVerdictAt: null,
    });

    const { task_completion_id: next } = expectSuccess(await complete(id));
    await eventually(async () => expect((await stored(next)).acceptedAt).not.toBeNull());
    expectSuccess(await run(id));
    hook.close();
  });

  test("given a sponsor with more answers than there are places, whose webhook never answers, another's is asked meanwhile", async () => {
    let hanging = 0;
    const never = await startHttpServer(() => (hanging += 1));
    const quick = await startHttpServer((_req, res) => res.end(JSON.stringify({ verdict: "accept" })));
    const many = await campaign({ by: "webhook", url: never.url });
    const people = await Promise.all(Array.from({ length: 50 }, () => createRespondent(world)));
    for (const { token } of people)
      expectSuccess(
        await world.call(
          "agent.completeTask",
          { campaign_id: many, task_data: { score: 4 }, consent: CONSENT },
          token,
        ),
      );
    await world.db.taskCompletion.updateMany({
      where: { campaignId: many },
      data: { askVerdictAt: new Date(0) },
    });
    await eventually(() => expect(hanging).toBeGreaterThan(0));

    const theirs = await world.registerService(globex.key, "free", { price_cents: 0 });
    const id = await world.createCampaign(globex, [theirs], {
      ...{ fundCents: 0, task_schema: TASK, holdback: { by: "webhook", url: quick.url } },
    });
    const { task_completion_id: answer } = expectSuccess(await complete(id));
    const started = performance.now();
    await eventually(async () => expect((await stored(answer)).judgedVia).toBe("webhook"));
    // Less than one request that never ends is waited for.
    expect(performance.now() - started).toBeLessThan(8_000);
    // Later tests ask webhooks of the same sponsor.
    await world.db.taskCompletion.updateMany({ where: { campaignId: many }, data: { askVerdictAt: null } });
    never.close();
    quick.close();
  });

  test("a verdict in megabytes is none, and isn't parsed", async () => {
    let asked = 0;
    const hook = await startHttpServer((_req, res) => {
      asked += 1;
      res.end(JSON.stringify({ verdict: "accept", more: "x".repeat(1_000_000) }));
    });
    const id = await campaign({ by: "webhook", url: hook.url });
    const { task_completion_id: answer } = expectSuccess(await complete(id));
    await eventually(() => expect(asked).toBe(1));
    await world.db.taskCompletion.update({ where: { id: answer }, data: { askVerdictAt: new Date(0) } });
    await eventually(() => expect(asked).toBe(2));
    expect((await stored(answer)).acceptedAt).toBeNull();
    hook.close();
  });

  test("one that doesn't answer doesn't hold an answer back for longer, and a withdrawn answer isn't asked about", async () => {
    const id = await campaign({ by: "webhook", url: "http://127.0.0.1:9/judge" });
    const { task_completion_id: answer } = expectSuccess(await complete(id));
    await letTimePass(answer);
    expectSuccess(await run(id));
    await world.db.taskCompletion.update({ where: { id: answer }, data: { askVerdictAt: new Date(0) } });
    await eventually(async () => expect((await stored(answer)).askVerdictAt).toBeNull());
  });
});

describe("a campaign's holdback", () => {
  const create = (holdback: object): Promise<Answer> =>
    world.call(
      "sponsor.createCampaign",
      {
        ...{ name: "Held", service_keys: [service], required_task: "Survey", task_type: "survey" },
        ...{ task_description: "Two questions.", task_schema: TASK, subsidy_per_call_cents: 1, holdback },
      },
      acme.key,
    );

  test.each([
    ["a rule without a schema", { by: "rule" }, "/holdback/schema"],
    ["a rule with an open schema", { by: "rule", schema: { type: "object" } }, "/holdback/schema"],
    ["a webhook without an address", { by: "webhook" }, "/holdback/url"],
    ["an address for a verdict by hand", { by: "hand", url: "https://a.example" }, "/holdback/url"],
    ["an address that isn't one of the web", { by: "webhook", url: "ftp://a.example" }, "/holdback/url"],
    ["an address with a password", { by: "webhook", url: "https://me:pass@a.example" }, "/holdback/url"],
    ["longer than a day", { by: "hand", limit_minutes: 1441 }, "/holdback/limit_minutes"],
  ])("%s is refused", async (_name, holdback, path) => {
    const before = await world.db.campaign.count();
    const { field_errors } = expectRefused(await create(holdback), 400, "validation_error");
    expect(field_errors?.[0]?.path).toContain(path);
    expect(await world.db.campaign.count()).toBe(before);
  });

  test("it is changed for later answers only, and taken away", async () => {
    const id = await campaign(byHand);
    expectSuccess(await complete(id));
    const change = { campaign_id: id, holdback: null };
    expect(expectSuccess(await world.call("sponsor.changeCampaign", change, acme.key)).holdback).toBeNull();
    expect(await inbox(id)).toMatchObject([{ state: "held_back" }]);
    const other = { campaign_id: id, holdback: { by: "hand", limit_minutes: 10 } };
    expect(expectSuccess(await world.call("sponsor.changeCampaign", other, acme.key)).holdback).toEqual(
      other.holdback,
    );
    expect(
      expectSuccess(await world.call("sponsor.changeCampaign", { campaign_id: id, name: "Same" }, acme.key))
        .holdback,
    ).toEqual(other.holdback);
  });
});

describe("withdrawn answers", () => {
  test("they vanish at once, are listed by id, and the sponsor confirms that its copies are deleted", async () => {
    const id = await campaign(byHand);
    const { task_completion_id: answer } = expectSuccess(await complete(id));
    const list = async () =>
      expectSuccess(await world.call("sponsor.listWithdrawn", { campaign_id: id }, acme.key)).withdrawn;
    const confirm = (key = acme.key) => world.call("sponsor.confirmDeletion", { answer_id: answer }, key);
    expectRefused(await confirm(), 404, "not_found");
    await withdraw(world, ada, id);
    expect(await inbox(id)).toEqual([]);
    expectRefused(await accept(answer), 409, "conflict");
    expectRefused(await reject(answer), 409, "conflict");
    expect(await list()).toEqual([
      {
        ...{ answer_id: answer, submitted_at: expect.any(String), withdrawn_at: expect.any(String) },
        ...{ copies_deleted_at: null, copies_deleted_by: null },
      },
    ]);
    expectRefused(await confirm(globex.key), 404, "not_found");
    const { copies_deleted_at: at } = expectSuccess(await confirm());
    expect(expectSuccess(await confirm()).copies_deleted_at).toBe(at);
    expect(await list()).toMatchObject([{ copies_deleted_at: at }]);
  });
});

test("another sponsor judges, reads and confirms nothing", async () => {
  const id = await campaign(byHand);
  const { task_completion_id: answer } = expectSuccess(await complete(id));
  const before = await stored(answer);
  expectRefused(await accept(answer, globex.key), 404, "not_found");
  expectRefused(await reject(answer, {}, globex.key), 404, "not_found");
  expectRefused(await world.call("sponsor.listWithdrawn", { campaign_id: id }, globex.key), 404, "not_found");
  expect(await stored(answer)).toEqual(before);
  expect(await world.db.consent.count({ where: { completionId: answer, withdrawnAt: null } })).toBe(3);
});

const sponsorActor = (sponsorId: string): SponsorActor => ({
  kind: "sponsor",
  sponsorId,
  via: { kind: "operator" },
});

test("a member's search finds answers by what they hold, page by page, and looks at a bounded number", async () => {
  const id = await campaign(byHand);
  const people = await atOnce(5, () => createRespondent(world));
  const ids: string[] = [];
  for (const [n, person] of people.entries())
    ids.unshift(await person.answer(id, { score: 1 + n, region: n % 2 === 0 ? "Minho" : "Algarve" }));
  const ctx = { ...world.deps, actor: sponsorActor(acme.sponsor_id) };
  const search = (input: object) => searchAnswers(ctx, { campaign_id: id, ...input });
  const found = async (input: object) => (await search(input)).answers.map(({ answer_id }) => answer_id);
  expect(await found({ q: "minho" })).toEqual([ids[0], ids[2], ids[4]]);
  expect(await found({ q: "2" })).toEqual([ids[3]]);
  expect(await found({ contact_permitted: true })).toEqual([]);
  expectSuccess(await accept(ids[0] ?? ""));
  expect(await found({ to_judge: true })).toEqual(ids.slice(1));
  const pages: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await search({ limit: 2, ...(cursor !== undefined && { cursor }) });
    pages.push(...page.answers.map(({ answer_id }) => answer_id));
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  expect(pages).toEqual(ids);
  const other = { ...ctx, actor: { ...ctx.actor, sponsorId: globex.sponsor_id } };
  await expect(searchAnswers(other, { campaign_id: id })).rejects.toMatchObject({ code: "not_found" });
});
