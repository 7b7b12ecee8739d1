/**
 * Codes of Prisma, PostgreSQL and Node that mean: something we depend on can't be reached, is going down, or has undone
 * what was begun (a deadlock, a transaction that stood idle).
 */
const CODES = new Set([
  ...["P2034", "40P01", "25P03"],
  ...["P1001", "P1002", "P1008", "P1017", "P2024", "P2028"],
  ...["08000", "08001", "08003", "08004", "08006", "57P01", "57P02", "57P03", "53300"],
  ...[
    "ECONNREFUSED",
    "ECONNRESET",
    "EPIPE",
    "ETIMEDOUT",
    "ENOTFOUND",
    "EAI_AGAIN",
    "EHOSTUNREACH",
    "ENETUNREACH",
  ],
]);

/** How Prisma's driver adapter names the same. */
const KINDS = new Set([
  "DatabaseNotReachable",
  "ConnectionClosed",
  "SocketTimeout",
  "TooManyConnections",
  "TlsConnectionError",
]);

/** What viem throws when an RPC can't be reached or doesn't answer. */
const NAMES = new Set(["HttpRequestError", "TimeoutError", "WebSocketRequestError", "SocketClosedError"]);

/** `pg` and its pool throw these without any code. */
const MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** Errors nest; nothing honest nests deeper than this. */
const MAX_VISITED = 32;

/**
 * Whether an error, or anything it wraps (`cause`, `errors`, Prisma's `meta.driverAdapterError`), says that a
 * dependency is down.
 */
export function isDependencyFailure(error: unknown): boolean {
  const pending: unknown[] = [error];
  for (let visited = 0; pending.length > 0 && visited < MAX_VISITED; visited += 1) {
    const value = pending.pop();
    if (!isObject(value)) continue;
    if (saysSo(value)) return true;
    pending.push(value["cause"]);
    if (isObject(value["meta"])) pending.push(value["meta"]["driverAdapterError"]);
    if (Array.isArray(value["errors"])) pending.push(...(value["errors"] as unknown[]).slice(0, MAX_VISITED));
  }
  return false;
}

function saysSo({ code, errorCode, originalCode, kind, message, name }: Record<string, unknown>): boolean {
  return (
    [code, errorCode, originalCode].some(
      (candidate) => typeof candidate === "string" && CODES.has(candidate),
    ) ||
    (typeof kind === "string" && KINDS.has(kind)) ||
    (typeof name === "string" && NAMES.has(name)) ||
    (typeof message === "string" && MESSAGES.test(message))
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
