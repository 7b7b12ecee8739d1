import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { atOnce } from "../support/at-once.ts";
import { INPUT_SCHEMA, TASK_SCHEMA } from "../support/caller.ts";
import type { SignedIn } from "../support/console-client.ts";
import { consoleClient, refusalOf, signInPerson } from "../support/console-client.ts";
import { untilWaiting } from "../support/database.ts";
import { expectBooksToBalance } from "../support/money.ts";
import { Mailbox } from "../support/people.ts";
import type { Answer } from "../support/server.ts";
import { ADMIN_KEY } from "../support/server.ts";
import { useReplica, useWorld } from "../support/use-world.ts";

/** An organisation that is closed while things are created for it, on two servers. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox, upstreamFor: "all tests" });
const replica = useReplica(world);

/** A connection that holds locks. */
let other: pg.Client;
beforeAll(async () => {
  other = new pg.Client({ connectionString: world.database.url });
  await other.connect();
});
afterAll(() => other.end());

let ada: SignedIn;
let acme: { sponsor_id: string; key: string };
let service: string;
/** Paused, so it keeps nobody from closing. It asks a webhook for verdicts. */
let campaignId: string;

beforeEach(async () => {
  ada = await signInPerson(world.server.url, mailbox);
  const { sponsor_id } = (await ada.user.sponsors.found.mutate({ name: "Helio Maps" })).data;
  acme = { sponsor_id, key: (await ada.user.sponsors.keys.add.mutate({ sponsor_id })).data.api_key };
  service = await world.registerService(acme.key, "free", { price_cents: 0 });
  campaignId = await world.createCampaign(acme, [service], {
    ...{ fundCents: 0, active: false, holdback: { by: "webhook", url: "https://hooks.example.com/" } },
  });
  // It is erased by the closing.
  await world.call("sponsor.rotateVerdictSecret", { campaign_id: campaignId }, acme.key);
});

const ofAda = (index: number) =>
  consoleClient(index % 2 === 0 ? world.server.url : replica.url, ada.headers).sponsors;
const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => "ok",
    async (error: unknown) => (await refusalOf(Promise.reject(error as Error)))?.error_code ?? "unknown",
  );
const codeOfAnswer = async (call: Promise<Answer>): Promise<string> => {
  const { status, body } = await call;
  return status === 200 ? "ok" : String(body.error_code);
};
const close = () => codeOf(ofAda(0).close.mutate({ sponsor_id: acme.sponsor_id, name: "Helio Maps" }));
const bySponsor = (operation: string, input: Record<string, unknown>): Promise<string> =>
  codeOfAnswer(world.call(`sponsor.${operation}`, input, acme.key));

/** All that can be made for an organisation. Those that need no money, as it closes without any. */
const CREATIONS: Record<string, (index: number) => Promise<string>> = {
  campaign: () =>
    bySponsor("createCampaign", {
      ...{
        name: "New",
        active: false,
        service_keys: [service],
        required_task: "Survey",
        task_type: "survey",
      },
      ...{ task_description: "One question.", task_schema: TASK_SCHEMA, subsidy_per_call_cents: 1 },
    }),
  copy: () => bySponsor("copyCampaign", { campaign_id: campaignId }),
  service: () =>
    bySponsor("registerApi", {
      ...{ service_key: `k-${randomUUID()}`, name: "Weather", description: "Weather of a place" },
      ...{ categories: ["weather"], upstream_url: world.upstream.url("free"), upstream_method: "POST" },
      ...{ price_cents: 0, input_schema: INPUT_SCHEMA },
    }),
  "credit of a campaign": () => credit({ campaign_id: campaignId }),
  "credit of a service": () => credit({ service_key: service }),
  trial: () => bySponsor("tryApi", { service_key: service, input: { n: 1 } }),
  "secret for verdicts": () => bySponsor("rotateVerdictSecret", { campaign_id: campaignId }),
  webhook: () => bySponsor("createWebhook", { url: "https://hooks.example.com/" }),
  invitation: (index) =>
    codeOf(
      ofAda(index).team.invite.mutate({
        ...{ sponsor_id: acme.sponsor_id, email: `${randomUUID()}@example.com`, role: "editor" },
      }),
    ),
  key: (index) => codeOf(ofAda(index).keys.add.mutate({ sponsor_id: acme.sponsor_id })),
  "operator's key": () =>
    codeOfAnswer(world.call("admin.rotateSponsorKey", { sponsor_id: acme.sponsor_id }, ADMIN_KEY)),
  wallet: (index) =>
    codeOf(
      ofAda(index).set_wallet.mutate({
        ...{ sponsor_id: acme.sponsor_id, wallet_address: `0x${"7".repeat(40)}` },
      }),
    ),
};
const credit = (target: object): Promise<string> =>
  codeOfAnswer(
    world.call(
      "admin.bookCredit",
      { sponsor_id: acme.sponsor_id, ...target, amount_cents: 1, reference: randomUUID() },
      ADMIN_KEY,
    ),
  );

