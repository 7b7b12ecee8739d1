/** What an operator is told about a connection that failed, by Node's error code. */
const CODES: Record<string, string> = {
  ECONNREFUSED: "refuses the connection",
  ECONNRESET: "closes the connection",
  EPIPE: "closes the connection",
  UND_ERR_SOCKET: "closes the connection",
  ENOTFOUND: "has a name that can't be resolved",
  EAI_AGAIN: "has a name that can't be resolved",
  ETIMEDOUT: "doesn't answer in time",
  UND_ERR_CONNECT_TIMEOUT: "doesn't answer in time",
  UND_ERR_HEADERS_TIMEOUT: "doesn't answer in time",
  EHOSTUNREACH: "can't be reached",
  ENETUNREACH: "can't be reached",
};
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|EPROTO|ERR_SSL/;
const TIMEOUT_NAME = /Timeout/;
/** How many nested errors are looked at. */
const MAX_DEPTH = 8;

/**
 * Says in a few words why a connection failed, such as "refuses the connection". Errors of libraries quote whole
 * URLs, which can hold keys; this never does.
 * @returns undefined if the error is about something else
 */
export function describeNetworkFailure(error: unknown): string | undefined {
  let timedOut = false;
  for (let depth = 0, current = error; depth < MAX_DEPTH && current instanceof Error; depth += 1) {
    const { code, status } = current as { code?: unknown; status?: unknown };
    if (typeof code === "string" && code in CODES) return CODES[code];
    if (typeof code === "string" && CERTIFICATE.test(code)) return `has no valid certificate (${code})`;
    if (typeof status === "number") return `answers with status ${status}`;
    timedOut ||= TIMEOUT_NAME.test(current.name) || /timeout (exceeded|expired)/.test(current.message);
    current = current instanceof AggregateError ? current.errors[0] : current.cause;
  }
  return timedOut ? "doesn't answer in time" : undefined;
}
