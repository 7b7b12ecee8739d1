import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import proxyaddr from "proxy-addr";

/** Returns the address that a request comes from. An IPv6 client is its /64 network. */
export type ClientAddress = (req: IncomingMessage) => string;

/** An IPv6 client owns its /64, and could send every request from another address in it. */
const IPV6_CLIENT_BITS = 64;

/**
 * Makes the function that tells where a request comes from. It reads `X-Forwarded-For` as Express's `trust proxy` does
 * (same package): from the right, up to the first address that isn't a trusted proxy's. Some proxies add a port to an
 * address; the port is ignored. Falls back to the connection's own address where the header holds no address.
 *
 * @param trustedProxies addresses and CIDR ranges; others' `X-Forwarded-For` is ignored
 */
export function createClientAddress(trustedProxies: readonly string[]): ClientAddress {
  const isTrusted = proxyaddr.compile([...trustedProxies]);
  /** Of connections whose requests name no other address. */
  const known = new WeakMap<IncomingMessage["socket"], string>();

  const find: ClientAddress = (req) => {
    const forwarded = withoutPort(proxyaddr(req, (hop, index) => isTrusted(withoutPort(hop), index)));
    const address = isIP(forwarded) === 0 ? (req.socket.remoteAddress ?? "") : forwarded;
    return isIP(address) === 0 ? "" : canonical(address);
  };

  return (req) => {
    if (req.headers["x-forwarded-for"] !== undefined) return find(req);
    let address = known.get(req.socket);
    if (address === undefined) known.set(req.socket, (address = find(req)));
    return address;
  };
}

/** @example withoutPort("[2001:db8::1]:443") // "2001:db8::1" */
function withoutPort(hop: string | undefined): string {
  const [, ipv6, ipv4] = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/.exec(hop ?? "") ?? [];
  return ipv6 ?? ipv4 ?? hop ?? "";
}

/** IPv4, also where it is mapped into IPv6; or the /64 of an IPv6 address, without its interface. */
function canonical(address: string): string {
  const parsed = ipaddr.process(address);
  return parsed.kind() === "ipv4"
    ? parsed.toString()
    : ipaddr.IPv6.networkAddressFromCIDR(`${address.split("%")[0] ?? ""}/${IPV6_CLIENT_BITS}`).toString();
}
