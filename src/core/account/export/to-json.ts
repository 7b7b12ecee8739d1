import { microsToCents } from "../../protocol/amounts.ts";

/** A row as it is written: times in ISO 8601, and amounts in cents under names that say so. */
export const toJson = (row: Record<string, unknown>): string =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries(row).map(([name, value]) =>
        typeof value === "bigint"
          ? [name.replace(/_micros$/, "_cents"), microsToCents(value)]
          : [name, value],
      ),
    ),
  );
