import type * as Library from "oidc-provider";
import type { Log } from "../../core/ports/log.ts";

/* eslint-disable no-console -- The library prints, and this keeps it from doing so. */

/**
 * Loads the library, and makes something of it. What it prints meanwhile goes to the log: it warns of every version of Node
 * that it wasn't made for.
 */
export async function withLibrary<Result>(
  log: Log,
  make: (library: typeof Library) => Result,
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
