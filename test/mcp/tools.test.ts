import { request } from "node:http";
import { describe, expect, test } from "vitest";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expectSuccess } from "../support/call.ts";
import { CONSENT } from "../support/caller.ts";
import { HOSTS } from "../support/mcp.ts";
import { useReplica, useWorld } from "../support/use-world.ts";

/** MCP, by the official clients of both lines, for hosts of both eras. */

const world = useWorld();
const replica = useReplica(world);

/** Every request goes to the other server. */
function balanced(): () => string {
  let turn = 0;
  return () => ((turn += 1) % 2 === 0 ? world.url : replica.url);
}

const TOOLS = [
  ...["search_services", "flow_status", "audit_history", "get_task", "complete_task", "plan_service"],
  ...["run_service", "get_payment", "get_approval", "usage_record", "get_preferences", "set_preferences"],
];

/** A session and a host that has its token. */
async function hostWithSession(connect: (typeof HOSTS)[number][1]) {
  const grant = await world.createGrant();
  const { token } = await world.openSession(grant);
  return { grant, token, host: await connect({ url: balanced(), token }) };
}

const actionsOf = (structured: Record<string, unknown> | undefined) =>
  structured?.["next_actions"] as { tool: string; params: Record<string, unknown> }[];

describe.each(HOSTS)("a host of %s", (_name, connect) => {
  test("sees twelve tools, with schemas that hold, and annotations", async () => {
    const { host } = await hostWithSession(connect);
    const tools = await host.listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual([...TOOLS].sort());
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    for (const { inputSchema, outputSchema } of tools) {
      expect(JSON.stringify([inputSchema, outputSchema])).not.toContain("$ref");
      ajv.compile(inputSchema);
      ajv.compile(outputSchema ?? {});
    }
    const annotations = new Map(tools.map(({ name, annotations: hints }) => [name, hints]));
    expect(annotations.get("search_services")).toMatchObject({ readOnlyHint: true });
    expect(annotations.get("complete_task")).toMatchObject({ readOnlyHint: false, destructiveHint: true });
    expect(annotations.get("run_service")).toMatchObject({ readOnlyHint: false, openWorldHint: true });
    await host.close();
  });

  test("goes from a search to a paid answer, by following the tools that answers name", async () => {
    const { host, grant } = await hostWithSession(connect);
    const { service, campaignId } = await world.offerService({});
    const found = await host.call("search_services", { q: service, limit: 1 });
    expect(found.structured?.["services"]).toMatchObject([{ service_key: service }]);
    const [toTask] = actionsOf(found.structured);
    expect(toTask).toMatchObject({ tool: "get_task", params: { campaign_id: campaignId } });
    const task = await host.call("get_task", toTask?.params);
    const [toComplete] = actionsOf(task.structured);
    const completed = await host.call("complete_task", {
      ...toComplete?.params,
      task_data: { score: 5 },
      consent: CONSENT,
    });
    expect(completed.content[0]?.text).toContain("can_use_service");
    const [toRun] = actionsOf(completed.structured);
    expect(toRun).toMatchObject({ tool: "run_service", params: { service_key: service } });
    const run = await host.call("run_service", { ...toRun?.params, input: { n: 1 } });
    expect(run.isError).toBe(false);
    expect(run.structured).toMatchObject({ output_written_by: "seller", payment: { status: "settled" } });
    expect(run.structured?.["payment"]).not.toHaveProperty("sponsored_by");
    // The text holds the same, for hosts that show only text.
    expect(JSON.parse(run.content[0]?.text ?? "")).toEqual(run.structured);
    expect(await world.db.payment.count({ where: { grantId: grant.grant_id, status: "settled" } })).toBe(1);
    const [row] = await world.db.agentAuditLog.findMany({
      where: { grantId: grant.grant_id, operation: "agent_run_service" },
    });
    expect(row).toMatchObject({
      surface: "mcp",
      endpoint: `/mcp/services/${service}/run`,
      responseStatus: 200,
    });
    const usage = await host.call("usage_record");
    expect(usage.structured).toMatchObject({ total_count: 1 });
    await host.close();
  });

  test("gets a refusal as the envelope, whose actions name tools, and never a thrown text", async () => {
    const { host } = await hostWithSession(connect);
    for (const [name, args, code] of [
      ["run_service", { service_key: "no-such-service" }, "not_found"],
      ["search_services", { limit: 999 }, "validation_error"],
      ["search_services", { colour: "red" }, "validation_error"],
      ["get_payment", { payment_id: "x" }, "not_found"],
    ] as const) {
      const refused = await host.call(name, args);
      expect(refused.isError, name).toBe(true);
      const envelope = JSON.parse(refused.content[0]?.text ?? "") as Record<string, unknown>;
      expect(envelope, name).toMatchObject({
        status: "error",
        error_code: code,
        request_id: expect.any(String),
      });
      for (const action of actionsOf(envelope)) expect(TOOLS, name).toContain(action.tool);
    }
    await host.close();
  });

  test("reads and sets preferences, and reads its own approvals only", async () => {
    const { host, grant } = await hostWithSession(connect);
    await host.call("set_preferences", { preferences: [{ task_type: "survey", level: "avoided" }] });
    const { structured } = await host.call("get_preferences");
    expect(structured?.["preferences"]).toMatchObject([{ task_type: "survey", level: "avoided" }]);
    const other = await world.createGrant();
    const asked = await world.call(
      "agent.auth",
      {
        user_id: other.subject,
        scopes: { allowed_task_types: [], allowed_data_types: [], allowed_categories: ["finance"] },
        budget_limit_cents: 1,
      },
      other.agent_key,
    );
    const { approval_id } = asked.body.details as { approval_id: string };
    expect((await host.call("get_approval", { approval_id })).isError).toBe(true);
    expect(grant.grant_id).not.toBe(other.grant_id);
    await host.close();
  });

  test("a session that was revoked is told so, in the envelope", async () => {
    const { host, token } = await hostWithSession(connect);
    expectSuccess(await world.call("agent.revokeSession", {}, token));
    const refused = await host.call("flow_status");
    expect(refused.isError).toBe(true);
    expect(JSON.parse(refused.content[0]?.text ?? "")).toMatchObject({ error_code: "session_revoked" });
    await host.close();
  });
});

