import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Running } from "../../../src/app/server.ts";
import { startTollfree } from "../../../src/app/server.ts";
import { call, expectRefused, expectSuccess } from "../../support/call.ts";
import type { Answer, TestServer } from "../../support/server.ts";
import { startTestServer } from "../../support/server.ts";
import type { Upstream } from "../../support/upstream.ts";
import { startUpstream } from "../../support/upstream.ts";
import { createSponsor, INPUT_SCHEMA } from "../../support/world.ts";

let server: TestServer;
/** The same server as it is in production: it calls no private addresses. */
let guarded: Running;
let upstream: Upstream;
let sponsorKey: string;

beforeAll(async () => {
  server = await startTestServer();
  const upstreams = { ...server.options.upstreams, allowPrivate: false };
  guarded = await startTollfree({ ...server.options, upstreams });
  upstream = await startUpstream();
  sponsorKey = (await createSponsor(server.url)).key;
});
afterAll(async () => {
  await upstream.close();
  await guarded.stop();
  await server.close();
});
beforeEach(() => {
  upstream.seen.length = 0;
});

const register = (
  upstream_url: string,
  changes: Record<string, unknown> = {},
  url = guarded.url,
): Promise<Answer> =>
  call(
    url,
    "sponsor.registerApi",
    {
      service_key: "weather",
      name: "Weather",
      description: "Weather of a place",
      categories: ["weather"],
      upstream_url,
      upstream_method: "POST",
      price_cents: 2,
      input_schema: INPUT_SCHEMA,
      ...changes,
    },
    sponsorKey,
  );

/** Refused at its field, not called, and nothing is registered. */
async function expectRefusedAddress(answer: Answer): Promise<void> {
  const refused = expectRefused(answer, 400, "validation_error");
  expect(refused.field_errors).toMatchObject([{ path: "/upstream_url" }]);
  expect(upstream.seen).toEqual([]);
  expect(await server.deps.db.sponsoredApi.count()).toBe(0);
}

describe("an address that isn't public", () => {
  const at = (host: string): string => `http://${host}:${new URL(upstream.url("honest")).port}/honest`;

  test.each([
    ...[
      "127.0.0.1",
      "127.1",
      "2130706433",
      "0x7f000001",
      "0x7f.0.0.1",
      "0177.0.0.1",
      "127.0.0.1.",
      "localhost",
    ],
    ...[
      "[::1]",
      "[::]",
      "[::ffff:127.0.0.1]",
      "[::ffff:7f00:1]",
      "[0:0:0:0:0:ffff:7f00:0001]",
      "[::127.0.0.1]",
    ],
    ...["0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "198.18.0.1"],
    ...["224.0.0.1", "255.255.255.255", "[fe80::1]", "[fc00::1]", "[fec0::1]", "[2002:7f00:1::1]"],
    ...["[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]"],
  ])("%s is refused, and not called, also where pay_to is known", async (host) => {
    await expectRefusedAddress(await register(at(host)));
    await expectRefusedAddress(await register(at(host), { pay_to: upstream.payTo }));
  });

  test.each([
    "ftp://example.com/x",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "//example.com",
    "http://",
    "here",
  ])("%s is no address at all", async (url) => expectRefusedAddress(await register(url, {}, server.url)));

  test("credentials in it are refused, wherever it leads", async () => {
    await expectRefusedAddress(await register(at("user:pass@127.0.0.1"), {}, server.url));
    await expectRefusedAddress(await register("https://user@example.com/"));
  });

  test("is called where the operator allows it", async () => {
    expectSuccess(await register(at("[::ffff:127.0.0.1]"), {}, server.url));
    expect(upstream.seen).toHaveLength(1);
  });
});
