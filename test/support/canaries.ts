import { Buffer } from "node:buffer";
import { dump } from "./dump.ts";

/**
 * The secrets and the personal data that tests send. None of them may appear in a log, a metric, an error, an audit row
 * or a column that isn't encrypted. When a test server closes, all of these are searched.
 */
const CANARIES: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["a token", /tf_(?:ak|as|gs|sk)_[A-Za-z0-9_-]{43}[0-9a-f]{8}/],
  ["the administrator's key", /admin-key-of-the-tests/],
  ["an upstream's secret", /(?:upstream|sponsors)-secret/],
  ["an e-mail address", /\b(?:ada|bob|vault-[0-9a-f-]{36})@example\.com/],
  ["a phone number", /\+351[ \d]{9,}/],
  ["a region", /\bMinho\b/],
  ["a street", /Rua Augusta/],
  ["the id that a buyer's output is kept under", /pay_0123456789abcdef/],
];

/** Returns the canaries in a text, each with the text around it. @param secrets keys of one server, also searched for */
export function canariesIn(text: string, secrets: readonly string[] = []): string[] {
  const found = CANARIES.flatMap(([what, pattern]) => {
    const at = text.search(pattern);
    return at < 0 ? [] : [`${what}: …${text.slice(Math.max(0, at - 200), at + 80)}…`];
  });
  return [...found, ...secrets.filter((secret) => text.includes(secret)).map(() => "a key of the server")];
}

/** A destination of log lines that keeps them. */
export interface Watched {
  write(line: string): void;
  lines: string[];
}

export function watchLines(): Watched {
  const lines: string[] = [];
  return { lines, write: (line) => void lines.push(line) };
}

/** The encodings in which a key could appear. */
export const spellings = (key: Uint8Array): string[] => [
  Buffer.from(key).toString("base64"),
  Buffer.from(key).toString("hex"),
];

/** Searches all that a server wrote. @throws Error that names the canaries and where they are */
export async function expectNoCanaries(server: {
  log: readonly string[];
  metrics: string;
  databaseUrl: string;
  secrets: readonly string[];
}): Promise<void> {
  const places: [string, string][] = [
    ["the log", server.log.join("\n")],
    ["the metrics", server.metrics],
    ["the database", readable(await dump(server.databaseUrl))],
  ];
  const found = places.flatMap(([place, text]) =>
    canariesIn(text, server.secrets).map((what) => `${place} holds ${what}`),
  );
  if (found.length > 0) throw new Error(found.join("\n"));
}

/** Decodes the bytes of a dump, which are in hex, so that unencrypted text in them is found. */
const readable = (dumped: string): string =>
  dumped.replace(/\\x([0-9a-f]+)/g, (_, hex: string) => Buffer.from(hex, "hex").toString("latin1"));