const post = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${world.url}/mcp`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body,
  });
interface JsonRpcError {
  error: { code: number; data: { error_code: string } };
}
const LIST = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });

test.each([
  ["no credential", {}],
  ["an unknown kind of token", { authorization: "Bearer secret" }],
  ["an agent's key", { authorization: "Bearer tf_ak_0123456789" }],
])("%s is refused with 401 before anything is read", async (_what, headers) => {
  const refused = await post("not json", headers);
  expect(refused.status).toBe(401);
  expect(refused.headers.get("www-authenticate")).toContain("oauth-protected-resource/mcp");
  expect(await refused.json()).toMatchObject({
    jsonrpc: "2.0",
    error: { code: -32_000, data: { error_code: "unauthorized" } },
  });
});

describe("with a session's token", () => {
  const own = async () => ({
    authorization: `Bearer ${(await world.openSession(await world.createGrant())).token}`,
  });

  test("what isn't JSON, and what is too large, are JSON-RPC's errors", async () => {
    const headers = await own();
    const unreadable = await post("{", headers);
    expect([unreadable.status, ((await unreadable.json()) as JsonRpcError).error.code]).toEqual([
      400, -32_700,
    ]);
    const large = await post(JSON.stringify({ text: "x".repeat(300_000) }), headers);
    expect([large.status, ((await large.json()) as JsonRpcError).error.data.error_code]).toEqual([
      413,
      "payload_too_large",
    ]);
  });

  test("a page of any origin may call, and reads no cookie", async () => {
    const headers = { ...(await own()), origin: "https://chat.example" };
    const answer = await post(LIST, headers);
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([200, "*"]);
  });

  test("a page under a foreign name that leads to this server is refused (DNS rebinding)", async () => {
    const headers = await own();
    const call = (name: string, from: string) =>
      new Promise<number>((resolve, reject) => {
        const { hostname, port } = new URL(world.url);
        const sent = {
          ...headers,
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          ...{ host: name, origin: from },
        };
        const req = request({ hostname, port, path: "/mcp", method: "POST", headers: sent }, (res) => {
          res.resume();
          resolve(res.statusCode ?? 0);
        });
        req.on("error", reject).end(LIST);
      });
    const { host } = new URL(world.url);
    expect(await call("rebound.example", "http://rebound.example")).toBe(401);
    expect(await call("rebound.example:3000", "http://rebound.example:3000")).toBe(401);
    for (const [name, from] of [
      [host, world.url],
      ["localhost:9", "http://localhost:9"],
      [host, "https://chat.example"],
      // A proxy that passes on its own name.
      ["proxy.internal", "https://chat.example"],
    ] as const)
      expect(await call(name, from), from).toBe(200);
  });

  test("GET and DELETE, by which hosts of 2025 open and end streams, aren't offered", async () => {
    const headers = await own();
    for (const method of ["GET", "DELETE"]) {
      const answer = await fetch(`${world.url}/mcp`, {
        method,
        headers: { ...headers, accept: "text/event-stream" },
      });
      expect(answer.status, method).toBe(405);
    }
  });

  test("a host of 2025-06-18 initializes, and calls a tool", async () => {
    const { authorization } = await own();
    const rpc = async (method: string, params: object, headers: Record<string, string> = {}) =>
      post(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }), { authorization, ...headers });
    const version = "2025-06-18";
    const hello = { protocolVersion: version, capabilities: {}, clientInfo: { name: "old", version: "1" } };
    const initialized = await rpc("initialize", hello);
    expect(await initialized.text()).toContain(`"protocolVersion":"${version}"`);
    const headers = {
      "mcp-protocol-version": version,
      "mcp-session-id": initialized.headers.get("mcp-session-id") ?? "",
    };
    const called = await rpc("tools/call", { name: "flow_status", arguments: {} }, headers);
    expect(called.status).toBe(200);
    expect(await called.text()).toContain("flow_state");
  });
});
