import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { createClientAddress } from "../../src/http/request/client-address.ts";

const PROXIES = ["10.0.0.0/8", "192.0.2.1", "2001:db8:f::/48"];

function addressOf(peer: string | undefined, forwardedFor?: string | string[], trusted = PROXIES): string {
  const headers = forwardedFor === undefined ? {} : { "x-forwarded-for": forwardedFor };
  const request = { socket: { remoteAddress: peer }, headers } as unknown as IncomingMessage;
  return createClientAddress(trusted)(request);
}

describe("where a request comes from", () => {
  it.each([
    ["the peer, where no proxy is trusted", "203.0.113.5", "198.51.100.7", [], "203.0.113.5"],
    ["the peer, where it isn't a trusted proxy", "203.0.113.5", "198.51.100.7", PROXIES, "203.0.113.5"],
    ["what a trusted proxy says", "10.1.2.3", "198.51.100.7", PROXIES, "198.51.100.7"],
    ["what the last of them says", "192.0.2.1", "203.0.113.5, 10.9.9.9", PROXIES, "203.0.113.5"],
    ["never what the client made up", "10.1.2.3", "1.1.1.1, 198.51.100.7", PROXIES, "198.51.100.7"],
    ["the proxy, where it says nothing", "10.1.2.3", undefined, PROXIES, "10.1.2.3"],
    ["the proxy, where it says nonsense", "10.1.2.3", "unknown", PROXIES, "10.1.2.3"],
    ["the proxy, where it says a number", "10.1.2.3", "7", PROXIES, "10.1.2.3"],
    ["IPv4 as what it is", "::ffff:10.1.2.3", "::ffff:198.51.100.7", PROXIES, "198.51.100.7"],
    ["IPv6 as its network", "2001:db8:1:2:3:4:5:6", undefined, PROXIES, "2001:db8:1:2::"],
    ["IPv6 behind IPv6", "2001:db8:f::1", "2001:db8:1:2::9", PROXIES, "2001:db8:1:2::"],
    ["link-local IPv6, without its interface", "fe80::1%eth0", undefined, PROXIES, "fe80::"],
    ["nothing, where the socket is gone", undefined, undefined, PROXIES, ""],
  ])("is %s", (_what, peer, forwardedFor, trusted, expected) => {
    expect(addressOf(peer, forwardedFor, trusted)).toBe(expected);
  });
});
