import { describe, expect, test } from "vitest";
import { mintToken } from "../../src/core/access/credential/index.ts";
import { RATE_RULES } from "../../src/core/protocol/rate-limit/index.ts";
import { useWorld } from "../support/use-world.ts";

/** What calls no tool costs as much as a call that does, so it is counted as well. */

const world = useWorld({
  limits: {
    mcpMessage: { ...RATE_RULES.mcpMessage, limit: 20 },
    failedCredential: { ...RATE_RULES.failedCredential, limit: 5 },
  },
});

interface Answer {
  status: number;
  text: string;
}

async function send(token: string, body: unknown): Promise<Answer> {
  const response = await fetch(`${world.url}/mcp`, {
    method: "POST",
    headers: {
      ...{ "content-type": "application/json", accept: "application/json, text/event-stream" },
      ...{ "mcp-protocol-version": "2025-06-18", authorization: `Bearer ${token}` },
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

const message = (method: string, params: object = {}, id = 1) => ({ jsonrpc: "2.0", id, method, params });
const batch = (count: number) => Array.from({ length: count }, (_, id) => message("tools/list", {}, id));

const session = async (): Promise<string> => (await world.openSession(await world.createGrant())).token;

describe.each([
  ["lists of tools", () => message("tools/list")],
  ["introductions", () => message("ping")],
  ["calls of tools that there aren't", () => message("tools/call", { name: "__proto__", arguments: {} })],
])("a flood of %s", (_what, makeMessage) => {
  test("is refused with 429, and another session isn't", async () => {
    const [token, other] = [await session(), await session()];
    const answers: number[] = [];
    for (let sent = 0; sent < 22; sent += 1) answers.push((await send(token, makeMessage())).status);
    expect(answers).toEqual([...Array.from({ length: 20 }, () => 200), 429, 429]);
    expect((await send(other, makeMessage())).status).toBe(200);
    // Calls count by themselves.
    const called = await send(token, message("tools/call", { name: "flow_status", arguments: {} }));
    expect([called.status, called.text.includes('"isError":true')]).toEqual([200, false]);
  });
});

test("each message of a batch counts, and a batch of more than ten is refused as a whole", async () => {
  const token = await session();
  const large = await send(token, batch(11));
  expect([large.status, large.text]).toEqual([400, expect.stringContaining("at most 10 messages")]);
  expect((await send(token, batch(10))).status).toBe(200);
  expect((await send(token, batch(10))).status).toBe(200);
  expect((await send(token, message("tools/list"))).status).toBe(429);
});

test("a message that nests without end is refused, and no failure of ours", async () => {
  const call = JSON.stringify(message("tools/call", { name: "flow_status", arguments: {} }));
  const deep = `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`;
  const answer = await send(await session(), call.replace("{}", deep));
  expect([answer.status, answer.text]).toEqual([400, expect.stringContaining("deeper than 200")]);
});

test("made-up tokens of sessions are counted by their address, each of them new or not", async () => {
  const made = (): string => mintToken("agent_session").token;
  const answers: number[] = [];
  for (let sent = 0; sent < 7; sent += 1) answers.push((await send(made(), message("tools/list"))).status);
  expect(answers).toEqual([200, 200, 200, 200, 200, 429, 429]);
  expect((await send(made(), batch(2))).status).toBe(429);
});
