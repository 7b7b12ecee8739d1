import type { IncomingHttpHeaders } from "node:http";
import { Webhook } from "standardwebhooks";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Respondent } from "../../support/answers.ts";
import { createRespondent } from "../../support/answers.ts";
import { atOnce, tally } from "../../support/at-once.ts";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { CONSENT, TASK_SCHEMA } from "../../support/caller.ts";
import { eventually } from "../../support/eventually.ts";
import type { HttpServer } from "../../support/http-server.ts";
import { startHttpServer } from "../../support/http-server.ts";
import type { Answer } from "../../support/server.ts";
import { useWorld } from "../../support/use-world.ts";

/** The secret that signs the requests to a campaign's holdback webhook. */

const world = useWorld({ upstreamFor: "all tests" });
let acme: SponsorWithKey;
let globex: SponsorWithKey;
let service: string;
let ada: Respondent;

/** A sponsor's server that is asked for verdicts. It gives none, so that it is asked again. */
let hook: HttpServer;
const asked: { headers: IncomingHttpHeaders; body: string }[] = [];

beforeAll(async () => {
  [acme, globex] = await Promise.all([world.createSponsor(), world.createSponsor("Globex")]);
  service = await world.registerService(acme.key, "free", { price_cents: 0 });
  hook = await startHttpServer((req, res) => {
    let body = "";
    req.setEncoding("utf8");
    req.on("data", (chunk: string) => (body += chunk));
    req.on("end", () => {
      asked.push({ headers: req.headers, body });
      res.end("{}");
    });
  });
  return () => hook.close();
});
beforeEach(async () => {
  asked.length = 0;
  ada = await createRespondent(world);
});

const campaign = (holdback: object): Promise<string> =>
  world.createCampaign(acme, [service], { fundCents: 0, holdback });
const byWebhook = () => campaign({ by: "webhook", url: hook.url });
const rotate = (campaign_id: string, input: object = {}, key = acme.key): Promise<Answer> =>
  world.call("sponsor.rotateVerdictSecret", { campaign_id, ...input }, key);
const change = async (campaign_id: string, input: object): Promise<Record<string, unknown>> =>
  expectSuccess(await world.call("sponsor.changeCampaign", { campaign_id, ...input }, acme.key));
const stored = (campaignId: string) => world.db.verdictSecret.findUnique({ where: { campaignId } });

const answerIt = async (campaign_id: string): Promise<string> => {
  const input = { campaign_id, task_data: { score: 4, region: "Portugal" }, consent: CONSENT };
  return expectSuccess(await world.call("agent.completeTask", input, ada.token)).task_completion_id;
};
/** Has the webhook asked about an answer, and returns the request. */
const askAbout = async (id: string): Promise<(typeof asked)[number]> => {
  const before = asked.length;
  await world.db.taskCompletion.update({ where: { id }, data: { askVerdictAt: new Date(0) } });
  await eventually(() => expect(asked.length).toBeGreaterThan(before));
  return asked.at(-1) as (typeof asked)[number];
};
const verify = ({ headers, body }: (typeof asked)[number], secret: string): unknown =>
  new Webhook(secret).verify(body, headers as Record<string, string>);

describe("the requests to a holdback webhook", () => {
  test("aren't signed before there is a secret, and verify by the library from then on", async () => {
    const id = await byWebhook();
    const answer = await answerIt(id);
    const unsigned = await askAbout(answer);
    expect(Object.keys(unsigned.headers).filter((name) => name.startsWith("webhook-"))).toEqual([]);
    const { secret, ...made } = expectSuccess(await rotate(id));
    expect(secret).toMatch(/^whsec_/);
    expect(made).toEqual({ campaign_id: id, previous_secret_until: null });

    const first = await askAbout(answer);
    expect(verify(first, secret)).toMatchObject({ type: "answer.review", data: { answer_id: answer } });
    expect(first.headers["webhook-id"]).toBe(answer);
    // Asked again, it has the same id, and a signature of its own time.
    expect((await askAbout(answer)).headers["webhook-id"]).toBe(answer);
    expect(() => verify({ ...first, body: first.body.replace(answer, id) }, secret)).toThrow(
      "No matching signature",
    );
  });

  test("are signed with both secrets until the overlap ends, and without an overlap with the new one", async () => {
    const id = await byWebhook();
    const answer = await answerIt(id);
    const first = expectSuccess(await rotate(id)).secret;
    const second = expectSuccess(await rotate(id, { overlap_seconds: 3_600 }));
    expect(second.previous_secret_until).not.toBeNull();
    const both = await askAbout(answer);
    verify(both, first);
    verify(both, second.secret);

    await world.db.verdictSecret.update({ where: { campaignId: id }, data: { previousUntil: new Date() } });
    const after = await askAbout(answer);
    verify(after, second.secret);
    expect(() => verify(after, first)).toThrow("No matching signature");
    const third = expectSuccess(await rotate(id, { overlap_seconds: 0 }));
    expect(third.previous_secret_until).toBeNull();
    const last = await askAbout(answer);
    verify(last, third.secret);
    expect(() => verify(last, second.secret)).toThrow("No matching signature");
    expect(await stored(id)).toMatchObject({ previousSecret: null, previousUntil: null });
  });

  test("of another campaign don't verify", async () => {
    const [mine, other] = [await byWebhook(), await byWebhook()];
    const { secret } = expectSuccess(await rotate(mine));
    expectSuccess(await rotate(other));
    const request = await askAbout(await answerIt(other));
    expect(() => verify(request, secret)).toThrow("No matching signature");
  });
});

