import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { enterCode, listQuestions, readQuestion } from "../../../src/core/access/decision/index.ts";
import { decideOwnQuestion } from "../../../src/core/account/questions/index.ts";
import type { UserActor } from "../../../src/core/context.ts";
import { catalogueChoices } from "../../../src/core/discovery/search/index.ts";
import { atOnce } from "../../support/at-once.ts";
import type { GrantOfUser } from "../../support/caller.ts";
import { daysFromNow, secondsFromNow } from "../../support/time.ts";
import { useWorld } from "../../support/use-world.ts";

/** What a person sees and decides on the page of an approval, below the console's procedures. */

const world = useWorld();
let grant: GrantOfUser;

beforeEach(async () => {
  grant = await world.createGrant();
});

const ASKED = {
  scopes: {
    allowed_task_types: ["survey"],
    allowed_data_types: ["email", "region"],
    allowed_categories: ["weather", "finance"],
  },
  budget_limit_cents: 50,
};

interface Shown {
  id: string;
  code: string;
}

/** An agent asks somebody whom it doesn't know yet. */
async function firstContact(changes: Record<string, unknown> = {}): Promise<Shown> {
  const { body } = await world.call("agent.auth", { ...ASKED, ...changes }, grant.agent_key);
  const { approval_id: id, user_code: code } = body["details"] as { approval_id: string; user_code: string };
  return { id, code };
}

const newPerson = async (): Promise<UserActor> => {
  const email = `${randomUUID()}@example.com`;
  const { id: userId } = await world.db.user.create({
    data: { email, region: "DE", roles: [], toolsUsed: [] },
  });
  return { kind: "user", userId, accountId: randomUUID(), sessionId: randomUUID(), email };
};
const contextOf = (actor: UserActor) => ({
  ...world.deps,
  actor,
  listChoices: () => catalogueChoices(world.deps),
});
const read = (actor: UserActor, id: string) => readQuestion(contextOf(actor), { approval_id: id });
const enter = (actor: UserActor, id: string, code: string) =>
  enterCode(contextOf(actor), { approval_id: id, code });
const poll = async (id: string) =>
  (await world.call("agent.getApproval", { approval_id: id }, grant.agent_key)).body["data"] as {
    status: string;
    user_id?: string;
  };

const TERMS = {
  decision: "approve" as const,
  scopes: {
    allowed_task_types: ["survey"],
    allowed_data_types: ["region" as const],
    allowed_categories: ["weather"],
  },
  budget_limit_cents: 20,
  expires_at: daysFromNow(1),
};

