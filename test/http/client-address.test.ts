import type { IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import { createClientAddress } from "../../src/http/request/client-address.ts";

const PROXIES = ["10.0.0.0/8", "192.0.2.1", "2001:db8:f::/48"];

function addressOf(peer: string | undefined, forwardedFor?: string | string[], trusted = PROXIES): string {
  const headers = forwardedFor === undefined ? {} : { "x-forwarded-for": forwardedFor };
  const request = { socket: { remoteAddress: peer }, headers } as unknown as IncomingMessage;
  return createClientAddress(trusted)(request);
}

describe("the address of a client", () => {
  test.each([
    ["the peer's if no proxy is trusted", "203.0.113.5", "198.51.100.7", [], "203.0.113.5"],
    ["the peer's if the peer isn't a trusted proxy", "203.0.113.5", "198.51.100.7", PROXIES, "203.0.113.5"],
    ["the one that a trusted proxy names", "10.1.2.3", "198.51.100.7", PROXIES, "198.51.100.7"],
    [
      "the last untrusted one in a chain of trusted proxies",
      "192.0.2.1",
      "203.0.113.5, 10.9.9.9",
      PROXIES,
      "203.0.113.5",
    ],
    [
      "not one that the client put in front itself",
      "10.1.2.3",
      "1.1.1.1, 198.51.100.7",
      PROXIES,
      "198.51.100.7",
    ],
    ["the proxy's if it names no client", "10.1.2.3", undefined, PROXIES, "10.1.2.3"],
    ["the proxy's if it names no address", "10.1.2.3", "unknown", PROXIES, "10.1.2.3"],
    ["the proxy's if it names a number", "10.1.2.3", "7", PROXIES, "10.1.2.3"],
    [
      "plain IPv4 if it was written as IPv6",
      "::ffff:10.1.2.3",
      "::ffff:198.51.100.7",
      PROXIES,
      "198.51.100.7",
    ],
    ["the /64 network of an IPv6 address", "2001:db8:1:2:3:4:5:6", undefined, PROXIES, "2001:db8:1:2::"],
    ["the /64 network behind an IPv6 proxy", "2001:db8:f::1", "2001:db8:1:2::9", PROXIES, "2001:db8:1:2::"],
    ["a link-local IPv6 network without its interface", "fe80::1%eth0", undefined, PROXIES, "fe80::"],
    ["without the port that a proxy added", "10.1.2.3", "198.51.100.7:4711", PROXIES, "198.51.100.7"],
    ["without the port of an IPv6 address", "10.1.2.3", "[2001:db8:1:2::9]:443", PROXIES, "2001:db8:1:2::"],
    [
      "the one behind a trusted proxy that is named with a port",
      "10.1.2.3",
      "203.0.113.5, 10.9.9.9:80",
      PROXIES,
      "203.0.113.5",
    ],
    ["empty if the socket is closed", undefined, undefined, PROXIES, ""],
  ])("the address of a client is %s", (_what, peer, forwardedFor, trusted, expected) => {
    expect(addressOf(peer, forwardedFor, trusted)).toBe(expected);
  });
});
