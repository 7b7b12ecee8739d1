import { beforeAll, describe, expect, test } from "vitest";
import type { Respondent } from "../../support/answers.ts";
import { createRespondent, withdraw } from "../../support/answers.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import type { SignedIn } from "../../support/console-client.ts";
import { signInPerson } from "../../support/console-client.ts";
import { parseCsv } from "../../support/csv.ts";
import { Mailbox } from "../../support/people.ts";
import { useWorld } from "../../support/use-world.ts";

/** The file of answers that a member downloads in the console. */

const mailbox = new Mailbox();
const world = useWorld({
  mailer: mailbox,
  upstreamFor: "all tests",
  limits: { answersExported: { name: "answers_exported", limit: 30, windowSeconds: 3600, per: "person" } },
});

const TASK = {
  type: "object",
  properties: { comment: { type: "string", maxLength: 200 } },
  required: ["comment"],
  additionalProperties: false,
};

let acme: SponsorWithKey;
let editor: SignedIn;
let viewer: SignedIn;
let stranger: SignedIn;
let campaignId: string;
let otherCampaign: string;
let people: Respondent[];
let answers: string[];

beforeAll(async () => {
  acme = await world.createSponsor();
  const service = await world.registerService(acme.key, "free", { price_cents: 0 });
  editor = await signInPerson(world.server.url, mailbox);
  viewer = await signInPerson(world.server.url, mailbox);
  stranger = await signInPerson(world.server.url, mailbox);
  const sponsorId = acme.sponsor_id;
  for (const [person, role] of [
    [editor, "editor"],
    [viewer, "viewer"],
  ] as const)
    await world.db.sponsorMember.create({ data: { sponsorId, userId: person.userId, role } });
  campaignId = await world.createCampaign(acme, [service], { fundCents: 0, task_schema: TASK });
  const other = await world.createSponsor("Other Maps");
  const otherService = await world.registerService(other.key, "free", { price_cents: 0 });
  otherCampaign = await world.createCampaign(other, [otherService], { fundCents: 0, task_schema: TASK });
  people = [await createRespondent(world), await createRespondent(world), await createRespondent(world)];
  answers = [];
  for (const [n, comment] of ["=HYPERLINK(1)", "Porto at dusk", "Porto at dawn"].entries())
    answers.push(
      (await people[n]?.answer(campaignId, { comment }, { contact_permission: n === 1 })) ?? "missing",
    );
  // Its time to be judged is over.
  await world.db.taskCompletion.update({
    where: { id: answers[2] ?? "" },
    data: { createdAt: new Date(Date.now() - 25 * 3_600_000) },
  });
}, 60_000);

const ask = (
  query: Record<string, string>,
  { headers }: Pick<SignedIn, "headers"> = editor,
): Promise<Response> =>
  fetch(
    `${world.server.url}/user/sponsors/answers/export?${new URLSearchParams({
      ...{ sponsor_id: acme.sponsor_id, campaign_id: campaignId },
      ...query,
    })}`,
    { headers },
  );

const comments = async (query: Record<string, string>): Promise<string[]> => {
  const file = (await (await ask(query)).json()) as { task_data: { comment: string } }[];
  return file.map(({ task_data }) => task_data.comment);
};

const codeOf = async (answer: Promise<Response>): Promise<[number, string]> => {
  const response = await answer;
  return [response.status, ((await response.json()) as { error_code: string }).error_code];
};

const entries = () =>
  world.db.sponsorAuditLog.findMany({
    where: { sponsorId: acme.sponsor_id, action: "answers.export" },
    orderBy: { createdAt: "asc" },
  });

