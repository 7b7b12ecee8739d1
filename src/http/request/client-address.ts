import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

type Range = ReturnType<typeof ipaddr.parseCIDR>;

/** Where a request comes from. */
export type ClientAddress = (req: Pick<IncomingMessage, "socket" | "headers">) => string;

/** An IPv6 client owns its /64 and could send every request from another address of it. */
const IPV6_CLIENT_BITS = 64;

/**
 * Tells where a request comes from. `X-Forwarded-For` is believed as far as trusted proxies wrote it: from the right,
 * up to and including the first address that isn't one of theirs.
 * @param trustedProxies addresses and CIDR ranges
 */
export function createClientAddress(trustedProxies: readonly string[]): ClientAddress {
  const ranges = trustedProxies.map(toRange);
  const isTrusted = (address: string): boolean => {
    const parsed = ipaddr.process(address);
    return ranges.some(([network, bits]) => parsed.kind() === network.kind() && parsed.match(network, bits));
  };
  return ({ socket, headers }) => {
    let address = socket.remoteAddress ?? ""; // a socket that is gone has none
    const hops = String(headers["x-forwarded-for"] ?? "").split(",");
    while (isIP(address) !== 0 && isTrusted(address)) {
      const hop = hops.pop()?.trim() ?? "";
      if (isIP(hop) === 0) break;
      address = hop;
    }
    return isIP(address) !== 0 ? canonical(address) : address;
  };
}

/** An address, or a range of them, as it is configured. @throws Error for anything else */
function toRange(text: string): Range {
  if (text.includes("/")) return ipaddr.parseCIDR(text);
  const address = ipaddr.process(text);
  return [address, address.kind() === "ipv4" ? 32 : 128];
}

function canonical(address: string): string {
  const parsed = ipaddr.process(address);
  return parsed.kind() === "ipv4"
    ? parsed.toString()
    : ipaddr.IPv6.networkAddressFromCIDR(`${address.split("%")[0] ?? ""}/${IPV6_CLIENT_BITS}`).toString();
}
