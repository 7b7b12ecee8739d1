import { beforeAll, describe, expect, test } from "vitest";
import { EXPORT_PARTS } from "../../../src/core/account/export/index.ts";
import { expectSuccess } from "../../support/call.ts";
import type { ReadyService } from "../../support/caller.ts";
import { runSql } from "../../support/database.ts";
import { Browser, Mailbox, newAddress, PASSWORD, signUp } from "../../support/people.ts";
import { useWorld } from "../../support/use-world.ts";

/** A person's export: one file with all that is stored of them, and nothing of anybody else. */

const mailbox = new Mailbox();
const world = useWorld({
  mailer: mailbox,
  upstreamFor: "all tests",
  limits: { accountExported: { name: "account_exported", limit: 5, windowSeconds: 3600, per: "person" } },
});

/** The file, as far as the tests look at it. */
type Exported = Record<string, Record<string, unknown>[]> & { exported_at: string };

interface Person {
  email: string;
  userId: string;
  browser: Browser;
  ready: ReadyService;
}

/** Somebody with an agent that answered a task for them and had a run paid. */
async function personWithHistory(): Promise<Person> {
  const email = newAddress();
  const userId = await world.createUser({ email, region: "PT", attributes: { shoe_size: 42 } });
  const browser = new Browser(() => world.server.url);
  await signUp(browser, mailbox, email);
  await browser.post("/auth/sign-in/email", { email, password: PASSWORD });
  const ready = await world.readyService({ grant: await world.createGrant({ userId }) });
  expectSuccess(await world.run(ready.token, ready.service));
  return { email, userId, browser, ready };
}

const ask = (headers: Record<string, string>) =>
  fetch(`${world.server.url}/user/account/export`, { headers });
const own = ({ browser }: Person) => ({ cookie: browser.cookie, "sec-fetch-site": "same-origin" });

async function exportOf(person: Person): Promise<{ text: string; file: Exported; response: Response }> {
  const response = await ask(own(person));
  const text = await response.text();
  return { text, file: JSON.parse(text) as Exported, response };
}

let ada: Person;
let bob: Person;
beforeAll(async () => {
  ada = await personWithHistory();
  bob = await personWithHistory();
}, 60_000);

test("it is one JSON file with the person's user, sign-ins, grants, answers, payments and calls", async () => {
  await world.callAdmin("putVaultItem", {
    ...{ user_id: ada.userId, data_type: "address", value: { street: "Rua Augusta 1", city: "Lisboa" } },
  });
  const { file, response } = await exportOf(ada);
  expect(response.headers.get("content-disposition")).toMatch(
    /^attachment; filename="tollfree-\d{4}-\d\d-\d\d\.json"$/,
  );
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(Object.keys(file)).toEqual(["exported_at", ...EXPORT_PARTS.map(({ name }) => name)]);
  const { grant, service, campaignId } = ada.ready;
  expect(file["user"]).toMatchObject([
    { user_id: ada.userId, email: ada.email, region: "PT", attributes: { shoe_size: 42 } },
  ]);
  expect(file["sign_in"]).toMatchObject([
    {
      account: { email: ada.email, email_verified: true, name: "Ines" },
      sessions: [{ user_agent: expect.any(String) }],
      logins: [{ provider: "credential", has_password: true }],
      passkeys: [],
    },
  ]);
  expect(file["stored_data"]).toMatchObject([
    { data_type: "address", value: { street: "Rua Augusta 1", city: "Lisboa" } },
  ]);
  expect(file["grants"]).toMatchObject([
    {
      ...{ id: grant.grant_id, agent: "Test agent", budget_limit_cents: 100, budget_spent_cents: 2 },
      ...{ budget_reserved_cents: 0, allowed_data_types: ["region", "email"] },
    },
  ]);
  expect(file["agent_sessions"]).toMatchObject([{ grant_id: grant.grant_id, budget_limit_cents: 50 }]);
  expect(file["consents"]?.map(({ consent_type }) => consent_type).toSorted()).toEqual([
    "contact",
    "data_sharing",
    "retention",
  ]);
  expect(file["task_answers"]).toMatchObject([{ campaign_id: campaignId, answers: { score: 4 } }]);
  expect(file["payments"]).toMatchObject([
    {
      ...{ service_key: service, amount_cents: 2, status: "settled", sponsor: "Acme" },
      tx_hash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
      output: expect.anything(),
    },
  ]);
  const [payment] = file["payments"] ?? [];
  const transitions = payment?.["transitions"] as { to: string; at: string }[];
  const passed = [...new Set(transitions.map(({ to }) => to))];
  expect(passed).toEqual(["reserved", "signed", "sent", "settled"]);
  expect(Date.parse(transitions[0]?.at ?? "")).toBe(Date.parse(payment?.["created_at"] as string));
  expect(file["calls"]?.map(({ operation }) => operation)).toContain("agent_run_service");
  expect(file["calls"]?.every((call) => call["grant_id"] === grant.grant_id)).toBe(true);
});

