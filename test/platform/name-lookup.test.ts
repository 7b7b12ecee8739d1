import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { NameLookup } from "../../src/platform/name-lookup.ts";
import { UpstreamFetch } from "../../src/platform/upstream-fetch.ts";
import { atOnce } from "../support/at-once.ts";
import type { NameServer } from "../support/name-server.ts";
import { startNameServer } from "../support/name-server.ts";

let dns: NameServer;
let names: NameLookup;
const time = { ms: 1_000, now: () => time.ms };

beforeEach(async () => {
  dns = await startNameServer();
  names = new NameLookup({ servers: [dns.address], clock: time });
  return async () => {
    names.close();
    await dns.close();
  };
});

describe("a name's addresses", () => {
  const LOOPBACK = [{ address: "127.0.0.1", family: 4 }];
  const BOTH = ["198.51.100.7", "2001:db8::7", "198.51.100.8"];

  test("are all of both families, IPv4 first", async () => {
    dns.addresses = { "both.test": BOTH };
    expect(await names.addressesOf("both.test")).toEqual([
      { address: "198.51.100.7", family: 4 },
      { address: "198.51.100.8", family: 4 },
      { address: "2001:db8::7", family: 6 },
    ]);
  });

  test("are asked for once by many callers, and in any spelling", async () => {
    dns.addresses = { "both.test": BOTH };
    await atOnce(20, () => names.addressesOf("both.test"));
    await names.addressesOf("BOTH.test.");
    expect(dns.asked.sort()).toEqual(["A both.test", "AAAA both.test"]);
  });

  test.each([
    ["60 seconds as its server says", 60, 60],
    ["at least 5 seconds", 0, 5],
    ["at most 5 minutes", 1_000_000, 300],
  ])("are remembered for %s", async (_what, ttlSeconds, kept) => {
    Object.assign(dns, { ttlSeconds, addresses: { "moves.test": ["198.51.100.7"] } });
    await names.addressesOf("moves.test");
    dns.addresses = { "moves.test": ["198.51.100.8"] };
    time.ms += kept * 1000 - 1;
    expect(await names.addressesOf("moves.test")).toEqual([{ address: "198.51.100.7", family: 4 }]);
    time.ms += 2;
    expect(await names.addressesOf("moves.test")).toEqual([{ address: "198.51.100.8", family: 4 }]);
  });

  test("are ENOTFOUND for a name that doesn't exist, which is remembered for 5 seconds", async () => {
    await expect(names.addressesOf("none.test")).rejects.toMatchObject({ code: "ENOTFOUND" });
    dns.addresses = { "none.test": ["198.51.100.7"] };
    time.ms += 4_999;
    await expect(names.addressesOf("none.test")).rejects.toMatchObject({ code: "ENOTFOUND" });
    time.ms += 2;
    expect(await names.addressesOf("none.test")).toEqual([{ address: "198.51.100.7", family: 4 }]);
  });

  test("are EAI_AGAIN for a name whose server doesn't answer, which is given up and remembered", async () => {
    await expect(names.addressesOf("never.slow")).rejects.toMatchObject({ code: "EAI_AGAIN" });
    const asked = dns.asked.length;
    await expect(names.addressesOf("never.slow")).rejects.toMatchObject({ code: "EAI_AGAIN" });
    expect(dns.asked).toHaveLength(asked);
  });

  test.each(["localhost", "api.localhost", "LOCALHOST."])("%s is known without DNS", async (name) => {
    expect(await names.addressesOf(name)).toEqual(expect.arrayContaining(LOOPBACK));
    expect(dns.asked).toEqual([]);
  });
});

describe("upstreams by name", () => {
  /** A server that counts its requests, and a client that finds it by its names. */
  async function startUpstream(allowPrivate: boolean) {
    let requests = 0;
    const server = createServer((_req, res) => {
      requests += 1;
      res.end("here");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const client = new UpstreamFetch({
      ...{ allowPrivate, allowedOrigins: [], httpsOnly: false },
      nameServers: [dns.address],
    });
    onTestFinished(async () => {
      await client.close();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const get = (host: string) =>
      client.request({
        ...{ method: "GET" as const, url: `http://${host}:${port}/`, headers: {} },
        ...{ timeoutMs: 30_000, confidential: [] },
      });
    return { get, requests: () => requests };
  }

  test("given 8 calls to names that aren't answered for, a call to another name goes through meanwhile", async () => {
    dns.addresses = { "fast.test": ["127.0.0.1"] };
    const { get } = await startUpstream(true);
    let ended = 0;
    const hosts = Array.from({ length: 8 }, (_, index) => `n${index}.slow`);
    const slow = hosts.map((host) => get(host).finally(() => (ended += 1)));
    await dns.arrived(hosts);
    expect(await get("fast.test")).toMatchObject({ kind: "answer", status: 200 });
    expect(await get("localhost")).toMatchObject({ kind: "answer", status: 200 });
    expect(ended).toBe(0);
    for (const answer of await Promise.all(slow))
      expect(answer).toEqual({ kind: "unreachable", reason: "EAI_AGAIN" });
  });

  test.each([
    ["private", ["127.0.0.1"]],
    ["private in IPv6", ["::1"]],
    ["private and written as IPv6", ["::ffff:127.0.0.1"]],
    ["public and private", ["198.51.100.7", "127.0.0.1"]],
    ["public in IPv4 and private in IPv6", ["8.8.8.8", "::1"]],
  ])("a name whose addresses are %s is refused and not called", async (_what, addresses) => {
    dns.addresses = { "inside.test": addresses };
    const { get, requests } = await startUpstream(false);
    for (const _ of ["asked", "remembered"])
      expect(await get("inside.test")).toEqual({ kind: "blocked", reason: "an address of inside.test" });
    expect(requests()).toBe(0);
  });
});
