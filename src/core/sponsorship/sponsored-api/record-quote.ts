import type { Deps } from "../../context.ts";
import { refreshOffers } from "../offer/index.ts";
import type { ApiRow } from "./store.ts";
import { storeQuote } from "./store.ts";

/** Stores what an upstream has asked for, from which the cost of the next call is expected. Most quotes are the one before. */
export async function recordQuote(
  { sql }: Pick<Deps, "sql">,
  api: Pick<ApiRow, "id" | "lastQuoteMicros">,
  amountMicros: bigint,
): Promise<void> {
  if (api.lastQuoteMicros === amountMicros) return;
  await sql.transaction(async (tx) => {
    const isChanged = (await storeQuote.count(tx, { id: api.id, amount_micros: amountMicros })) > 0;
    if (isChanged) await refreshOffers(tx, [api.id]);
  });
}
