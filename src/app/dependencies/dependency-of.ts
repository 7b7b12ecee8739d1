/** What a server depends on, besides Redis, whose limiter has its own events. */
export type Dependency = "database" | "chain" | "facilitator";

/** PostgreSQL's and Prisma's codes and kinds for a database that can't be reached or is shutting down. */
const DATABASE = new Set([
  ...["08000", "08001", "08003", "08004", "08006", "57P01", "57P02", "57P03", "53300"],
  ...["P1001", "P1002", "P1008", "P1017", "P2024"],
  ...[
    "DatabaseNotReachable",
    "ConnectionClosed",
    "SocketTimeout",
    "TooManyConnections",
    "TlsConnectionError",
  ],
]);
const DATABASE_MESSAGE = /^(Connection terminated|timeout exceeded when trying to connect)/;
/** Node's codes. Of our dependencies, only PostgreSQL's driver passes them on unwrapped. */
const NETWORK = new Set([
  ...["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH"],
]);
const RPC_NAMES = new Set(["HttpRequestError", "TimeoutError"]);

/** How many nested errors are looked at. */
const MAX_DEPTH = 8;

/**
 * Finds the dependency whose outage caused an error.
 * @param rpcUrls the RPCs of our chains; the treasury's signer is called in the same way
 * @returns undefined if the error has another cause, such as a deadlock
 */
export function dependencyOf(error: unknown, rpcUrls: readonly string[]): Dependency | undefined {
  let current: unknown = error;
  for (let depth = 0; depth < MAX_DEPTH && isObject(current); depth += 1) {
    const { name, message, code, originalCode, kind, url, cause, meta, errors } = current;
    if (typeof name === "string" && RPC_NAMES.has(name) && url !== undefined)
      return rpcUrls.some((rpcUrl) => isSameOrigin(rpcUrl, url)) ? "chain" : undefined;
    if (
      name === "FacilitatorTimeoutError" ||
      (typeof message === "string" && /^Facilitator \w+ failed/.test(message))
    )
      return "facilitator";
    if (message === "fetch failed") return "facilitator";
    if ([code, originalCode, kind].some((value) => typeof value === "string" && DATABASE.has(value)))
      return "database";
    if (typeof message === "string" && DATABASE_MESSAGE.test(message)) return "database";
    if (typeof code === "string" && NETWORK.has(code)) return "database";
    current = Array.isArray(errors)
      ? (errors[0] as unknown)
      : (cause ?? (isObject(meta) ? meta["driverAdapterError"] : undefined));
  }
  return undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/** viem changes the URLs in its errors: it adds a slash, and removes credentials. */
const isSameOrigin = (rpcUrl: string, url: unknown): boolean =>
  typeof url === "string" && URL.canParse(url) && new URL(url).origin === new URL(rpcUrl).origin;