describe("the code", () => {
  test("until it was entered, the page tells nothing of who asks and for what", async () => {
    const { id } = await firstContact();
    const page = await read(await newPerson(), id);
    expect(page).toEqual({
      state: "code_needed",
      approval_id: id,
      tries_left: 5,
      expires_at: expect.any(String) as string,
    });
  });

  test.each([
    ["as it is shown", (code: string) => code],
    ["in small letters", (code: string) => code.toLowerCase()],
    ["without its hyphen", (code: string) => code.replace("-", "")],
    ["with blanks", (code: string) => ` ${code.replace("-", " ")} `],
    [
      "in full width",
      (code: string) => code.replace(/[A-Z]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0)),
    ],
  ])("is taken %s", async (_name, type) => {
    const { id, code } = await firstContact();
    const person = await newPerson();
    await enter(person, id, type(code));
    expect(await read(person, id)).toMatchObject({
      state: "open",
      question: { agent: { name: expect.any(String) as string } },
    });
  });

  test("that is wrong four times leaves one try; the fifth wrong one ends the approval, and the right one is too late", async () => {
    const { id, code } = await firstContact();
    const person = await newPerson();
    for (const left of ["4 tries", "3 tries", "2 tries", "1 try"])
      await expect(enter(person, id, "BBBB-BBBB")).rejects.toMatchObject({
        code: "validation_error",
        message: `That isn't the code. ${left} left.`,
      });
    expect(await read(person, id)).toMatchObject({ state: "code_needed", tries_left: 1 });
    await expect(enter(person, id, "BBBB-BBBB")).rejects.toMatchObject({ code: "conflict" });
    await expect(enter(person, id, code)).rejects.toMatchObject({ code: "conflict" });
    expect(await read(person, id)).toEqual({ state: "ended" });
    expect(await poll(id)).toMatchObject({ status: "expired" });
    await expect(decideOwnQuestion(contextOf(person), { approval_id: id, ...TERMS })).rejects.toMatchObject({
      code: "conflict",
    });
    expect(await world.db.grant.count({ where: { userId: person.userId } })).toBe(0);
  });

  test("of twenty wrong codes at once, five are counted", async () => {
    const { id } = await firstContact();
    const person = await newPerson();
    const errors = await atOnce(20, () => enter(person, id, "BBBB-BBBB").catch((error: unknown) => error));
    expect(errors.filter((error) => (error as { code: string }).code === "validation_error")).toHaveLength(4);
    expect(await world.db.approval.findUnique({ where: { id } })).toMatchObject({
      wrongCodes: 5,
      status: "expired",
    });
  });

  test("of ten people who enter the right one at once, it binds the approval to one, and the others find nothing", async () => {
    const { id, code } = await firstContact();
    const people = await Promise.all(Array.from({ length: 10 }, newPerson));
    const outcomes = await atOnce(10, (n) =>
      enter(people[n] as UserActor, id, code).then(
        () => "bound",
        (error: unknown) => (error as { code: string }).code,
      ),
    );
    expect(outcomes.filter((outcome) => outcome === "bound")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === "not_found")).toHaveLength(9);
    const winner = people[outcomes.indexOf("bound")] as UserActor;
    for (const person of people) {
      if (person === winner) expect(await read(person, id)).toMatchObject({ state: "open" });
      else {
        await expect(read(person, id)).rejects.toMatchObject({ code: "not_found" });
        await expect(
          decideOwnQuestion(contextOf(person), { approval_id: id, ...TERMS }),
        ).rejects.toMatchObject({
          code: "not_found",
        });
      }
    }
  });

  test("is asked for before a decision: a link alone approves nothing", async () => {
    const { id } = await firstContact();
    const person = await newPerson();
    await expect(decideOwnQuestion(contextOf(person), { approval_id: id, ...TERMS })).rejects.toMatchObject({
      code: "conflict",
      message: "Enter the code first that the agent shows.",
    });
    expect(await poll(id)).toMatchObject({ status: "pending" });
    expect(await world.db.grant.count({ where: { userId: person.userId } })).toBe(0);
  });

  test("of an approval that waits for one user is refused to others, who also can't use up its tries", async () => {
    const asked = await world.call(
      "agent.auth",
      { ...ASKED, user_id: grant.subject, budget_limit_cents: 100_000 },
      grant.agent_key,
    );
    const { approval_id: id, user_code: code } = asked.body["details"] as {
      approval_id: string;
      user_code: string;
    };
    const stranger = await newPerson();
    await expect(read(stranger, id)).rejects.toMatchObject({ code: "not_found" });
    await expect(enter(stranger, id, "BBBB-BBBB")).rejects.toMatchObject({ code: "not_found" });
    await expect(enter(stranger, id, code)).rejects.toMatchObject({ code: "not_found" });
    expect(await world.db.approval.findUnique({ where: { id } })).toMatchObject({
      wrongCodes: 0,
      codeEnteredAt: null,
    });
  });

  test("of an approval whose time is over is refused", async () => {
    const { id, code } = await firstContact();
    const person = await newPerson();
    await world.db.approval.update({ where: { id }, data: { expiresAt: new Date(secondsFromNow(-1)) } });
    await expect(enter(person, id, code)).rejects.toMatchObject({ code: "conflict" });
    expect(await read(person, id)).toEqual({ state: "ended" });
  });
});

describe("the question", () => {
  test("shows who asks, from where and for what, and what the person decided", async () => {
    const { id, code } = await firstContact();
    const person = await newPerson();
    await enter(person, id, code);
    const page = await read(person, id);
    expect(page).toMatchObject({
      state: "open",
      question: {
        ...{ approval_id: id, kind: "grant", present: null, service: null, campaign: null },
        asked_from: { address: "127.0.0.1" },
        asks: {
          task_types: [{ name: "survey", held: false }],
          data_types: [
            { type: "email", held: false },
            { type: "region", held: false },
          ],
          categories: [
            { name: "weather", held: false },
            { name: "finance", held: false },
          ],
          budget_limit_cents: 50,
          expires_in_seconds: null,
        },
      },
    });
    expect((await listQuestions(contextOf(person))).questions).toMatchObject([{ approval_id: id }]);

    await decideOwnQuestion(contextOf(person), { approval_id: id, ...TERMS });
    expect(await read(person, id)).toMatchObject({
      ...{ state: "decided", status: "approved" },
      granted: { scopes: TERMS.scopes, budget_limit_cents: 20, expires_at: TERMS.expires_at },
    });
    expect((await listQuestions(contextOf(person))).questions).toEqual([]);
    expect(await poll(id)).toMatchObject({ status: "approved", user_id: expect.any(String) as string });
  });

  test("that is denied gives the agent nothing", async () => {
    const { id, code } = await firstContact();
    const person = await newPerson();
    await enter(person, id, code);
    await decideOwnQuestion(contextOf(person), { approval_id: id, decision: "deny" });
    expect(await read(person, id)).toMatchObject({ state: "decided", status: "denied", granted: null });
    expect(await poll(id)).toMatchObject({ status: "denied" });
    expect(await world.db.grant.count({ where: { userId: person.userId } })).toBe(0);
  });

  test("for everything lists what there is to choose from", async () => {
    await world.readyService({ api: { categories: ["weather"] } });
    const all = { allowed_task_types: ["*"], allowed_data_types: ["*"], allowed_categories: ["*"] };
    const { id, code } = await firstContact({ scopes: all });
    const person = await newPerson();
    await enter(person, id, code);
    const page = await read(person, id);
    if (page.state !== "open") throw new Error(page.state);
    expect(page.question.asks.data_types).toHaveLength(10);
    expect(page.question.asks.categories).toContainEqual({ name: "weather", held: false });
    expect(page.question.asks.task_types).toContainEqual({ name: "survey", held: false });
  });

  test("for more shows what the agent has already, what it spent of it, and what that comes to", async () => {
    await setSpent({ spent: 300_000n });
    const wider = {
      allowed_task_types: ["survey"],
      allowed_data_types: ["region", "phone"],
      allowed_categories: ["weather"],
    };
    const { person, id } = await askForMore({ scopes: wider, budget_limit_cents: 100_000 });
    const row = await world.db.grant.findUniqueOrThrow({ where: { id: grant.grant_id } });
    const held = (name: string): boolean => row.allowedDataTypes.includes(name);
    expect(await read(person, id)).toMatchObject({
      state: "open",
      question: {
        asks: {
          data_types: [
            { type: "region", held: held("region") },
            { type: "phone", held: held("phone") },
          ],
          budget_limit_cents: 100_030,
        },
        present: { spent_cents: 30, expires_at: row.expiresAt.toISOString() },
      },
    });
  });
});

