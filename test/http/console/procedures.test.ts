import { createTRPCClient, httpBatchLink, TRPCClientError } from "@trpc/client";
import { beforeAll, describe, expect, test } from "vitest";
import type { ConsoleRouter } from "../../../src/api/console-router.ts";
import { userRouter } from "../../../src/api/routers/user/index.ts";
import { expectSuccess } from "../../support/call.ts";
import { Browser, Mailbox, newAddress } from "../../support/people.ts";
import { daysFromNow } from "../../support/time.ts";
import { useWorld } from "../../support/use-world.ts";

/** The console's procedures over HTTP, by people who signed in. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });

/** A person who signed in with a link by mail, on a page of ours. */
async function signedIn() {
  const email = newAddress();
  const browser = new Browser(() => world.server.url);
  await browser.signInByMail(mailbox, email);
  const own = { cookie: browser.cookie, "sec-fetch-site": "same-origin" };
  return { email, browser, user: client(own) };
}

const client = (headers: Record<string, string>) =>
  createTRPCClient<ConsoleRouter>({
    links: [httpBatchLink({ url: `${world.server.url}/user/trpc`, headers })],
  }).user;

const refusal = async (call: Promise<unknown>) => {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof TRPCClientError)) throw new Error(`not refused: ${String(error)}`);
  return (error as TRPCClientError<ConsoleRouter>).data;
};

/** Every procedure, with whether it changes something. */
const PROCEDURES = Object.entries(
  userRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>,
).map(([path, { _def }]) => ({ path: `user.${path}`, isMutation: _def.type === "mutation" }));

const isStream = (path: string): boolean => path === "user.live.changes";

const raw = (path: string, isMutation: boolean, headers: Record<string, string>) =>
  fetch(`${world.server.url}/user/trpc/${path}`, {
    method: isMutation ? "POST" : "GET",
    headers: { ...headers, ...(isMutation && { "content-type": "application/json" }) },
    ...(isMutation && { body: "{}" }),
  });

test("from an agent's question to its session: the person enters the code, allows less than asked, and sees it", async () => {
  const { user, email } = await signedIn();
  const grant = await world.createGrant();
  const scopes = {
    allowed_task_types: ["survey"],
    allowed_data_types: ["email", "region"],
    allowed_categories: ["weather"],
  };
  const { body } = await world.call("agent.auth", { scopes, budget_limit_cents: 50 }, grant.agent_key);
  const { approval_id, user_code } = body.details as { approval_id: string; user_code: string };

  expect((await user.session.me.query()).data.person).toMatchObject({ email });
  expect((await user.approvals.get.query({ approval_id })).data).toMatchObject({ state: "code_needed" });
  const wrong = await refusal(user.approvals.enter_code.mutate({ approval_id, code: "BCDF-GHJK" }));
  expect(wrong).toMatchObject({
    ...{ error_code: "validation_error", httpStatus: 400 },
    field_errors: [{ path: "/code", message: "That isn't the code. 4 tries left." }],
  });
  const opened = await user.approvals.enter_code.mutate({ approval_id, code: user_code });
  expect(opened.data).toMatchObject({ state: "open", question: { agent: { name: "Test agent" } } });

  const less = { ...scopes, allowed_data_types: ["region" as const] };
  const decided = await user.approvals.decide.mutate({
    ...{ approval_id, decision: "approve", scopes: less, budget_limit_cents: 20, expires_at: daysFromNow(1) },
  });
  expect(decided.data).toMatchObject({ state: "decided", status: "approved", granted: { scopes: less } });

  const poll = await world.call("agent.getApproval", { approval_id }, grant.agent_key);
  expect(expectSuccess(poll)).toMatchObject({ status: "approved" });
  const again = await world.call("agent.auth", poll.body.next_actions[0].params, grant.agent_key);
  const { session_token: token } = expectSuccess(again) as { session_token: string };
  expectSuccess(await world.call("agent.flowStatus", {}, token));

  const [agent] = (await user.agents.list.query()).data.agents;
  expect(agent).toMatchObject({ state: "active", scopes: less, budget: { limit_cents: 20 } });
  await user.agents.stop.mutate({ grant_id: agent?.grant_id ?? "" });
  expect((await world.call("agent.flowStatus", {}, token)).body).toMatchObject({
    error_code: "session_revoked",
  });
  await user.agents.undo_stop.mutate({ grant_id: agent?.grant_id ?? "" });
  expectSuccess(await world.call("agent.flowStatus", {}, token));
  const calls = (await user.activity.list.query({})).data.calls;
  expect(calls.map(({ operation }) => operation)).toContain("agent_flow_status");
});

