import type { Hex } from "viem";
import type { Deps } from "../../context.ts";
import type { Authorization, Verdict } from "../../ports/chain.ts";
import { within } from "../../ports/within.ts";

/** How long a background job waits for the chain. A caller who waits says how long. */
const MAX_LOOK_UP_MS = 10_000;

/** What was signed, and for which row. */
export interface Subject {
  /** Names the row in log events, such as `payment_unexplained`. */
  noun: "payment" | "incoming" | "payout";
  id: string;
  network: string;
  authorization: Authorization;
  /**
   * A buyer may sign one nonce for two transfers. If the other one moved money, this one never will. The
   * treasury never does that, so such a transfer needs a person to look at it.
   */
  signedBy: "treasury" | "buyer";
}

/** The verdict's fields as text (block, transaction, log index), stored as evidence of a transition. */
export type Evidence = Record<string, string>;

export type Decision =
  | { kind: "settled"; txHash: Hex; evidence: Evidence }
  /** The signature moved nothing, and never will. */
  | { kind: "expired" | "canceled"; evidence: Evidence }
  /** The signature wasn't used at the last final block, and can still be used. */
  | { kind: "pending" }
  /** The chain couldn't be asked in time, or its answer has no explanation. Nothing may be decided. */
  | { kind: "unknown" };

/**
 * Asks the chain what became of a signed authorization. The only place that does, for payments, incoming
 * payments and payouts. A chain that fails, or doesn't answer in time, is logged and decides nothing; the row
 * is asked about again later.
 * @param milliseconds how long to wait for the chain
 */
export async function askChain(
  { networks, log }: Pick<Deps, "networks" | "log">,
  { noun, id, network, authorization, signedBy }: Subject,
  milliseconds = MAX_LOOK_UP_MS,
): Promise<Decision> {
  let verdict: Verdict;
  try {
    verdict = await within(milliseconds, () => networks.get(network).chain.lookUp(authorization));
  } catch (error) {
    log.warn(
      { event: `${noun}_undecided`, id, err: error },
      "the chain couldn't be asked; it will be asked again",
    );
    return { kind: "unknown" };
  }
  switch (verdict.kind) {
    case "settled":
      return { kind: "settled", txHash: verdict.txHash, evidence: evidenceOf(verdict) };
    case "expired":
    case "canceled":
      return { kind: verdict.kind, evidence: evidenceOf(verdict) };
    case "pending":
      return { kind: "pending" };
    case "diverted":
    case "unexplained":
      if (verdict.kind === "diverted" && signedBy === "buyer")
        return { kind: "canceled", evidence: evidenceOf(verdict) };
      log.error(
        { event: `${noun}_unexplained`, id, tx_hash: verdict.txHash },
        "the authorization was used, but no matching transfer was found",
      );
      return { kind: "unknown" };
  }
}

const evidenceOf = (verdict: Verdict): Evidence =>
  Object.fromEntries(Object.entries(verdict).map(([name, value]) => [name, String(value)]));