test("it holds no secret, no hash of one, and nothing of anybody else", async () => {
  const { text } = await exportOf(ada);
  const { token, grant } = ada.ready;
  const session = await world.db.agentSession.findFirstOrThrow({ where: { grantId: grant.grant_id } });
  const login = await world.db.accountLogin.findFirstOrThrow({ where: { account: { email: ada.email } } });
  const signIn = await world.db.accountSession.findFirstOrThrow({ where: { account: { email: ada.email } } });
  const secrets = [
    ...[token, grant.agent_key, signIn.token, login.password ?? "missing", ada.browser.cookie],
    ...["hex", "base64"].map((encoding) =>
      Buffer.from(session.tokenHash).toString(encoding as BufferEncoding),
    ),
  ];
  for (const secret of secrets) expect(text).not.toContain(secret);
  for (const foreign of [bob.email, bob.userId, bob.ready.grant.grant_id, bob.ready.grant.subject])
    expect(text).not.toContain(foreign);
});

describe("who may have it", () => {
  test("nobody without a sign-in", async () => {
    const answer = await ask({});
    expect([answer.status, ((await answer.json()) as { error_code: string }).error_code]).toEqual([
      401,
      "unauthorized",
    ]);
  });

  test("no page of another origin, with the person's cookie", async () => {
    for (const headers of [{ "sec-fetch-site": "cross-site" }, { origin: "https://evil.example" }])
      expect((await ask({ cookie: ada.browser.cookie, ...headers })).status).toBe(401);
  });

  test("the person, five times an hour", async () => {
    const eve = await personWithHistory();
    for (let n = 0; n < 5; n += 1) expect((await exportOf(eve)).response.status).toBe(200);
    const { response, file } = await exportOf(eve);
    expect(response.status).toBe(429);
    expect(file).toMatchObject({ error_code: "rate_limited" });
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
  });
});

test("of a long history, each call is in it exactly once, in the order of time", async () => {
  const { grant } = bob.ready;
  await runSql(
    world.database.url,
    `INSERT INTO agent_audit_logs (grant_id, agent_id, user_id, surface, operation, endpoint, request_summary, response_status, created_at)
     SELECT '${grant.grant_id}', '${grant.agent_id}', '${grant.user_id}', 'agent', 'agent_flow_status', '/agent/flow/status', '{}', 200,
            now() - interval '1 hour' + n / 3 * interval '1 millisecond'
       FROM generate_series(1, 2000) AS n`,
  );
  const { file } = await exportOf(bob);
  const calls = file["calls"] as { id: string; created_at: string }[];
  const stored = await world.db.agentAuditLog.count({ where: { grantId: grant.grant_id } });
  expect(stored).toBeGreaterThan(2000);
  expect(new Set(calls.map(({ id }) => id)).size).toBe(stored);
  expect(calls).toHaveLength(stored);
  const times = calls.map(({ created_at }) => created_at);
  expect(times).toEqual(times.toSorted());
});