describe("what it holds", () => {
  test("as CSV, a formula is text", async () => {
    const response = await ask({ format: "csv" });
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
    expect(response.headers.get("content-disposition")).toBe(
      `attachment; filename="answers-${campaignId}.csv"`,
    );
    expect(response.headers.get("cache-control")).toBe("no-store");
    const [header = [], ...records] = parseCsv(await response.text());
    expect(records.map((record) => record[header.indexOf("comment")])).toEqual([
      "Porto at dawn",
      "'=HYPERLINK(1)",
      "Porto at dusk",
    ]);
  });

  test("as JSON lines, an answer a line", async () => {
    const lines = (await (await ask({ format: "jsonl" })).text()).trimEnd().split("\n");
    const ids = lines.map((line) => (JSON.parse(line) as { answer_id: string }).answer_id);
    expect(ids).toEqual([answers[2], answers[0], answers[1]]);
  });

  test("only what the page's filters show", async () => {
    expect(await comments({})).toHaveLength(3);
    expect(await comments({ q: "porto" })).toEqual(["Porto at dawn", "Porto at dusk"]);
    expect(await comments({ contact_permitted: "true" })).toEqual(["Porto at dusk"]);
    expect(await comments({ to_judge: "true" })).toEqual(["=HYPERLINK(1)", "Porto at dusk"]);
    expect(await comments({ to_judge: "true", q: "DAWN" })).toEqual([]);
  });

  test("not an answer that was withdrawn", async () => {
    const person = await createRespondent(world);
    await person.answer(campaignId, { comment: "Braga" });
    expect(await comments({ q: "braga" })).toEqual(["Braga"]);
    await withdraw(world, person, campaignId);
    expect(await comments({ q: "braga" })).toEqual([]);
  });
});

test("with filters, answers of many batches are each in it once, also where whole batches don't fit", async () => {
  const service = await world.registerService(acme.key, "free", { price_cents: 0 });
  const id = await world.createCampaign(acme, [service], { fundCents: 0, task_schema: TASK });
  for (let n = 0; n < 230; n += 1) {
    const person = await createRespondent(world);
    await person.answer(id, { comment: n < 3 || n > 225 ? `Porto ${n}` : "Lisbon" });
  }
  expect(await comments({ campaign_id: id, q: "porto" })).toEqual(
    [0, 1, 2, 226, 227, 228, 229].map((n) => `Porto ${n}`),
  );
  const csv = parseCsv(await (await ask({ campaign_id: id, q: "porto", format: "csv" })).text());
  expect(csv).toHaveLength(8);
}, 120_000);

describe("who may have it", () => {
  test("an editor: it is in the organisation's log, with the campaign", async () => {
    const before = (await entries()).length;
    expect((await ask({})).status).toBe(200);
    expect((await entries()).slice(before)).toMatchObject([
      { userId: editor.userId, object: campaignId, errorCode: null },
    ]);
  });

  test("no viewer, whose try is in the log", async () => {
    const before = (await entries()).length;
    expect(await codeOf(ask({}, viewer))).toEqual([403, "forbidden"]);
    expect((await entries()).slice(before)).toMatchObject([
      { userId: viewer.userId, object: campaignId, errorCode: "forbidden" },
    ]);
  });

  test("nobody of another sponsor, nor of another sponsor's campaign", async () => {
    const before = (await entries()).length;
    expect(await codeOf(ask({}, stranger))).toEqual([404, "not_found"]);
    expect((await entries()).length).toBe(before);
    expect(await codeOf(ask({ campaign_id: otherCampaign }))).toEqual([404, "not_found"]);
  });

  test("nobody without a sign-in, and no page of another origin", async () => {
    expect(await codeOf(ask({}, { headers: {} }))).toEqual([401, "unauthorized"]);
    for (const headers of [{ "sec-fetch-site": "cross-site" }, { origin: "https://evil.example" }])
      expect(await codeOf(ask({}, { headers: { cookie: editor.browser.cookie, ...headers } }))).toEqual([
        401,
        "unauthorized",
      ]);
  });

  test("nobody who asks for what isn't there: a field, a format, a text too long", async () => {
    const before = (await entries()).length;
    for (const query of [{ other: "1" }, { format: "xlsx" }, { q: "x".repeat(101) }, { to_judge: "yes" }])
      expect(await codeOf(ask(query))).toEqual([400, "validation_error"]);
    expect((await entries()).length).toBe(before);
  });

  test("a person so many times an hour, and a refusal leaves no row", async () => {
    const person = await signInPerson(world.server.url, mailbox);
    await world.db.sponsorMember.create({
      data: { sponsorId: acme.sponsor_id, userId: person.userId, role: "editor" },
    });
    for (let n = 0; n < 30; n += 1) expect((await ask({}, person)).status).toBe(200);
    const before = (await entries()).length;
    expect(await codeOf(ask({}, person))).toEqual([429, "rate_limited"]);
    expect((await entries()).length).toBe(before);
  });
});
