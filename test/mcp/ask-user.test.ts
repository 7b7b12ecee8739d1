import { describe, expect, test } from "vitest";
import type { Question } from "../support/mcp.ts";
import { connectNew, connectOld, HOSTS } from "../support/mcp.ts";
import { useReplica, useWorld } from "../support/use-world.ts";

/** A call that the user has to approve: in each host's form. What a host says of its person never approves anything. */

const world = useWorld();
const replica = useReplica(world);

function balanced(): () => string {
  let turn = 0;
  return () => ((turn += 1) % 2 === 0 ? world.url : replica.url);
}

/** A service that costs more than the session's budget. */
async function dearService() {
  const grant = await world.createGrant({ budgetCents: 1 });
  const { token } = await world.openSession(grant, { budgetCents: 1 });
  const { service } = await world.readyService({ grant, token });
  return { grant, token, service };
}

const pending = (grantId: string) => world.db.approval.findMany({ where: { grantId } });
const paid = (grantId: string) => world.db.payment.count({ where: { grantId } });
const idOf = (url: string): string => url.split("/").at(-1) ?? "";

describe.each(HOSTS)("a host of %s that opens no links", (_name, connect) => {
  test("gets link, code and the envelope as text, and the same call goes on after the user's yes", async () => {
    const { grant, token, service } = await dearService();
    const host = await connect({ url: balanced(), token });
    const refused = await host.call("run_service", { service_key: service, input: {} });
    expect(refused.isError).toBe(true);
    const [approval] = await pending(grant.grant_id);
    const [words, link, envelope] = refused.content;
    expect(words?.text).toMatch(/The user has to answer at \S+ with the code [A-Z]{4}-[A-Z]{4}/);
    expect(link).toMatchObject({ type: "resource_link" });
    expect(idOf(link?.uri ?? "")).toBe(approval?.id);
    const body = JSON.parse(envelope?.text ?? "") as { details: object; next_actions: { tool: string }[] };
    expect(body).toMatchObject({
      error_code: "budget_approval_required",
      details: { approval_id: approval?.id, poll_interval_seconds: 5 },
      next_actions: [{ tool: "get_approval" }, { tool: "flow_status" }],
    });
    expect(link?.uri).not.toContain((body.details as { user_code: string }).user_code);

    await world.approve(approval?.id ?? "", grant.user_id);
    const decided = await host.call("get_approval", { approval_id: approval?.id });
    expect(decided.structured).toMatchObject({ status: "approved", next_actions: [{ tool: "run_service" }] });
    expect((await host.call("run_service", { service_key: service, input: {} })).isError).toBe(false);
    expect(await paid(grant.grant_id)).toBe(1);
    await host.close();
  });
});

test("since 2026, the host opens the page, the user approves there, and the same call goes on", async () => {
  const { grant, token, service } = await dearService();
  const questions: Question[] = [];
  const host = await connectNew("2026-07-28")({
    url: balanced(),
    token,
    onQuestion: async (question) => {
      questions.push(question);
      await world.approve(idOf(question.url), grant.user_id);
    },
  });
  const run = await host.call("run_service", { service_key: service, input: {} });
  expect(run).toMatchObject({ isError: false, structured: { output_written_by: "seller" } });
  expect(questions).toHaveLength(1);
  expect(questions[0]?.message).toMatch(/with the code [A-Z]{4}-[A-Z]{4}/);
  expect(await paid(grant.grant_id)).toBe(1);
  await host.close();
});

test("a host that says yes without its user gets nothing, and isn't asked forever", async () => {
  const { grant, token, service } = await dearService();
  let asked = 0;
  const host = await connectNew("2026-07-28")({
    url: balanced(),
    token,
    onQuestion: () => Promise.resolve(void (asked += 1)),
  });
  const refused = await host.call("run_service", { service_key: service, input: {} });
  expect(refused).toMatchObject({ isError: true, structured: { error_code: "budget_approval_required" } });
  expect(asked).toBe(1);
  expect(await pending(grant.grant_id)).toMatchObject([{ status: "pending" }]);
  expect(await paid(grant.grant_id)).toBe(0);
  await host.close();
});

test.each([
  ["2.x", connectNew("2025-11-25")],
  ["1.x", connectOld],
] as const)(
  "in 2025, a host of %s that opens links gets them as an error of the protocol",
  async (_line, connect) => {
    const { grant, token, service } = await dearService();
    const host = await connect({ url: balanced(), token, onQuestion: () => Promise.resolve() });
    const refusal = await host.call("run_service", { service_key: service, input: {} }).then(
      () => undefined,
      (error: unknown) => error as { code: number; data: { elicitations: Question[] } },
    );
    expect(refusal?.code).toBe(-32_042);
    const [question] = refusal?.data.elicitations ?? [];
    expect(question?.message).toMatch(/with the code [A-Z]{4}-[A-Z]{4}/);
    await world.approve(idOf(question?.url ?? ""), grant.user_id);
    expect((await host.call("run_service", { service_key: service, input: {} })).isError).toBe(false);
    expect(await paid(grant.grant_id)).toBe(1);
    await host.close();
  },
);

test("capabilities that a host of 2025 made up count for nothing: it is asked as one that opens no links", async () => {
  const { token, service } = await dearService();
  const call = async (sessionId: string) => {
    const answer = await fetch(`${world.url}/mcp`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-session-id": sessionId,
        "mcp-protocol-version": "2025-11-25",
      },
      body: JSON.stringify({
        ...{ jsonrpc: "2.0", id: 1, method: "tools/call" },
        params: { name: "run_service", arguments: { service_key: service, input: {} } },
      }),
    });
    return answer.text();
  };
  const capabilities = Buffer.from('{"elicitation":{"url":{}}}').toString("base64url");
  const real = await initialized(token);
  expect(await call(real)).toContain("-32042");
  const signature = real.split(".")[1] ?? "";
  const otherSignature = (signature.startsWith("A") ? "B" : "A") + signature.slice(1);
  for (const forged of [`${capabilities}.AAAA`, `${capabilities}.${otherSignature}`, capabilities])
    expect(await call(forged)).toContain("budget_approval_required");
});

/** The session id of a host that says that it opens links. */
async function initialized(token: string): Promise<string> {
  const answer = await fetch(`${world.url}/mcp`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    },
    body: JSON.stringify({
      ...{ jsonrpc: "2.0", id: 1, method: "initialize" },
      params: {
        protocolVersion: "2025-11-25",
        capabilities: { elicitation: { url: {} } },
        clientInfo: { name: "test host", version: "1" },
      },
    }),
  });
  return answer.headers.get("mcp-session-id") ?? "";
}
