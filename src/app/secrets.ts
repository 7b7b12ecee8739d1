/** The variables that hold a secret, or a URL with one in it. */
const SECRET_VARIABLES = [
  "ADMIN_API_KEY",
  "METRICS_TOKEN",
  "TREASURY_PRIVATE_KEY",
  "X402_FACILITATOR_TOKEN",
  "CDP_API_KEY_SECRET",
];
const KEY_VARIABLES = ["DATA_ENCRYPTION_KEY", "DIGEST_KEY"];
const URL_VARIABLES = [
  "DATABASE_URL",
  "REDIS_URL",
  "X402_RPC_URL",
  "X402_FACILITATOR_URL",
  "TREASURY_SIGNER_URL",
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "SMTP_URL",
];

/** A shorter text is also a part of other words. Replacing it would make messages unreadable. */
const MIN_LENGTH = 8;
/** A path's segment of this length can be a key, as in RPC URLs. Shorter ones are words such as `rpc` and `v2`. */
const MIN_SEGMENT_LENGTH = 16;

/**
 * Lists all secrets of an environment, in each spelling in which a library could quote them.
 * A log or an error that quotes one shows a placeholder in its place.
 */
export function listSecrets(variables: Readonly<Record<string, string | undefined>>): string[] {
  const given = (names: string[]): string[] => names.flatMap((name) => variables[name] ?? []);
  const secrets = [
    ...given(SECRET_VARIABLES).flatMap((secret) => [secret.replace(/^0x/, ""), ...linesOf(secret)]),
    ...given(KEY_VARIABLES).flatMap((keys) => keys.split(",").map((key) => key.trim())),
    ...given(URL_VARIABLES).flatMap(secretsInUrl),
    ...given(["PGPASSWORD"]).flatMap((password) =>
      password === roleIn(variables["DATABASE_URL"]) ? [] : [password, encodeURIComponent(password)],
    ),
  ];
  // The longest first: a secret may be a part of another.
  return [...new Set(secrets)]
    .filter((secret) => secret.length >= MIN_LENGTH)
    .sort((a, b) => b.length - a.length);
}

/** The lines of a PEM, since a library may quote one alone. */
const linesOf = (secret: string): string[] =>
  secret.split(/\n|\\n/).filter((line) => !line.startsWith("-----"));

function secretsInUrl(text: string): string[] {
  if (!URL.canParse(text)) return [text];
  const { username, password, pathname, searchParams, hash } = new URL(text);
  const isDatabase = /^(postgres|redis)/.test(text);
  const segments = isDatabase ? [] : pathname.split("/").filter((part) => part.length >= MIN_SEGMENT_LENGTH);
  const parameters = isDatabase ? [searchParams.get("password") ?? ""] : [...searchParams.values()];
  // A password that is the role's own name is no secret, and hiding it would hide the role. PGPASSWORD likewise.
  return [password === username ? "" : password, hash.slice(1), ...segments, ...parameters].flatMap(
    (part) => [part, decode(part)],
  );
}

/** The role that a database's URL names. */
const roleIn = (url: string | undefined): string | undefined =>
  url !== undefined && URL.canParse(url) ? decode(new URL(url).username) : undefined;

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
