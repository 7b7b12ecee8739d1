import { fileURLToPath } from "node:url";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { describe, expect, test } from "vitest";
import { useForeignPage } from "../support/browser.ts";
import { balanceOf, mint } from "../support/chain.ts";
import { ADMIN_KEY } from "../support/server.ts";
import type * as Script from "./page-script.ts";
import { useClientWorld } from "./use-client-world.ts";

/** Web pages of another origin, in a real browser. */
const world = useClientWorld();
const page = useForeignPage(fileURLToPath(new URL("page-script.ts", import.meta.url)));

type Calls = typeof Script;
const call = <Name extends keyof Calls>(
  name: Name,
  argument: Parameters<Calls[Name]>[0],
): ReturnType<Calls[Name]> => page.call(name, argument) as ReturnType<Calls[Name]>;

const request = (path: string, init: RequestInit = {}, names: string[] = []): ReturnType<Calls["request"]> =>
  call("request", { url: `${world.url}${path}`, init, names });

test("the typed client finishes the flow", async () => {
  const { service } = await world.sponsorService();
  const { url, grant } = world;
  const result = await call("finishFlow", {
    ...{ url, service, apiKey: grant.agent_key, userId: grant.subject },
    answers: { score: 4 },
  });
  expect(result).toMatchObject({
    output: { echo: { n: 3 } },
    state: "service_ready",
    afterwards: "session_revoked",
  });
  expect(result.found).toContain(service);
  expect(world.upstream.paid().map(({ body }) => body)).toEqual(['{"n":3}']);
});

describe("a stock x402 client", () => {
  const MICROS = 1_000_000n;

  test.each([
    ["an input", '{"input":{"n":7}}', { n: 7 }],
    ["no body", null, {}],
  ])("buys with %s, and can read the receipt", async (_what, body, echo) => {
    const service = await world.registerService(world.sponsor.key);
    const privateKey = generatePrivateKey();
    const address = privateKeyToAddress(privateKey);
    await mint(address, MICROS);
    const bought = await call("buy", { url: `${world.url}/proxy/${service}/run`, privateKey, body });
    expect(bought).toMatchObject({ status: 200, output: { echo }, receipt: { success: true } });
    expect(MICROS - (await balanceOf(address))).toBe(20_000n);
  });
});

test.each(["list", "stream"] as const)("tRPC's own client sends a batch (%s)", async (link) => {
  const { token } = await world.openSession(world.grant);
  const result = await call("batch", { url: world.url, token, link });
  expect(result).toEqual({ state: "authenticated", refused: "unauthorized" });
});

test("a page can read refusals, with the headers that say what to do", async () => {
  const names = ["WWW-Authenticate", "X-Request-Id"];
  const refused = await request("/agent/flow/status", {}, names);
  expect(refused).toMatchObject({
    status: 401,
    body: { error_code: "unauthorized" },
    headers: ["Bearer", expect.stringMatching(/.{36}/)],
  });
  const { token } = await world.openSession(world.grant);
  const authorization = { authorization: `Bearer ${token}`, "idempotency-key": "k1" };
  const limited = ["RateLimit", "RateLimit-Policy"];
  const answer = await request("/agent/flow/status", { headers: authorization }, limited);
  expect(answer).toMatchObject({ status: 200, headers: limited.map(() => expect.any(String) as string) });
});

test("a page can read the documents", async () => {
  expect(await request("/openapi.json")).toMatchObject({ status: 200, body: { openapi: "3.1.0" } });
  expect(await request("/discovery/resources")).toMatchObject({ status: 200, body: { x402Version: 2 } });
});

test("a page can't use the key of a sponsor or an administrator", async () => {
  const bearer = (token: string) => ({
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
  });
  const body = JSON.stringify({ name: "From a page" });
  for (const [path, init] of [
    ["/admin/sponsors", { method: "POST", headers: bearer(ADMIN_KEY), body }],
    ["/trpc/admin.createSponsor", { method: "POST", headers: bearer(ADMIN_KEY), body }],
    ["/sponsor/apis", { headers: bearer(world.sponsor.key) }],
    ["/trpc/sponsor.listApis", { headers: bearer(world.sponsor.key) }],
    ["/trpc/agent.flowStatus,sponsor.listApis?batch=1", { headers: bearer(world.sponsor.key) }],
  ] as const)
    expect(await request(path, init), path).toBe("TypeError");
  expect(await world.db.sponsor.count({ where: { name: "From a page" } })).toBe(0);
});
