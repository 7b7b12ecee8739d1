import type { Log } from "../../core/ports/log.ts";

/**
 * Loads the library, and makes something of it. What it prints meanwhile goes to the log: it warns of every version of Node
 * that it wasn't made for.
 */
export async function withLibrary<Result>(
  log: Log,
  make: (library: typeof import("oidc-provider")) => Result,
): Promise<Result> {
  const { warn, info } = console;
  console.warn = (text: unknown) => log.info({ event: "oauth_library", text }, "the OAuth library warns");
  console.info = console.warn;
  try {
    return make(await import("oidc-provider"));
  } finally {
    Object.assign(console, { warn, info });
  }
}