/** What is stored for the organisation that is open: of a closed one, nothing. */
async function whatIsOpen() {
  const { db } = world;
  const sponsorId = acme.sponsor_id;
  const [campaigns, services, keys, invitations, members, endpoints, secrets] = await Promise.all([
    db.campaign.count({ where: { sponsorId, archivedAt: null } }),
    db.sponsoredApi.count({ where: { sponsorId, archivedAt: null } }),
    db.sponsorApiKey.count({ where: { sponsorId, revokedAt: null } }),
    db.sponsorInvitation.count({ where: { sponsorId } }),
    db.sponsorMember.count({ where: { sponsorId } }),
    db.webhookEndpoint.count({ where: { listenerId: sponsorId, endedAt: null } }),
    db.verdictSecret.count({ where: { campaign: { sponsorId } } }),
  ]);
  return { campaigns, services, keys, invitations, members, endpoints, secrets };
}
const NOTHING = {
  ...{ campaigns: 0, services: 0, keys: 0, invitations: 0, members: 0, endpoints: 0, secrets: 0 },
};
const stored = () => world.db.sponsor.findUniqueOrThrow({ where: { id: acme.sponsor_id } });

describe("while an organisation is being closed", () => {
  test.each(Object.entries(CREATIONS))("a %s waits for it, and is refused clearly", async (_name, create) => {
    const before = {
      payments: await world.db.payment.count({ where: { sponsorId: acme.sponsor_id } }),
      credits: await world.db.credit.count(),
      accounts: await world.db.budgetAccount.count({ where: { kind: "sponsored_api" } }),
    };
    // The closing has locked the organisation, and waits for its campaign.
    await other.query("BEGIN");
    await other.query("SELECT 1 FROM campaigns WHERE id = $1 FOR UPDATE", [campaignId]);
    const closed = close();
    await untilWaiting(world.database.db, 1);
    const created = create(0);
    await untilWaiting(world.database.db, 2);
    await other.query("COMMIT");
    expect(await closed).toBe("ok");
    expect(await created).toBe("not_found");
    expect(await whatIsOpen()).toEqual(NOTHING);
    expect((await stored()).walletAddress).toBeNull();
    expect({
      payments: await world.db.payment.count({ where: { sponsorId: acme.sponsor_id } }),
      credits: await world.db.credit.count(),
      accounts: await world.db.budgetAccount.count({ where: { kind: "sponsored_api" } }),
    }).toEqual(before);
  });
});

test("of a closing and many creations at once each is done or refused, and nothing open belongs to what is closed", async () => {
  const creations = Object.entries(CREATIONS).filter(([name]) => !name.startsWith("credit"));
  const calls = creations.flatMap(([, create]) => [create, create]);
  const outcomes = await atOnce(calls.length + 1, async (index) =>
    index === Math.floor(calls.length / 2)
      ? `closing ${await close()}`
      : ((await calls[index]?.(index)) ?? "ok"),
  );
  const closed = outcomes.includes("closing ok");
  // Who acts after the closing has no key and no membership any more; a webhook too many and a campaign that is new are conflicts.
  const allowed = [
    "ok",
    "closing ok",
    "closing conflict",
    "not_found",
    "unauthorized",
    "conflict",
    "forbidden",
  ];
  expect(outcomes.filter((outcome) => !allowed.includes(outcome))).toEqual([]);
  if (!closed) expect(await close()).toBe("conflict");
  expect((await stored()).closedAt === null).toBe(!closed);
  if (closed) expect(await whatIsOpen()).toEqual(NOTHING);
  await expectBooksToBalance(world.db);
});
