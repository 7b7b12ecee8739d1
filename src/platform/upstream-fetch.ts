import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import net from "node:net";
import ipaddr from "ipaddr.js";
import { Agent, request as sendRequest } from "undici";
import { inSpan } from "../core/ports/tracing.ts";
import type {
  LastingProblem,
  UpstreamAnswer,
  UpstreamClient,
  UpstreamFailure,
  UpstreamRequest,
} from "../core/ports/upstream.ts";
import { NameError, NameLookup } from "./name-lookup.ts";
import { decodeBody, readBody } from "./upstream-body.ts";

/** A larger response is cut off. */
const MAX_RESPONSE_BYTES = 2_000_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** A body that nobody reads is dropped. A short one is waited for, so that the connection can be used again. */
const DROPPED = { bytes: 1_024, ms: 250 };

export interface UpstreamPolicy {
  /** Allows upstreams on loopback and private addresses. */
  allowPrivate: boolean;
  /** Origins that may always be called, such as the sandbox's own upstreams. */
  allowedOrigins: readonly string[];
  /** Allows only https. True in production. */
  httpsOnly: boolean;
  /** Addresses of DNS servers. Default: the system's. */
  nameServers?: readonly string[];
}

class BlockedError extends Error {}

/**
 * The public part of IPv6. Outside it, ipaddr.js also calls old notations of IPv4 `unicast`, such as
 * `::127.0.0.1`.
 */
const PUBLIC_IPV6 = ipaddr.IPv6.parseCIDR("2000::/3");

/** Whether an address is on the public internet. An IPv4 address mapped into IPv6 is judged as IPv4. */
function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return parsed.range() === "unicast" && (parsed instanceof ipaddr.IPv4 || parsed.match(PUBLIC_IPV6));
}

/**
 * Calls upstreams. Sponsors choose the URLs, so this class protects against SSRF, redirects, slow responses
 * and huge responses. Against SSRF, each resolved address is checked at the moment of connecting: a DNS name
 * can't pass the check with one address and then connect to another. Failures are returned, not thrown.
 */
export class UpstreamFetch implements UpstreamClient {
  readonly #policy: UpstreamPolicy;
  readonly #names: NameLookup;
  /** Connects to public addresses only. */
  readonly #publicOnly: Agent;
  /** Connects to any address. */
  readonly #unrestricted: Agent;

