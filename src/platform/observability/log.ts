import type { DestinationStream } from "pino";
import { pino } from "pino";
import type { Log } from "../../core/ports/log.ts";
import { ANY_TOKEN_PREFIX, TOKEN_PREFIX } from "../../core/protocol/token-prefix.ts";
import { hideSecrets } from "./hide-secrets.ts";
import { writeTogether } from "./write-together.ts";

const REDACTED = "[redacted]";

/** Names of fields whose value is always redacted. */
const SECRET_FIELD =
  /^(proxy-)?authorization$|^payment-signature$|^x-payment$|^user_code$|(cookie|token|secret|password)$|[_-]key$|(api|private)key$/i;

/** Fields that match `SECRET_FIELD` but hold an identifier and not a secret. */
const PUBLIC_FIELD = new Set(["service_key", "idempotency_key"]);

/**
 * Secrets inside any text: our tokens, bearer headers, e-mail addresses, and everything after the origin of a
 * URL.
 */
const TOKENS = new RegExp(`\\b(${Object.values(TOKEN_PREFIX).join("|")})[A-Za-z0-9_-]+`, "g");
const SECRET_TEXT: readonly (readonly [RegExp, string])[] = [
  [TOKENS, `$1${REDACTED}`],
  [/\bBearer\s+[^\s"',;]+/gi, `Bearer ${REDACTED}`],
  [/(:\/\/)[^/\s@]+@/g, `$1${REDACTED}@`],
  [/\b((?:https?|wss?):\/\/[^\s/?#"'`<>()[\]{},;]+)[/?#][^\s"'`<>()[\]{},;]+/g, `$1/${REDACTED}`],
  [/\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, "[email]"],
];

/** A name or an id. Of the patterns, only that of tokens can fit it. */
const WORD = /^[\w-]*$/;

/** Names of fields, and whether their values are secret. A line of the log has the same ones again and again. */
const judgedNames = new Map<string, boolean>();
/** Names inside a value can be anybody's, so not all are kept. */
const MOST_JUDGED_NAMES = 1_000;

function isSecretName(name: string): boolean {
  const judged = judgedNames.get(name);
  if (judged !== undefined) return judged;
  const isSecret = SECRET_FIELD.test(name) && !PUBLIC_FIELD.has(name);
  if (judgedNames.size < MOST_JUDGED_NAMES) judgedNames.set(name, isSecret);
  return isSecret;
}

const MAX_DEPTH = 6;
const MAX_CAUSES = 4;

/** Removes secrets, e-mail addresses and the paths of URLs from a text. */
function redactText(text: string): string {
  if (WORD.test(text)) return text.includes(ANY_TOKEN_PREFIX) ? text.replace(TOKENS, `$1${REDACTED}`) : text;
  return SECRET_TEXT.reduce(
    (redacted, [pattern, replacement]) => redacted.replace(pattern, replacement),
    text,
  );
}

/**
 * Prepares fields for writing: redacts secrets by name and by pattern, describes errors, and limits the
 * depth.
 */
function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  return redactObject(fields, 0);
}

function redactObject(object: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]: [string, unknown]) =>
      isSecretName(name) ? [name, REDACTED] : [name, redactValue(value, depth + 1)],
    ),
  );
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (value instanceof Error) return describeError(value, depth);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth > MAX_DEPTH) return "[…]";
  if (Array.isArray(value)) return value.map((item: unknown) => redactValue(item, depth + 1));
  return redactObject(value, depth);
}

/** Describes an error: type, code, message, and its causes. Only an error without a cause has its stack. */
function describeError(error: Error, depth: number): Record<string, unknown> {
  const code: unknown = "code" in error ? error.code : undefined;
  const causes: unknown[] = error instanceof AggregateError ? error.errors : [error.cause];
  const describedCauses = causes
    .filter((cause) => cause instanceof Error)
    .slice(0, MAX_CAUSES)
    .map((cause) => (depth > MAX_DEPTH ? cause.name : describeError(cause, depth + 1)));
  return {
    type: error.name,
    ...((typeof code === "string" || typeof code === "number") && { code }),
    message: redactText(error.message),
    ...(describedCauses.length > 0 ? { because: describedCauses } : { stack: redactText(error.stack ?? "") }),
  };
}

/**
 * Creates the structured log: one JSON object a line, on standard output unless `destination` is given. The
 * log redacts all fields and messages itself, so callers can't forget it. It also hides `secrets`, the values that
 * this installation is configured with.
 */
export function createLog(options: {
  level: string;
  secrets?: readonly string[];
  destination?: DestinationStream;
}): Log {
  const { secrets = [], destination = standardOutput() } = options;
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: levelName },
      serializers: { err: (described: unknown) => described }, // `redactFields` has already described errors
    },
    secrets.length === 0 ? destination : { write: (line) => destination.write(hideSecrets(line, secrets)) },
  );
  return {
    info: (fields, message) => logger.info(redactFields(fields), redactText(message)),
    warn: (fields, message) => logger.warn(redactFields(fields), redactText(message)),
    error: (fields, message) => logger.error(redactFields(fields), redactText(message)),
  };
}

let output: DestinationStream | undefined;
/** All logs of a process write to it. */
function standardOutput(): DestinationStream {
  if (output === undefined) {
    const lines = writeTogether(pino.destination({ dest: 1, sync: true }));
    process.once("exit", lines.flush);
    output = lines;
  }
  return output;
}

const levelName = (label: string): { level: string } => ({ level: label });
