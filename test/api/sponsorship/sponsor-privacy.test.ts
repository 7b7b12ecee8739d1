import { beforeAll, expect, test } from "vitest";
import { createRespondent, withdraw } from "../../support/answers.ts";
import { expectSuccess, OPERATIONS, TRANSPORTS } from "../../support/call.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { CONSENT } from "../../support/caller.ts";
import { useWorld } from "../../support/use-world.ts";

/** Every procedure of sponsors, also those that come: none shows another sponsor's, or what a person didn't consent to show. */

const CANARY = "kanarienvogel";
const TASK = {
  type: "object",
  properties: { region: { type: "string", maxLength: 60, "x-data-type": "region" } },
  required: ["region"],
  additionalProperties: false,
};
const RULE = { ...TASK, properties: { region: { type: "string", maxLength: 5, "x-data-type": "region" } } };

const world = useWorld({ upstreamFor: "all tests" });
const SPONSOR_OPERATIONS = OPERATIONS.filter(({ surface }) => surface === "sponsor");
let acme: SponsorWithKey;
let globex: SponsorWithKey;
/** What acme's procedures are called with. */
let ids: Record<string, string>;
/** What no sponsor may see: ids of people, agents and sessions, and what was withdrawn or rejected. */
let secrets: string[];

beforeAll(async () => {
  [acme, globex] = await Promise.all([world.createSponsor("Acme"), world.createSponsor("Globex")]);
  const service = await world.registerService(acme.key, "free", { price_cents: 0, name: `Acme ${CANARY}` });
  const create = (holdback: object) =>
    world.createCampaign(acme, [service], {
      name: `Acme ${CANARY}`,
      task_schema: TASK,
      fundCents: 0,
      holdback,
    });
  const campaignId = await create({ by: "hand" });
  const [standing, withdrawn] = [await createRespondent(world), await createRespondent(world)];
  const [rejected, ruled] = [await createRespondent(world), await createRespondent(world)];
  const answer = await standing.answer(campaignId, { region: `shared-${CANARY}` });
  await withdrawn.answer(campaignId, { region: `withdrawn-${CANARY}` });
  await withdraw(world, withdrawn, campaignId);
  const answer_id = await rejected.answer(campaignId, { region: `rejected-${CANARY}` });
  expectSuccess(await world.call("sponsor.rejectAnswer", { answer_id, reason: "other" }, acme.key));
  const campaign_id = await create({ by: "rule", schema: RULE });
  const input = { campaign_id, task_data: { region: `ruled-${CANARY}` }, consent: CONSENT };
  expect((await world.call("agent.completeTask", input, ruled.token)).body.error_code).toBe(
    "answer_rejected",
  );
  const trial = expectSuccess(
    await world.call("sponsor.tryApi", { service_key: service, input: { n: 1 } }, acme.key),
  );
  const webhook = expectSuccess(
    await world.call(
      "sponsor.createWebhook",
      { url: world.upstream.url("free"), event_types: ["*"] },
      acme.key,
    ),
  );
  ids = {
    ...{ campaign_id: campaignId, service_key: service, answer_id: answer, withdrawal_id: answer },
    payment_id: (trial["payment"] as { payment_id: string }).payment_id,
    endpoint_id: (webhook["webhook"] as { endpoint_id: string }).endpoint_id,
  };
  const people = [standing, withdrawn, rejected, ruled];
  const sessions = await world.db.agentSession.findMany({ select: { id: true } });
  secrets = [
    ...["withdrawn", "rejected", "ruled"].map((kind) => `${kind}-${CANARY}`),
    ...people.flatMap(({ grant, token }) => [
      grant.user_id,
      grant.subject,
      grant.agent_id,
      grant.grant_id,
      token,
    ]),
    ...sessions.map(({ id }) => id),
  ];
});

/** The example's input, about acme's. Files in each format. */
function inputsOf({ meta, input, pathParams }: (typeof OPERATIONS)[number]): Record<string, unknown>[] {
  const example = meta.example?.request ?? {};
  const own = Object.fromEntries(Object.entries(ids).filter(([name]) => name in input.shape));
  const formats = meta.file === undefined ? [{}] : ["json", "jsonl", "csv"].map((format) => ({ format }));
  for (const param of pathParams) expect(own, `an id for ${meta.openapi.path}`).toHaveProperty(param);
  return formats.map((format) => ({ ...example, ...own, ...format }));
}

/** A file as REST sends it, without an envelope. */
async function download(path: string, input: Record<string, unknown>): Promise<string> {
  const filled = path.replace("{campaign_id}", String(input["campaign_id"]));
  const response = await fetch(`${world.url}${filled}?format=${String(input["format"])}`, {
    headers: { authorization: `Bearer ${acme.key}` },
  });
  expect(response.status).toBe(200);
  return response.text();
}

const namesAThing = ({ pathParams }: (typeof OPERATIONS)[number]): boolean => pathParams.length > 0;

test.each(SPONSOR_OPERATIONS.map((operation) => [operation.name, operation] as const))(
  "%s shows and changes nothing of another sponsor's",
  async (name, operation) => {
    const before = await Promise.all([
      world.db.campaign.findMany({ where: { sponsorId: acme.sponsor_id }, omit: { searchText: true } }),
      world.db.taskCompletion.findMany({ orderBy: { id: "asc" } }),
      world.db.consent.findMany({ orderBy: { id: "asc" } }),
    ]);
    for (const transport of TRANSPORTS)
      for (const input of inputsOf(operation)) {
        const { status, body } = await world.call(name, input, globex.key, transport);
        expect(JSON.stringify(body)).not.toContain(CANARY);
        if (namesAThing(operation)) expect([status, body.error_code]).toEqual([404, "not_found"]);
      }
    const after = await Promise.all([
      world.db.campaign.findMany({ where: { sponsorId: acme.sponsor_id }, omit: { searchText: true } }),
      world.db.taskCompletion.findMany({ orderBy: { id: "asc" } }),
      world.db.consent.findMany({ orderBy: { id: "asc" } }),
    ]);
    expect(after).toEqual(before);
  },
);

test("no procedure that reads shows whose an answer is, or what was withdrawn or rejected", async () => {
  let shown = 0;
  for (const operation of SPONSOR_OPERATIONS.filter(({ type }) => type === "query"))
    for (const transport of TRANSPORTS)
      for (const input of inputsOf(operation)) {
        const isFile = operation.meta.file !== undefined && transport === "rest";
        const text = isFile
          ? await download(operation.path, input)
          : JSON.stringify((await world.call(operation.name, input, acme.key, transport)).body);
        for (const secret of secrets)
          expect(text.includes(secret), `${operation.name} shows ${secret}`).toBe(false);
        if (text.includes(`shared-${CANARY}`)) shown += 1;
      }
  // The inbox, one answer, and three formats of files, over both transports.
  expect(shown).toBeGreaterThanOrEqual(10);
});
