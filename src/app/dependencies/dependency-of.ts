import type { DependencyFailure } from "../../api/response/dependency-failure.ts";
import { findDependencyFailure } from "../../api/response/dependency-failure.ts";

/** What a server depends on, besides Redis, whose limiter has its own events. */
export type Dependency = DependencyFailure["dependency"];

/**
 * Finds the dependency whose outage caused an error.
 * @param rpcUrls the RPCs of our chains; the treasury's signer is called in the same way
 * @returns undefined if the error has another cause, such as a deadlock
 */
export function dependencyOf(error: unknown, rpcUrls: readonly string[]): Dependency | undefined {
  const failure = findDependencyFailure(error);
  if (failure?.isAway !== true) return undefined;
  const isOurs =
    failure.dependency !== "chain" || rpcUrls.some((rpcUrl) => isSameOrigin(rpcUrl, failure.url ?? ""));
  return isOurs ? failure.dependency : undefined;
}

/** viem changes the URLs in its errors: it adds a slash, and removes credentials. */
const isSameOrigin = (rpcUrl: string, url: string): boolean =>
  URL.canParse(url) && new URL(url).origin === new URL(rpcUrl).origin;
