/**
 * Error codes of Prisma, PostgreSQL and Node. They mean that a dependency can't be reached, is shutting down,
 * has rolled back our transaction (a deadlock, an idle transaction), or was too slow and was canceled (57014).
 */
const CODES = new Set([
  ...["P2034", "40P01", "25P03", "57014"],
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

/** The same failures, in the `kind` field of errors of Prisma's driver adapter. */
const KINDS = new Set([
  "DatabaseNotReachable",
  "ConnectionClosed",
  "SocketTimeout",
  "TooManyConnections",
  "TlsConnectionError",
]);

/** Names of the errors that viem throws if an RPC can't be reached or doesn't respond. */
const NAMES = new Set(["HttpRequestError", "TimeoutError", "WebSocketRequestError", "SocketClosedError"]);

/** Messages of errors that `pg` and its pool throw without a code. */
const MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** How many nested errors are looked at. Real errors never nest so deep; the limit stops a cycle. */
const MAX_VISITED = 32;

/**
 * Whether an error means that a dependency is down. Also looks at the errors inside it: `cause`, `errors`,
 * and Prisma's `meta.driverAdapterError`.
 */
export function isDependencyFailure(error: unknown): boolean {
  const pending: unknown[] = [error];
  for (let visited = 0; pending.length > 0 && visited < MAX_VISITED; visited += 1) {
    const value = pending.pop();
    if (!isObject(value)) continue;
    if (matchesFailure(value)) return true;
    pending.push(value["cause"]);
    if (isObject(value["meta"])) pending.push(value["meta"]["driverAdapterError"]);
    if (Array.isArray(value["errors"])) pending.push(...(value["errors"] as unknown[]).slice(0, MAX_VISITED));
  }
  return false;
}

function matchesFailure({
  code,
  errorCode,
  originalCode,
  kind,
  message,
  name,
}: Record<string, unknown>): boolean {
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
