import type { SettleResponse } from "@x402/core/types";

/** How long a claim is kept after the authorization expired, since clocks differ. */
const KEEP_PAST_EXPIRY_MS = 60_000;

/** The answer to a payment, kept for a buyer who lost it. */
export interface Sale {
  receipt: SettleResponse;
  output: unknown;
}

export type ClaimState =
  | { kind: "settling" }
  | { kind: "sold"; sale: Sale }
  /** The facilitator didn't tell the outcome. The money may have moved. */
  | { kind: "unknown" };

interface Claim {
  /** Hash of the payment and the request. A retry has the same fingerprint. */
  fingerprint: string;
  expiresAtMs: number;
  state: ClaimState;
}

/**
 * The authorizations that buyers have presented. A payment is claimed before it is settled. So of several
 * requests with one signature, only one continues. Kept in memory: after a restart, the chain refuses a used
 * nonce.
 */
export class UsedAuthorizations {
  readonly #claims = new Map<string, Claim>();

  /**
   * Claims an authorization for a request.
   *
   * @param key identifies the authorization: network, asset, payer and nonce
   * @param validBefore when the authorization expires, in seconds since the epoch
   * @returns "claimed" for the first request, "retry" for the same request after an unknown outcome, "other
   * request" if the authorization was used for another request, otherwise the state of the same request
   */
  claim(
    key: string,
    fingerprint: string,
    validBefore: number,
  ): "claimed" | "retry" | "other request" | ClaimState {
    this.#forgetExpired();
    const claim = this.#claims.get(key);
    if (!claim) {
      const expiresAtMs = validBefore * 1_000 + KEEP_PAST_EXPIRY_MS;
      this.#claims.set(key, { fingerprint, expiresAtMs, state: { kind: "settling" } });
      return "claimed";
    }
    if (claim.fingerprint !== fingerprint) return "other request";
    if (claim.state.kind !== "unknown") return claim.state;
    claim.state = { kind: "settling" };
    return "retry";
  }

  /** Records the new state of a claimed payment. */
  update(key: string, state: ClaimState): void {
    const claim = this.#claims.get(key);
    if (claim) claim.state = state;
  }

  /**
   * Removes the claim of a payment that wasn't made. It can be claimed and settled again. The chain takes it at
   * most once.
   */
  release(key: string): void {
    this.#claims.delete(key);
  }

  #forgetExpired(): void {
    const now = Date.now();
    for (const [key, { expiresAtMs }] of this.#claims) if (expiresAtMs < now) this.#claims.delete(key);
  }
}