test("an address that isn't public is refused when a campaign is created or changed, and changes nothing", async () => {
  const id = await campaign({ by: "hand" });
  const before = await world.db.campaign.count();
  const upstreams = { allowPrivate: false, allowedOrigins: [], httpsOnly: true };
  const strict = await world.startReplica({ upstreams });
  for (const url of [
    hook.url,
    "https://127.0.0.1/judge",
    "https://[::1]/judge",
    "http://sponsor.example/judge",
  ]) {
    const holdback = { by: "webhook", url };
    const changed = await strict.caller.call(
      "sponsor.changeCampaign",
      { campaign_id: id, holdback },
      acme.key,
    );
    const refusals = [expectRefused(changed, 400, "validation_error")];
    const draft = {
      ...{ name: "Held", service_keys: [service], required_task: "Survey", task_type: "survey" },
      ...{ task_description: "One question.", task_schema: TASK_SCHEMA, subsidy_per_call_cents: 1, holdback },
    };
    const created = await strict.caller.call("sponsor.createCampaign", draft, acme.key);
    refusals.push(expectRefused(created, 400, "validation_error"));
    for (const { field_errors } of refusals) expect(field_errors).toMatchObject([{ path: "/holdback/url" }]);
  }
  await strict.stop();
  expect(await world.db.campaign.count()).toBe(before);
  expect(await world.db.campaign.findUnique({ where: { id } })).toMatchObject({ holdbackUrl: null });
});

describe("the secret", () => {
  test("is in no other answer, and not readable in the database", async () => {
    const id = await byWebhook();
    const { secret } = expectSuccess(await rotate(id));
    const answers = [
      await world.call("sponsor.getCampaign", { campaign_id: id }, acme.key),
      await world.call("sponsor.listCampaigns", {}, acme.key),
      await world.call("sponsor.changeCampaign", { campaign_id: id, name: "Other" }, acme.key),
      await world.call("sponsor.copyCampaign", { campaign_id: id }, acme.key),
    ];
    for (const { body } of answers) expect(JSON.stringify(body)).not.toContain(secret);
    expect(expectSuccess(answers[0] as Answer).verdict_secret).toEqual({
      made_at: expect.any(String) as string,
      previous_secret_until: null,
    });
    const row = await stored(id);
    expect(Buffer.from(row?.secret ?? []).includes(secret)).toBe(false);
  });

  test("stays when the address changes, and is erased when the holdback asks no webhook any more", async () => {
    const id = await byWebhook();
    const { secret } = expectSuccess(await rotate(id));
    await change(id, { name: "Renamed" });
    await change(id, { holdback: { by: "webhook", url: `${hook.url}/other` } });
    verify(await askAbout(await answerIt(id)), secret);
    expect(await change(id, { holdback: { by: "hand" } })).toMatchObject({ verdict_secret: null });
    expect(await stored(id)).toBeNull();
    // A webhook that comes later doesn't bring the old secret back.
    await change(id, { holdback: { by: "webhook", url: hook.url } });
    expect(await stored(id)).toBeNull();
    expectSuccess(await rotate(id));
    await change(id, { holdback: null });
    expect(await stored(id)).toBeNull();
  });

  test("isn't made for a campaign without such a webhook, for another sponsor's, or for none", async () => {
    for (const id of [
      await campaign({ by: "hand" }),
      await world.createCampaign(acme, [service], { fundCents: 0 }),
    ])
      expectRefused(await rotate(id), 409, "conflict");
    const id = await byWebhook();
    expectRefused(await rotate(id, {}, globex.key), 404, "not_found");
    expectRefused(await rotate("00000000-0000-4000-8000-000000000000"), 404, "not_found");
    expectRefused(await rotate(id, { overlap_seconds: -1 }), 400, "validation_error");
    expect(await stored(id)).toBeNull();
  });

  test("is erased, or never made, where the holdback is removed at the same moment as it is rotated", async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = await byWebhook();
      const statuses = await atOnce(8, async (n) =>
        n % 2 === 0
          ? (await rotate(id)).status
          : (await world.call("sponsor.changeCampaign", { campaign_id: id, holdback: null }, acme.key))
              .status,
      );
      expect(
        Object.keys(tally(statuses.map(String))).filter((code) => !["200", "409"].includes(code)),
      ).toEqual([]);
      expect(await stored(id)).toBeNull();
    }
  });
});
