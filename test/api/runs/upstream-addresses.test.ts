import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { Caller } from "../../support/caller.ts";
import { INPUT_SCHEMA } from "../../support/caller.ts";
import type { Answer } from "../../support/server.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld({ upstreamFor: "all tests" });
/** A replica that calls no private addresses, as a server in production. */
let guarded: Caller;
let sponsorKey: string;

beforeAll(async () => {
  const upstreams = { ...world.server.options.upstreams, allowPrivate: false };
  ({ caller: guarded } = await world.startReplica({ upstreams }));
  sponsorKey = (await world.createSponsor()).key;
});
beforeEach(() => {
  world.upstream.seen.length = 0;
});

const inspect = (upstream_url: string, caller = guarded): Promise<Answer> =>
  caller.call("sponsor.inspectUpstream", { upstream_url }, sponsorKey);

const register = (
  upstream_url: string,
  changes: Record<string, unknown> = {},
  caller = guarded,
): Promise<Answer> =>
  caller.call(
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

/** Expects a refusal that names the address. The upstream isn't called, and nothing is registered. */
async function expectRefusedAddress(answer: Answer): Promise<void> {
  const refused = expectRefused(answer, 400, "validation_error");
  expect(refused.field_errors).toMatchObject([{ path: "/upstream_url" }]);
  expect(world.upstream.seen).toEqual([]);
  expect(await world.db.sponsoredApi.count()).toBe(0);
}

describe("an upstream's address", () => {
  const at = (host: string): string => `http://${host}:${new URL(world.upstream.url("honest")).port}/honest`;

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
  ])("the private address %s is refused and not called, also with a known pay_to", async (host) => {
    await expectRefusedAddress(await register(at(host)));
    await expectRefusedAddress(await register(at(host), { pay_to: world.upstream.payTo }));
  });

  test.each(["127.0.0.1", "0x7f000001", "[::ffff:127.0.0.1]", "169.254.169.254", "10.0.0.1"])(
    "an address that is only looked at, %s, is refused and not called",
    async (host) => expectRefusedAddress(await inspect(at(host))),
  );

  test.each([
    "ftp://example.com/x",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "//example.com",
    "http://",
    "here",
  ])("%s is refused, since it is no http address", async (url) =>
    expectRefusedAddress(await register(url, {}, world)),
  );

  test("an address with credentials is refused, whether it is private or public", async () => {
    await expectRefusedAddress(await register(at("user:pass@127.0.0.1"), {}, world));
    await expectRefusedAddress(await register("https://user@example.com/"));
  });

  test("a private address is called where the operator allows private addresses", async () => {
    expectSuccess(await register(at("[::ffff:127.0.0.1]"), {}, world));
    expect(world.upstream.seen).toHaveLength(1);
  });
});
