import dns from "node:dns";
import type { LookupFunction } from "node:net";
import net from "node:net";
import ipaddr from "ipaddr.js";
import { Agent, fetch } from "undici";
import { inSpan } from "../core/ports/tracing.ts";
import type {
  UpstreamAnswer,
  UpstreamClient,
  UpstreamFailure,
  UpstreamRequest,
} from "../core/ports/upstream.ts";

/** An answer larger than this is cut off. */
const MAX_ANSWER_BYTES = 2_000_000;
const CONNECT_TIMEOUT_MS = 5_000;

export interface UpstreamPolicy {
  /** Lets upstreams live on loopback and private addresses. */
  allowPrivate: boolean;
  /** Origins that may always be called, such as the sandbox's own upstreams. */
  allowedOrigins: readonly string[];
  /** In production, only https. */
  httpsOnly: boolean;
}

class BlockedError extends Error {}

/** All of IPv6 that is in public use. Outside it, `unicast` also names old ways to write IPv4, such as `::127.0.0.1`. */
const PUBLIC_IPV6 = ipaddr.IPv6.parseCIDR("2000::/3");

/** Whether an address is on the public internet; IPv4 in IPv6 clothes counts as what it is. */
function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return parsed.range() === "unicast" && (parsed instanceof ipaddr.IPv4 || parsed.match(PUBLIC_IPV6));
}

/**
 * Calls upstreams, whose URLs sponsors choose: safe against SSRF (every resolved address is checked when
 * connecting, so a name can't change its mind), redirects, slow and huge answers. Failures are results.
 */
export class UpstreamFetch implements UpstreamClient {
  readonly #policy: UpstreamPolicy;
  readonly #guarded: Agent;
  readonly #open: Agent;

  constructor(policy: UpstreamPolicy) {
    this.#policy = policy;
    const limits = { maxResponseSize: MAX_ANSWER_BYTES, headersTimeout: 0, bodyTimeout: 0 };
    this.#guarded = new Agent({ ...limits, connect: { lookup: publicLookup, timeout: CONNECT_TIMEOUT_MS } });
    this.#open = new Agent({ ...limits, connect: { timeout: CONNECT_TIMEOUT_MS } });
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
    const signal = AbortSignal.timeout(request.timeoutMs);
    let connected = false;
    try {
      const dispatcher = this.#dispatcherFor(new URL(request.url));
      const response = await fetch(request.url, {
        method: request.method,
        // Compressed answers could unfold into any size; those that come compressed all the same are counted unfolded.
        headers: { ...request.headers, "accept-encoding": "identity" },
        ...(request.body !== undefined && { body: request.body }),
        redirect: "manual",
        dispatcher,
        signal,
      });
      connected = true;
      const body = await readCapped(response.body);
      return {
        kind: "answer",
        status: response.status,
        headers: Object.fromEntries(response.headers),
        body,
        elapsedMs: performance.now() - started,
      };
    } catch (error) {
      if (signal.aborted) return { kind: "timeout", elapsedMs: performance.now() - started };
      return failureOf(error, connected);
    }
  }

  #dispatcherFor(url: URL): Agent {
    if (url.username !== "" || url.password !== "") throw new BlockedError("credentials in the URL");
    if (this.#policy.allowedOrigins.includes(url.origin)) return this.#open;
    if (
      url.protocol !== "https:" &&
      !(url.protocol === "http:" && (!this.#policy.httpsOnly || this.#policy.allowPrivate))
    ) {
      throw new BlockedError(`the scheme ${url.protocol}`);
    }
    if (this.#policy.allowPrivate) return this.#open;
    // A literal address never reaches the lookup. URL has already read decimal, hex and octal forms.
    const host = url.hostname.replace(/^\[|\]$/g, "");
    if (net.isIP(host) !== 0 && !isPublicAddress(host)) throw new BlockedError(`the address ${host}`);
    return this.#guarded;
  }

  async close(): Promise<void> {
    await Promise.all([this.#guarded.close(), this.#open.close()]);
  }
}

/** @throws if the body is larger than we take, as it is after decoding */
async function readCapped(stream: AsyncIterable<Uint8Array> | null): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error("the answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const publicLookup: LookupFunction = (hostname, options, callback) => {
  dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) {
      callback(error, "");
      return;
    }
    const blocked = addresses.find(({ address }) => !isPublicAddress(address));
    const [first] = addresses;
    if (blocked !== undefined || first === undefined) {
      callback(new BlockedError(`an address of ${hostname}`), "");
    } else if (options.all === true) {
      callback(null, addresses);
    } else {
      callback(null, first.address, first.family);
    }
  });
};

/** Codes that say that no connection was made, so nothing was sent. */
const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

function failureOf(error: unknown, connected: boolean): UpstreamFailure {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof BlockedError) return { kind: "blocked", reason: cause.message };
    const code = "code" in cause ? String(cause.code) : "";
    if (!connected && UNREACHABLE.has(code)) return { kind: "unreachable", reason: code };
  }
  const last = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return { kind: "cut", reason: last instanceof Error && "code" in last ? String(last.code) : "broken off" };
}
