import type { LookupAddress } from "node:dns";
import { Resolver } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { LRUCache } from "lru-cache";

/** How many names are remembered. */
const MAX_NAMES = 1_000;
/** How long a name's addresses are used, whatever TTL its DNS server states. */
const TTL_SECONDS = { min: 5, max: 300 };
/** How long a name that doesn't exist, or wasn't answered for, isn't asked for again. */
const FAILURE_TTL_SECONDS = 5;
/** How long a name's DNS servers have for their answer. Less than connecting may take, so that the failure is remembered. */
const LOOKUP_MS = 4_000;
/** c-ares waits this long for the first answer, and longer each further time that it asks. */
const QUERY = { timeout: 1_000, tries: 3 };
const HOSTS_FILE = "/etc/hosts";

/** Why a name has no addresses, with the code that `dns.lookup` would give. */
export class NameError extends Error {
  /** `ENOTFOUND`: there is no such name. `EAI_AGAIN`: its DNS servers didn't answer in time, or failed. */
  readonly code: "ENOTFOUND" | "EAI_AGAIN";

  constructor(code: NameError["code"], name: string, cause?: unknown) {
    super(`${code} ${name}`, { cause });
    this.code = code;
  }
}

/** What a lookup brought, and for how long it holds. */
interface Found {
  result: LookupAddress[] | NameError;
  ttlSeconds: number;
}

export interface NameLookupOptions {
  /** Addresses of DNS servers, with ports where they aren't 53. Default: the system's. */
  servers?: readonly string[] | undefined;
  /** Milliseconds of a monotonic clock. Default: the process's. */
  clock?: { now(): number };
}

/**
 * Finds the addresses of host names that strangers choose. Unlike `dns.lookup`, it holds no thread while a DNS server is
 * slow (libuv has four, and all of the process needs them), gives up after 4 seconds, asks once for a name however many
 * callers wait for it, and remembers answers and failures. Names in `/etc/hosts` and `localhost` are known without DNS.
 */
export class NameLookup {
  readonly #servers: readonly string[] | undefined;
  readonly #known: LRUCache<string, Found["result"]>;
  /** Lookups under way. Each has a resolver of its own, so that it can be given up alone. */
  readonly #running = new Map<string, { resolver: Resolver; found: Promise<Found["result"]> }>();

  constructor({ servers, clock = performance }: NameLookupOptions = {}) {
    this.#servers = servers;
    this.#known = new LRUCache({ max: MAX_NAMES, ttlResolution: 0, perf: clock });
  }

  /**
   * All addresses of a name, IPv4 before IPv6.
   * @throws NameError if there are none, or none are known in time
   */
  async addressesOf(hostname: string): Promise<readonly LookupAddress[]> {
    const name = hostname.toLowerCase().replace(/\.$/, "");
    const result = this.#known.get(name) ?? (await this.#find(name));
    if (result instanceof NameError) throw result;
    return result;
  }

  /** Gives up what is under way. */
  close(): void {
    for (const { resolver } of this.#running.values()) resolver.cancel();
  }

  #find(name: string): Promise<Found["result"]> {
    const running = this.#running.get(name);
    if (running !== undefined) return running.found;
    const resolver = new Resolver(QUERY);
    if (this.#servers !== undefined) resolver.setServers(this.#servers);
    const found = this.#look(name, resolver)
      .then(({ result, ttlSeconds }) => {
        this.#known.set(name, result, { ttl: ttlSeconds * 1000 });
        return result;
      })
      .finally(() => this.#running.delete(name));
    this.#running.set(name, { resolver, found });
    return found;
  }

  async #look(name: string, resolver: Resolver): Promise<Found> {
    const local = await findLocally(name);
    if (local.length > 0) return { result: local, ttlSeconds: TTL_SECONDS.min };
    const timer = setTimeout(() => resolver.cancel(), LOOKUP_MS);
    const [ipv4, ipv6] = await Promise.allSettled([
      resolver.resolve4(name, { ttl: true }),
      resolver.resolve6(name, { ttl: true }),
    ]);
    clearTimeout(timer);
    const records = [
      ...(ipv4.status === "fulfilled" ? ipv4.value.map((record) => ({ ...record, family: 4 })) : []),
      ...(ipv6.status === "fulfilled" ? ipv6.value.map((record) => ({ ...record, family: 6 })) : []),
    ];
    if (records.length === 0) {
      const causes = [ipv4, ipv6].flatMap((ended) =>
        ended.status === "rejected" ? [ended.reason as unknown] : [],
      );
      const error = causes.every(saysThereIsNone)
        ? new NameError("ENOTFOUND", name)
        : new NameError("EAI_AGAIN", name, causes.at(0));
      return { result: error, ttlSeconds: FAILURE_TTL_SECONDS };
    }
    const shortest = Math.min(...records.map(({ ttl }) => ttl));
    return {
      result: records.map(({ address, family }) => ({ address, family })),
      ttlSeconds: Math.min(Math.max(shortest, TTL_SECONDS.min), TTL_SECONDS.max),
    };
  }
}

/** Whether a DNS server said that the name, or its addresses of this family, don't exist, or no server is asked for it. */
const saysThereIsNone = (error: unknown): boolean =>
  error instanceof Error &&
  "code" in error &&
  ["ENOTFOUND", "ENODATA", "EBADNAME"].includes(String(error.code));

/** The addresses of a name in the hosts file; of `localhost` and names below it in any case (RFC 6761). */
async function findLocally(name: string): Promise<LookupAddress[]> {
  const lines = await readFile(HOSTS_FILE, "utf8").catch(() => "");
  const listed = lines.split("\n").flatMap((line) => {
    const [address = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    const isMeant = names.some((other) => other.toLowerCase() === name);
    return isMeant && isIP(address) !== 0 ? [{ address, family: isIP(address) }] : [];
  });
  if (listed.length > 0) return listed.sort((a, b) => a.family - b.family);
  if (!/(^|\.)localhost$/.test(name)) return [];
  return [
    { address: "127.0.0.1", family: 4 },
    { address: "::1", family: 6 },
  ];
}