/** What the grant's account has spent and reserved. */
async function setSpent(data: { spent?: bigint; reserved?: bigint }): Promise<void> {
  const { budgetAccountId: id } = await world.db.grant.findUniqueOrThrow({ where: { id: grant.grant_id } });
  await world.db.budgetAccount.update({ where: { id }, data });
}

const accountOfGrant = async () => {
  const where = { id: grant.grant_id };
  const row = await world.db.grant.findUniqueOrThrow({ where, include: { budgetAccount: true } });
  return row.budgetAccount;
};

/** The agent asks the grant's user for more than it has, and they enter its code. */
async function askForMore(asks: Record<string, unknown>): Promise<{ person: UserActor; id: string }> {
  const { body } = await world.call("agent.auth", { user_id: grant.subject, ...asks }, grant.agent_key);
  const { approval_id: id, user_code: code } = body["details"] as { approval_id: string; user_code: string };
  const user = await world.db.user.findUniqueOrThrow({ where: { id: grant.user_id } });
  const person: UserActor = { ...(await newPerson()), userId: user.id, email: user.email ?? "none" };
  await enter(person, id, code);
  return { person, id };
}

describe("a budget in all, which the person gives a grant that has spent some of it", () => {
  const SCOPES = {
    allowed_task_types: ["survey"],
    allowed_data_types: ["phone" as const],
    allowed_categories: ["weather"],
  };
  const allow = async (cents: number) => {
    const { person, id } = await askForMore({ scopes: SCOPES, budget_limit_cents: 150 });
    return decideOwnQuestion(contextOf(person), {
      ...{ approval_id: id, decision: "approve", scopes: SCOPES },
      ...{ budget_limit_cents: cents, expires_at: daysFromNow(1) },
    });
  };

  test("counts what was spent and what is reserved, in the same account", async () => {
    await setSpent({ spent: 300_000n, reserved: 20_000n });
    const before = await accountOfGrant();
    await allow(180);
    expect(await accountOfGrant()).toEqual({ ...before, limit: 1_800_000n });
  });

  test("that is less than what is gone leaves nothing to spend", async () => {
    await setSpent({ spent: 300_000n, reserved: 20_000n });
    await allow(10);
    expect(await accountOfGrant()).toMatchObject({ limit: 320_000n, spent: 300_000n, reserved: 20_000n });
    expect(await world.db.liveGrant.findUnique({ where: { id: grant.grant_id } })).toMatchObject({
      remaining: 0n,
      allowedDataTypes: ["phone"],
    });
  });

  test("that is more than what was spent and asked for is refused, and changes nothing", async () => {
    await setSpent({ spent: 300_000n });
    const before = await world.db.grant.findUniqueOrThrow({ where: { id: grant.grant_id } });
    const account = await accountOfGrant();
    await expect(allow(180.0001)).rejects.toMatchObject({ code: "validation_error" });
    expect(await world.db.grant.findUniqueOrThrow({ where: { id: grant.grant_id } })).toEqual(before);
    expect(await accountOfGrant()).toEqual(account);
  });

  test("starts anew once the grant was revoked", async () => {
    await setSpent({ spent: 300_000n });
    const before = await accountOfGrant();
    const { person, id } = await askForMore({ scopes: SCOPES, budget_limit_cents: 150 });
    await world.db.grant.update({ where: { id: grant.grant_id }, data: { revokedAt: new Date() } });
    const terms = { scopes: SCOPES, expires_at: daysFromNow(1) };
    const decide = (cents: number) =>
      decideOwnQuestion(contextOf(person), {
        ...{ approval_id: id, decision: "approve", budget_limit_cents: cents },
        ...terms,
      });
    await expect(decide(180)).rejects.toMatchObject({ code: "validation_error" });
    await decide(150);
    const account = await accountOfGrant();
    expect(account).toMatchObject({ limit: 1_500_000n, spent: 0n, reserved: 0n });
    expect(account.id).not.toBe(before.id);
  });
});