  constructor(policy: UpstreamPolicy) {
    this.#policy = policy;
    this.#names = new NameLookup({ servers: policy.nameServers });
    const agent = (checkAddress: (address: string) => boolean): Agent =>
      new Agent({
        ...{ headersTimeout: 0, bodyTimeout: 0 },
        connect: { lookup: lookUpWith(this.#names, checkAddress), timeout: CONNECT_TIMEOUT_MS },
      });
    this.#publicOnly = agent(isPublicAddress);
    this.#unrestricted = agent(() => true);
  }

  request(request: UpstreamRequest): Promise<UpstreamAnswer | UpstreamFailure> {
    return inSpan("upstream", { "http.request.method": request.method }, async (span) => {
      const answer = await this.#request(request);
      span.setAttribute("outcome", answer.kind);
      if (answer.kind === "answer") span.setAttribute("http.response.status_code", answer.status);
      return answer;
    });
  }

  async #request(request: UpstreamRequest): Promise<UpstreamAnswer | UpstreamFailure> {
    const started = performance.now();
    const elapsed = (): number => performance.now() - started;
    const signal = AbortSignal.timeout(request.timeoutMs);
    let answer;
    try {
      const dispatcher = this.#dispatcherFor(new URL(request.url));
      // It never follows redirects, unlike `fetch`.
      answer = await sendRequest(request.url, {
        method: request.method,
        // A compressed response could expand to any size. If one comes anyway, it is decompressed up to the
        // same limit.
        headers: { "user-agent": "tollfree", ...lowerCased(request.headers), "accept-encoding": "identity" },
        ...(request.body !== undefined && { body: request.body }),
        dispatcher,
        signal,
      });
    } catch (error) {
      if (signal.aborted) return { kind: "timeout", elapsedMs: elapsed() };
      return failureOf(error, false);
    }
    if (request.reads === "status") {
      await answer.body
        .dump({ limit: DROPPED.bytes, signal: AbortSignal.timeout(DROPPED.ms) })
        .catch(() => undefined);
      answer.body.destroy();
      const { statusCode: status } = answer;
      return {
        kind: "answer",
        status,
        headers: {},
        body: Buffer.alloc(0),
        truncated: true,
        elapsedMs: elapsed(),
      };
    }
    const received = await readBody(answer.body, MAX_RESPONSE_BYTES);
    answer.body.destroy();
    if (received.ended instanceof Error && received.bytes.length === 0)
      return signal.aborted ? { kind: "timeout", elapsedMs: elapsed() } : failureOf(received.ended, true);

    const headers = joined(answer.headers);
    const decoded = await decodeBody(received, headers["content-encoding"] ?? "", MAX_RESPONSE_BYTES);
    return {
      kind: "answer",
      status: answer.statusCode,
      headers,
      body: decoded?.bytes ?? received.bytes,
      truncated: (decoded ?? received).ended !== undefined,
      ...(decoded === undefined && { encoding: headers["content-encoding"] ?? "" }),
      elapsedMs: elapsed(),
    };
  }

  refusalOf(url: string): string | undefined {
    try {
      this.#dispatcherFor(new URL(url));
      return undefined;
    } catch (error) {
      return error instanceof BlockedError ? error.message : "no URL";
    }
  }

  /** @throws BlockedError if the policy forbids the URL */
  #dispatcherFor(url: URL): Agent {
    if (url.username !== "" || url.password !== "") throw new BlockedError("credentials in the URL");
    if (this.#policy.allowedOrigins.includes(url.origin)) return this.#unrestricted;
    if (
      url.protocol !== "https:" &&
      !(url.protocol === "http:" && (!this.#policy.httpsOnly || this.#policy.allowPrivate))
    ) {
      throw new BlockedError(`the scheme ${url.protocol}`);
    }
    if (this.#policy.allowPrivate) return this.#unrestricted;
    // A literal address is not looked up, so it is checked here. `URL` has normalised decimal, hex and octal
    // notations.
    const host = url.hostname.replace(/^\[|\]$/g, "");
    if (net.isIP(host) !== 0 && !isPublicAddress(host)) throw new BlockedError(`the address ${host}`);
    return this.#publicOnly;
  }

  async close(): Promise<void> {
    this.#names.close();
    await Promise.all([this.#publicOnly.close(), this.#unrestricted.close()]);
  }
}

/** Header names are case-insensitive, so that a sponsor's own header replaces ours. */
const lowerCased = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** Headers that came several times, as one value each. */
const joined = (headers: Record<string, string | string[] | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(", ")]));

/**
 * A lookup as sockets want it. The socket connects to the addresses that were checked, and doesn't look the name up again.
 * It fails if one of the name's addresses isn't allowed.
 */
const lookUpWith =
  (names: NameLookup, isAllowed: (address: string) => boolean): LookupFunction =>
  (hostname, options, callback) => {
    const answer = (addresses: readonly LookupAddress[]): void => {
      const wanted = addresses.filter(
        ({ family }) => ![4, 6].includes(Number(options.family)) || family === options.family,
      );
      const [first] = wanted;
      if (addresses.some(({ address }) => !isAllowed(address)))
        callback(new BlockedError(`an address of ${hostname}`), "");
      else if (first === undefined) callback(new NameError("ENOTFOUND", hostname), "");
      else if (options.all === true) callback(null, [...wanted]);
      else callback(null, first.address, first.family);
    };
    names.addressesOf(hostname).then(answer, (error: unknown) => callback(error as NameError, ""));
  };

/** Error codes that mean that no connection was made, so nothing was sent. */
const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** Error codes of a certificate that isn't accepted. It is checked before the request is sent. */
const BAD_CERTIFICATE =
  /^(CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|ERR_TLS_CERT|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/;
/** Error codes of TLS itself. */
const TLS_FAILURE = /^(ERR_SSL_|ERR_TLS_|EPROTO$)/;

/** @param connected whether response headers had arrived */
function failureOf(error: unknown, connected: boolean): UpstreamFailure {
  const causes: Error[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) causes.push(cause);
  const blocked = causes.find((cause) => cause instanceof BlockedError);
  if (blocked !== undefined) return { kind: "blocked", reason: blocked.message };

  const codes = causes.flatMap((cause) => ("code" in cause ? [String(cause.code)] : []));
  const unreachable = codes.find((code) => UNREACHABLE.has(code));
  if (!connected && unreachable !== undefined) return { kind: "unreachable", reason: unreachable };
  const certificate = codes.find((code) => BAD_CERTIFICATE.test(code));
  if (!connected && certificate !== undefined)
    return { kind: "unreachable", reason: certificate, problem: "tls" };
  const problem = codes.map(lastingProblem).find((found) => found !== undefined);
  return { kind: "cut", reason: codes.at(-1) ?? "broken off", ...(problem !== undefined && { problem }) };
}

function lastingProblem(code: string): LastingProblem | undefined {
  if (TLS_FAILURE.test(code)) return "tls";
  return code === "UND_ERR_HEADERS_OVERFLOW" ? "headers_too_large" : undefined;
}
