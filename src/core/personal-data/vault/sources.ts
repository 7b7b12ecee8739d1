import { z } from "zod";
import { pointer } from "../../protocol/json-pointer.ts";
import type { VaultReference } from "../data-schema/index.ts";

/** The source of a value: the agent wrote it, it was stored in the user's vault, or the user typed it. */
export const Source = z.enum(["agent", "vault", "user"]);

/**
 * Sources by JSON Pointer into the answers. A value without an entry has the source of the value that contains
 * it.
 */
export type Sources = Record<string, z.infer<typeof Source>>;

/**
 * Returns the sources of all top-level fields, and of each value from the vault at any depth. Returns only the
 * root if the whole data came from the vault.
 * @param author who wrote everything that is not a reference
 */
export function sourcesOf(
  data: Record<string, unknown>,
  references: readonly VaultReference[],
  author: "agent" | "user",
): Sources {
  if (references.some(({ path }) => path === "")) return { "": "vault" };
  const topLevel = Object.keys(data).map((name) => [pointer("", name), author] as const);
  const fromVault = references.map(({ path }) => [path, "vault"] as const);
  return Object.fromEntries([...topLevel, ...fromVault]);
}
