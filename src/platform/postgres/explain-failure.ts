import { describeNetworkFailure } from "../network-failure.ts";
import { SetupProblem } from "../setup-problem.ts";

interface Place {
  host: string;
  database: string;
  role: string;
  /** PostgreSQL's own sentence about a missing right. */
  reason: string;
}

/** What is wrong and what to do, by PostgreSQL's code. */
const KNOWN_STATES: Record<string, (place: Place) => { found: string; advice: string }> = {
  "28P01": ({ host, role }) => ({
    found: `${host} refuses the password of the role "${role}"`,
    advice: "Check the role and its password",
  }),
  "28000": ({ host, role }) => ({
    found: `${host} refuses the role "${role}"`,
    advice: "Create the role, or allow it in pg_hba.conf",
  }),
  "3D000": ({ host, database }) => ({
    found: `${host} has no database "${database}"`,
    advice: "Create it, or name another one",
  }),
  "42501": ({ role, reason }) => ({
    found: `the role "${role}" has no right to what it needs (${reason})`,
    advice: "As the owner, run --migrate and docs/restricted-role.sql with this version",
  }),
  "53300": ({ host }) => ({
    found: `${host} has no free connections`,
    advice: "Raise max_connections, or run fewer replicas",
  }),
  "57P03": ({ host }) => ({
    found: `${host} is starting up or shutting down`,
    advice: "Start again when it is ready",
  }),
};

/**
 * Says why PostgreSQL couldn't be used, in one line without the password.
 * @returns the error itself if it isn't about the connection or its rights
 */
export function explainDatabaseFailure(error: unknown, url: string): unknown {
  const { host, pathname, username } = new URL(url);
  const [database, role] = [decodeURIComponent(pathname.slice(1)), decodeURIComponent(username)];
  const problem = (found: string, advice: string): SetupProblem =>
    new SetupProblem("DATABASE_URL", found, advice, { cause: error });
  const message = error instanceof Error ? error.message : undefined;
  const known = KNOWN_STATES[sqlStateOf(error) ?? ""];
  if (known !== undefined) {
    const { found, advice } = known({ host, database, role, reason: reasonIn(error) });
    return problem(found, advice);
  }
  if (error instanceof SetupProblem) return error;
  if (message?.startsWith("SASL") === true || message?.includes("client password must be a string") === true)
    return problem(
      `${host} asks for a password, and the URL has none`,
      "Add the role's password, or set PGPASSWORD",
    );
  if (message?.includes("does not support SSL") === true)
    return problem(`${host} doesn't support TLS`, "Enable TLS there, or remove sslmode from the URL");
  const why =
    describeNetworkFailure(error) ??
    (message?.startsWith("Connection terminated") === true ? "closes the connection" : undefined);
  return why === undefined ? error : problem(`${host} ${why}`, "Start PostgreSQL there, or name another one");
}

/** How many nested errors are looked at. */
const MAX_DEPTH = 8;

/** PostgreSQL's code of an error, which Prisma and its adapter wrap. Undefined if it isn't PostgreSQL's. */
export function sqlStateOf(error: unknown): string | undefined {
  let current: unknown = error;
  for (let depth = 0; depth < MAX_DEPTH && typeof current === "object" && current !== null; depth += 1) {
    const { code, originalCode, cause, meta } = current as Record<string, unknown>;
    for (const candidate of [originalCode, code])
      if (typeof candidate === "string" && /^[0-9A-Z]{5}$/.test(candidate) && !/^P[12]\d{3}$/.test(candidate))
        return candidate;
    current = cause ?? (meta as Record<string, unknown> | undefined)?.["driverAdapterError"];
  }
  return undefined;
}

/** PostgreSQL's own sentence, such as "permission denied for table payments". */
function reasonIn(error: unknown): string {
  return (
    /permission denied[^\n`"]*|must be owner[^\n`"]*/.exec(
      error instanceof Error ? error.message : "",
    )?.[0] ?? "permission denied"
  );
}