describe("who may call", () => {
  let cookie = "";
  beforeAll(async () => {
    cookie = (await signedIn()).browser.cookie;
  });

  test.each(PROCEDURES)("$path is refused without a sign-in", async ({ path, isMutation }) => {
    const answer = await raw(path, isMutation, { "sec-fetch-site": "same-origin" });
    if (path === "user.session.me")
      expect(await answer.json()).toMatchObject({ result: { data: { data: { person: null } } } });
    else {
      // A stream says it in an event.
      expect(answer.status).toBe(isStream(path) ? 200 : 401);
      expect(await answer.text()).toContain('"error_code":"unauthorized"');
    }
  });

  test.each(PROCEDURES)(
    "$path is refused to pages of other origins, with the person's cookie too",
    async ({ path, isMutation }) => {
      for (const headers of [
        { "sec-fetch-site": "cross-site", origin: "https://evil.example" },
        { "sec-fetch-site": "same-site", origin: world.server.url },
        { origin: "https://evil.example" },
        { origin: "null" },
      ] as Record<string, string>[]) {
        const answer = await raw(path, isMutation, { cookie, ...headers });
        expect(answer.status, JSON.stringify(headers)).toBe(isStream(path) ? 200 : 401);
        expect(await answer.text()).toContain('"error_code":"unauthorized"');
        expect(answer.headers.get("access-control-allow-origin")).toBeNull();
      }
    },
  );

  test("a change needs the browser's word that the page is ours; a cookie alone changes nothing", async () => {
    for (const { path } of PROCEDURES.filter(({ isMutation }) => isMutation))
      expect((await raw(path, true, { cookie })).status).toBe(401);
  });

  test("bearers of agents and the administrator count for nothing here", async () => {
    const grant = await world.createGrant();
    const { token } = await world.openSession(grant);
    for (const bearer of [token, grant.agent_key, "admin-key-of-the-tests"]) {
      const answer = await raw("user.agents.list", false, { authorization: `Bearer ${bearer}` });
      expect(answer.status).toBe(401);
    }
  });

  test("the procedures aren't reached at /trpc, and those of agents not here", async () => {
    const headers = { cookie, "sec-fetch-site": "same-origin" };
    expect((await fetch(`${world.server.url}/trpc/user.agents.list`, { headers })).status).toBe(404);
    expect((await raw("agent.flowStatus", false, headers)).status).toBe(404);
  });

  test("a signed-out session is refused at once", async () => {
    const { browser, user } = await signedIn();
    const before = browser.cookie;
    await user.agents.list.query();
    await browser.post("/auth/sign-out");
    const answer = await raw("user.agents.list", false, { cookie: before, "sec-fetch-site": "same-origin" });
    expect(answer.status).toBe(401);
  });
});

test("bad input is refused field by field, and an unknown approval looks like one of somebody else", async () => {
  const { user, browser } = await signedIn();
  const own = { cookie: browser.cookie, "sec-fetch-site": "same-origin" };
  const decide = await fetch(`${world.server.url}/user/trpc/user.approvals.decide`, {
    method: "POST",
    headers: { ...own, "content-type": "application/json" },
    body: JSON.stringify({ approval_id: "x", decision: "maybe", more: 1 }),
  });
  expect(decide.status).toBe(400);
  const { error } = (await decide.json()) as { error: { data: { field_errors: { path: string }[] } } };
  expect(error.data.field_errors.map(({ path }) => path).toSorted()).toEqual(["/decision", "/more"]);
  expect(await refusal(user.approvals.get.query({ approval_id: "x" }))).toMatchObject({
    error_code: "not_found",
  });
  expect(JSON.stringify(await refusal(user.approvals.get.query({ approval_id: "x" })))).not.toContain(
    "stack",
  );
  const large = await fetch(`${world.server.url}/user/trpc/user.approvals.decide`, {
    method: "POST",
    headers: { ...own, "content-type": "application/json" },
    body: JSON.stringify({ approval_id: "x".repeat(600_000) }),
  });
  expect(large.status).toBe(413);
});

test("so many codes a minute of one person are too many", async () => {
  const limited = { ...world.server.options.settings.rateRules.codeEntered, limit: 2 };
  const { options } = world.server;
  const replica = await world.startReplica({
    settings: { ...options.settings, rateRules: { ...options.settings.rateRules, codeEntered: limited } },
  });
  const { browser } = await signedIn();
  const user = createTRPCClient<ConsoleRouter>({
    links: [
      httpBatchLink({
        url: `${replica.url}/user/trpc`,
        headers: { cookie: browser.cookie, "sec-fetch-site": "same-origin" },
      }),
    ],
  }).user;
  const enter = () => refusal(user.approvals.enter_code.mutate({ approval_id: "x", code: "x" }));
  expect(await enter()).toMatchObject({ error_code: "not_found" });
  expect(await enter()).toMatchObject({ error_code: "not_found" });
  expect(await enter()).toMatchObject({ error_code: "rate_limited", httpStatus: 429 });
  await replica.stop();
});
