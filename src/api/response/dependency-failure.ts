/** A failure of something that a server depends on. */
export interface DependencyFailure {
  dependency: "database" | "chain" | "facilitator";
  /** False: it is there, but gave this work up, as after a deadlock. */
  isAway: boolean;
  /** The URL that was called, where the error has it: an RPC's, or that of the treasury's signer. */
  url?: string;
}

/** Error codes of Prisma, PostgreSQL and Node: the database can't be reached, or is shutting down. */
const DATABASE_AWAY = new Set([
  ...["P1001", "P1002", "P1008", "P1017", "P2024"],
  ...["08000", "08001", "08003", "08004", "08006", "57P01", "57P02", "57P03", "53300"],
  // Of our dependencies, only PostgreSQL's driver passes Node's codes on unwrapped.
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

/** It has rolled back our transaction (a deadlock, an idle transaction), or canceled what was too slow (57014). */
const DATABASE_GAVE_UP = new Set(["P2028", "P2034", "40P01", "25P03", "57014"]);

/** Failures of the first kind, in the `kind` field of errors of Prisma's driver adapter. */
const DATABASE_KINDS = new Set([
  "DatabaseNotReachable",
  "ConnectionClosed",
  "SocketTimeout",
  "TooManyConnections",
  "TlsConnectionError",
]);

/** Messages of errors that `pg` and its pool throw without a code. */
const DATABASE_MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** Names of the errors that viem throws if an RPC can't be reached or doesn't respond. */
const CHAIN_NAMES = new Set([
  "HttpRequestError",
  "TimeoutError",
  "WebSocketRequestError",
  "SocketClosedError",
]);

/** The x402 client throws most failures of a facilitator without a name of their own. */
const FACILITATOR_NAME = "FacilitatorTimeoutError";
const FACILITATOR_MESSAGES = /^(Facilitator \w+ failed|fetch failed$)/;

/** How many nested errors are looked at. Real errors never nest so deep; the limit stops a cycle. */
const MAX_VISITED = 32;

/**
 * Finds the dependency whose failure caused an error. Also looks at the errors inside it: `cause`, `errors`, and
 * Prisma's `meta.driverAdapterError`.
 */
export function findDependencyFailure(error: unknown): DependencyFailure | undefined {
  const pending: unknown[] = [error];
  for (let visited = 0; pending.length > 0 && visited < MAX_VISITED; visited += 1) {
    const value = pending.pop();
    if (!isObject(value)) continue;
    const failure = failureIn(value);
    if (failure !== undefined) return failure;
    pending.push(value["cause"]);
    if (isObject(value["meta"])) pending.push(value["meta"]["driverAdapterError"]);
    if (Array.isArray(value["errors"])) pending.push(...(value["errors"] as unknown[]).slice(0, MAX_VISITED));
  }
  return undefined;
}

function failureIn(error: Record<string, unknown>): DependencyFailure | undefined {
  const [name, message, kind, url] = ["name", "message", "kind", "url"].map((key) => textOf(error[key]));
  const codes = [error["code"], error["errorCode"], error["originalCode"]].map(textOf);
  if (CHAIN_NAMES.has(name ?? ""))
    return { dependency: "chain", isAway: true, ...(url !== undefined && { url }) };
  if (name === FACILITATOR_NAME || FACILITATOR_MESSAGES.test(message ?? ""))
    return { dependency: "facilitator", isAway: true };
  if (codes.some((code) => DATABASE_GAVE_UP.has(code ?? "")))
    return { dependency: "database", isAway: false };
  const isAway =
    codes.some((code) => DATABASE_AWAY.has(code ?? "")) ||
    DATABASE_KINDS.has(kind ?? "") ||
    DATABASE_MESSAGES.test(message ?? "");
  return isAway ? { dependency: "database", isAway } : undefined;
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
