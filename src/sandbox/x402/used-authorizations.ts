import type { SettleResponse } from "@x402/core/types";

/** Signatures stay claimed a little past their expiry: clocks differ. */
const KEEP_PAST_EXPIRY_MS = 60_000;

/** What was handed over for a payment, kept for a buyer who lost the answer. */
export interface Sale {
  receipt: SettleResponse;
  output: unknown;
}

export type ClaimState =
  | { kind: "settling" }
  | { kind: "sold"; sale: Sale }
  /** The facilitator didn't say how it ended; the money may be gone. */
  | { kind: "unknown" };

interface Claim {
  /** Hash of the exact payment and request: who resends something else isn't retrying. */
  fingerprint: string;
  expiresAtMs: number;
  state: ClaimState;
}

/**
 * Which authorisations have been presented. A payment is claimed before it is settled, so that of several requests
 * with one signature a single one goes on. In memory: after a restart the chain itself refuses a used nonce.
 */
export class UsedAuthorizations {
  readonly #claims = new Map<string, Claim>();

  /**
   * Claims an authorisation for a request.
   *
   * @param key names the authorisation: network, asset, payer and nonce
   * @param validBefore the authorisation's expiry, seconds since the epoch
   * @returns "mine" for the first comer, "again" for one who retries after an unknown outcome, "other" when it was
   * used for another request, else how far the same request got.
   */
  claim(key: string, fingerprint: string, validBefore: number): "mine" | "again" | "other" | ClaimState {
    this.#forgetExpired();
    const claim = this.#claims.get(key);
    if (!claim) {
      const expiresAtMs = validBefore * 1_000 + KEEP_PAST_EXPIRY_MS;
      this.#claims.set(key, { fingerprint, expiresAtMs, state: { kind: "settling" } });
      return "mine";
    }
    if (claim.fingerprint !== fingerprint) return "other";
    if (claim.state.kind !== "unknown") return claim.state;
    claim.state = { kind: "settling" };
    return "again";
  }

  /** Notes how a claimed payment went on. */
  update(key: string, state: ClaimState): void {
    const claim = this.#claims.get(key);
    if (claim) claim.state = state;
  }

  /** Gives the claim back: it wasn't paid. Presented again, it is settled anew; the chain takes it at most once. */
  release(key: string): void {
    this.#claims.delete(key);
  }

  #forgetExpired(): void {
    const now = Date.now();
    for (const [key, { expiresAtMs }] of this.#claims) if (expiresAtMs < now) this.#claims.delete(key);
  }
}
