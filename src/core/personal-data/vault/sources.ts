import { z } from "zod";
import { pointer } from "../../protocol/json-pointer.ts";
import type { VaultReference } from "../data-schema/index.ts";

/** Who a value came from: the agent wrote it, the user's vault had it, or the user typed it themselves. */
export const Source = z.enum(["agent", "vault", "user"]);

/** By JSON Pointer into the answers; one that isn't listed came from where what holds it did. */
export type Sources = Record<string, z.infer<typeof Source>>;

/** Every field at the top, and each value that came from the vault, wherever it is; the root alone, if all of it did. */
export function sourcesOf(
  data: Record<string, unknown>,
  references: readonly VaultReference[],
  author: "agent" | "user",
): Sources {
  const written = Object.keys(data).map((name) => [pointer("", name), author] as const);
  if (references.some(({ path }) => path === "")) return { "": "vault" };
  const stored = references.map(({ path }) => [path, "vault"] as const);
  return Object.fromEntries([...written, ...stored]);
}
