import { describe, expect, test } from "vitest";
import { useWorld } from "../support/use-world.ts";

/**
 * Calls of the API don't pass Express, whose middlewares set the headers of all other answers. A request with an origin does, so
 * the same request with and without one shows whether anything is missing.
 */

const world = useWorld();

/** What only says when an answer was made, or is about the connection. */
const OF_THE_MOMENT = new Set(["date", "x-request-id", "ratelimit", "keep-alive", "connection"]);

async function headersOf(method: string, path: string, headers: Record<string, string>) {
  const { headers: all } = await fetch(world.url + path, { method, headers });
  return Object.fromEntries([...all].filter(([name]) => !OF_THE_MOMENT.has(name)));
}

describe.each([
  ["GET", "/agent/flow/status"],
  ["GET", "/agent/no-such-route"],
  ["OPTIONS", "/agent/auth"],
  ["GET", "/gpt/status"],
  ["GET", "/sponsor/apis"],
  ["GET", "/admin/users"],
  ["GET", "/proxy/no-such-service/run"],
  ["GET", "/trpc/agent.flowStatus"],
  ["GET", "/trpc/agent.flowStatus?batch=1"],
  ["OPTIONS", "/trpc/agent.flowStatus?batch=1"],
  ["GET", "/trpc/sponsor.listApis"],
])("%s %s", (method, path) => {
  test("has the same headers with and without an origin that is no other page's", async () => {
    const own = await headersOf(method, path, { origin: world.url });
    const none = await headersOf(method, path, {});
    expect(none).toEqual(own);
    expect(none).toMatchObject({
      "content-security-policy": "default-src 'none';frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    });
  });
});
