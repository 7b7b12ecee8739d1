import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Transport } from "../../support/call.ts";
import { expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { GrantOfUser, SponsorWithKey } from "../../support/caller.ts";
import { CONSENT } from "../../support/caller.ts";
import type { Answer } from "../../support/server.ts";
import { FULL_TASK } from "../../support/tasks.ts";
import { useWorld } from "../../support/use-world.ts";

/** A mobile number of Portugal, as it is dialled there. In Germany and the United States it is none. */
const NUMBER = "912345678";
const PORTUGUESE = {
  name: "Inquérito sobre o tempo",
  required_task: "Duas perguntas",
  task_description:
    "Qual é o seu tempo preferido, e para que usa a previsão? Não demora mais do que uma hora.",
};

const world = useWorld({ upstreamFor: "all tests" });
let acme: SponsorWithKey;
let service: string;

beforeAll(async () => {
  acme = await world.createSponsor();
  service = await world.registerService(acme.key, "free", { price_cents: 0 });
});

const campaign = (changes: Record<string, unknown> = {}): Promise<string> =>
  world.createCampaign(acme, [service], { fundCents: 0, task_schema: FULL_TASK, ...changes });

/** A session for a new person who lives there. */
async function personIn(region: string): Promise<{ grant: GrantOfUser; token: string }> {
  const grant = await world.createGrant({ user: { region } });
  return { grant, ...(await world.openSession(grant)) };
}

describe.each(TRANSPORTS)("a bare national number, over %s", (transport) => {
  let campaignId: string;
  beforeEach(async () => {
    campaignId = await campaign();
  });

  const complete = (token: string, id = campaignId): Promise<Answer> =>
    world.call(
      "agent.completeTask",
      { campaign_id: id, task_data: { score: 4, comment: NUMBER }, consent: CONSENT },
      token,
      transport,
    );
  const completions = ({ user_id }: GrantOfUser): Promise<number> =>
    world.db.taskCompletion.count({ where: { userId: user_id } });

  test.each(["PT", "Lisbon, Portugal"])(
    "given a person in %s, it is refused in an answer",
    async (region) => {
      const { grant, token } = await personIn(region);
      const refused = expectRefused(await complete(token), 400, "validation_error");
      expect(refused.field_errors).toEqual([
        expect.objectContaining({ path: "/task_data/comment", keyword: "x-data-type" }),
      ]);
      expect(JSON.stringify(refused)).not.toContain(NUMBER);
      expect(await completions(grant)).toBe(0);
    },
  );

  test.each(["DE", "US", "the moon"])(
    "given a person in %s, the same digits are an answer",
    async (region) => {
      const { grant, token } = await personIn(region);
      expectSuccess(await complete(token));
      expect(await completions(grant)).toBe(1);
    },
  );

  test("given a Portuguese campaign, it is refused in an answer of a person elsewhere too", async () => {
    const portuguese = await campaign(PORTUGUESE);
    const { grant, token } = await personIn("DE");
    expectRefused(await complete(token, portuguese), 400, "validation_error");
    expect(await completions(grant)).toBe(0);
  });

  test("it is refused in a run's input and in a plan for a Portuguese person, and for nobody else", async () => {
    const open = await world.registerService(acme.key, "free", { price_cents: 0 });
    await world.createCampaign(acme, [open], { fundCents: 0 });
    const input = { service_key: open, input: { place: NUMBER } };
    const paths: Record<string, unknown> = {};
    for (const region of ["PT", "DE"]) {
      const { token } = await personIn(region);
      const run = await world.call("agent.runService", input, token, transport);
      const plan = expectSuccess(await world.call("agent.planService", input, token, transport));
      paths[region] = {
        run: (run.body.field_errors as { path: string }[] | undefined)?.map(({ path }) => path) ?? [],
        plan: (plan["missing"] as { input: { path: string }[] }).input.map(({ path }) => path),
      };
    }
    expect(paths).toEqual({
      PT: { run: ["/input/place"], plan: ["/input/place"] },
      DE: { run: [], plan: [] },
    });
  });
});

describe("a national number that a sponsor lists", () => {
  const listing = { ...FULL_TASK, properties: { ...FULL_TASK.properties, line: { enum: [NUMBER, "none"] } } };
  const create = (transport: Transport, changes: Record<string, unknown>): Promise<Answer> =>
    world.call(
      "sponsor.createCampaign",
      {
        name: "Weather survey",
        service_keys: [service],
        required_task: "One question",
        task_type: "survey",
        task_description: "How do you like the weather?",
        task_schema: listing,
        subsidy_per_call_cents: 5,
        ...changes,
      },
      acme.key,
      transport,
    );

  test.each(TRANSPORTS)(
    "is refused in a campaign whose language is spoken there, over %s",
    async (transport) => {
      const campaigns = await world.db.campaign.count();
      const refused = expectRefused(await create(transport, PORTUGUESE), 400, "validation_error");
      expect(refused.field_errors).toMatchObject([
        { path: "/task_schema/properties/line/enum/0", keyword: "x-data-type" },
      ]);
      expect(await world.db.campaign.count()).toBe(campaigns);
      expectSuccess(await create(transport, {}));
    },
  );

  test("is refused in the changed schema of a service whose texts stay in that language, and of no other", async () => {
    const input_schema = {
      type: "object",
      properties: { line: { enum: [NUMBER, "none"] } },
      additionalProperties: false,
    };
    const { name, task_description: description } = PORTUGUESE;
    const portuguese = await world.registerService(acme.key, "honest", { name, description });
    const change = (service_key: string): Promise<Answer> =>
      world.call("sponsor.changeApi", { service_key, input_schema }, acme.key);
    const refused = expectRefused(await change(portuguese), 400, "validation_error");
    expect(refused.field_errors).toMatchObject([{ path: "/input_schema/properties/line/enum/0" }]);
    expectSuccess(await change(await world.registerService(acme.key)));
  });
});

describe("regions that the operator configured", () => {
  const configured = useWorld({ upstreamFor: "all tests", phoneRegions: ["PT"] });

  test("a national number of theirs is refused for a person elsewhere, for a direct buyer, and in a list", async () => {
    const sponsor = await configured.createSponsor();
    const key = await configured.registerService(sponsor.key, "honest");
    const id = await configured.createCampaign(sponsor, [key], { task_schema: FULL_TASK });
    const { token } = await configured.openSession(await configured.createGrant({ user: { region: "DE" } }));
    const task_data = { score: 4, comment: NUMBER };
    const answer = await configured.call(
      "agent.completeTask",
      { campaign_id: id, task_data, consent: CONSENT },
      token,
    );
    expectRefused(answer, 400, "validation_error");
    expect(await configured.db.taskCompletion.count()).toBe(0);

    const bought = await configured.rest("POST", `/proxy/${key}/run`, { body: { input: { place: NUMBER } } });
    expect(bought.status).toBe(400);
    expect(bought.body.field_errors).toMatchObject([{ path: "/input/place", keyword: "x-data-type" }]);
    expect(
      (await configured.rest("POST", `/proxy/${key}/run`, { body: { input: { place: "Porto" } } })).status,
    ).toBe(402);

    const input_schema = {
      type: "object",
      properties: { line: { enum: [NUMBER, "none"] } },
      additionalProperties: false,
    };
    const changed = await configured.call(
      "sponsor.changeApi",
      { service_key: key, input_schema },
      sponsor.key,
    );
    expect(expectRefused(changed, 400, "validation_error").field_errors).toMatchObject([
      { path: "/input_schema/properties/line/enum/0", keyword: "x-data-type" },
    ]);
  });
});
