import type { IncomingMessage } from "node:http";
import type { RequestHandler } from "express";
import proxyaddr from "proxy-addr";

/** `Host` as the names of this machine that no DNS server can point elsewhere. */
export const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/;

/** Headers that proxies and tunnels add. None of them says that there is no proxy, so this is one check of several. */
const FORWARDING_HEADER =
  /^(forwarded|via|x-forwarded.*|x-original-.*|x-proxy.*|x-envoy-.*|x-appengine-.*|cf-.*|cdn-.*|fly-.*|ngrok-.*|tailscale-.*|(.*-)?(client|real|connecting|remote)-?(ip|addr))$/;

/** Tells whether a request comes from a person or program on this machine. */
export type IsLocal = (req: {
  socket: Pick<IncomingMessage["socket"], "remoteAddress">;
  headers: IncomingMessage["headers"];
}) => boolean;

/**
 * Makes the check for what only callers on this machine may use. A request is local if all of this holds:
 *
 * - its connection comes from a loopback address, or from one of `peers`;
 * - no proxy or tunnel says that it forwards for somebody else;
 * - `Host` is a loopback address or `localhost`, so no foreign name leads here (DNS rebinding);
 * - `Origin` is absent or our own, so no page of another site sends it.
 *
 * @param peers addresses and CIDR ranges of further peers, such as the bridge of a container whose port is published
 *   on the host's loopback address
 */
export function createIsLocal(peers: readonly string[]): IsLocal {
  const isPeer = proxyaddr.compile(["loopback", ...peers]);
  return ({ socket, headers }) =>
    isPeer(socket.remoteAddress ?? "", 0) &&
    !Object.keys(headers).some((name) => FORWARDING_HEADER.test(name)) &&
    LOOPBACK_HOST.test(headers.host ?? "") &&
    (headers.origin === undefined || headers.origin === `http://${headers.host ?? ""}`);
}

/** Hides the routes after it from all other callers: for them there is nothing, as outside the sandbox. */
export const localOnly = (isLocal: IsLocal): RequestHandler => {
  return (req, _res, next) => next(isLocal(req) ? undefined : "router");
};
