import type { Facts } from "./admission-store.ts";
import type { Admission, Hold, Refusal } from "./admission.ts";
import { mustAsk } from "./rule-sql.ts";
import type { Undecided } from "./shares.ts";
import { sponsorHasRoom, userHasRoom } from "./shares.ts";

/** A call with its holds, and what the database says about it. */
export interface JudgedCall {
  admission: Admission;
  holds: Hold[];
  facts: Facts;
}

/** A locked account, as `budget.lock-accounts` returns it. */
export interface LockedAccount {
  id: string;
  network: string | null;
  asset: string | null;
  remaining: bigint;
  unspent: bigint;
}

/** A hold, and by how much it raises the limit of its account. */
export type TakenHold = Hold & { raise: bigint };

export type Verdict =
  | { kind: "reserved"; holds: TakenHold[]; approvalId: string | null; ruleId: string | null }
  | Refusal
  | Error;

/**
 * Judges calls one after the other, each as if it were alone and the admitted ones before it were committed. A refused call
 * takes nothing from those behind it.
 * @param accounts all accounts of their holds
 */
export function judge(calls: readonly JudgedCall[], accounts: readonly LockedAccount[]): Verdict[] {
  const stock = new Stock(accounts);
  return calls.map((call) => {
    const verdict = judgeOne(call, stock);
    if (!(verdict instanceof Error) && verdict.kind === "reserved") stock.take(call, verdict);
    return verdict;
  });
}

function judgeOne({ admission, holds, facts }: JudgedCall, stock: Stock): Verdict {
  const { payment, approvalId } = admission;
  const amount = payment.amountMicros;
  const accounts = holds.map(({ accountId }) => stock.accountFor(accountId, payment));
  const [payer] = accounts;
  if (payer === undefined || accounts.includes(undefined))
    return new Error(`payment ${payment.id}: an account is missing, or its money is on another network`);

  const isApproved = facts.approved && !stock.usedApprovals.has(approvalId);
  if (!facts.claimed || (approvalId !== null && !isApproved)) return { kind: "claim_lost" };
  if (payment.campaignId !== null && !facts.completed) return { kind: "completion_withdrawn" };
  const ruled = { ...facts, exempt_remaining: stock.remainingOfRule(facts) };
  if (!isApproved && mustAsk(ruled, amount)) return { kind: "above_rule" };

  const raised = holds.map((hold, index): TakenHold & { fits: boolean } => {
    const remaining = accounts[index]?.remaining ?? 0n;
    const isRaisable = isApproved && (hold.cap === "session" || hold.cap === "grant");
    const raise = isRaisable && hold.amount > remaining ? hold.amount - remaining : 0n;
    return { ...hold, raise, fits: hold.amount <= remaining + raise };
  });
  const short = raised.filter(({ fits }) => !fits);
  const dayIndex = holds.findIndex(({ cap }) => cap === "day");
  if (short.length > 0)
    return {
      kind: "insufficient",
      caps: short.map(({ cap }) => cap),
      dayAccountId: holds[dayIndex]?.accountId,
    };
  if (!userHasRoom(stock.undecidedOfUser(admission, facts), amount, payer.unspent))
    return { kind: "share_held", by: "user" };
  const day = accounts[dayIndex];
  if (day !== undefined && !sponsorHasRoom(stock.undecidedOfSponsor(admission, facts), amount, day.unspent))
    return { kind: "share_held", by: "sponsor" };
  return {
    kind: "reserved",
    holds: raised,
    approvalId: isApproved ? approvalId : null,
    ruleId: facts.needs_yes && !isApproved ? facts.exempt_rule_id : null,
  };
}

/** What calls take from: as the database has it, and less with each call that was admitted. */
class Stock {
  readonly #accounts: ReadonlyMap<string, LockedAccount>;
  readonly #rules = new Map<string | null, bigint | null>();
  readonly #undecided = new Map<string, Undecided>();
  readonly usedApprovals = new Set<string | null>();

  constructor(accounts: readonly LockedAccount[]) {
    this.#accounts = new Map(accounts.map((account) => [account.id, { ...account }]));
  }

  /** Undefined if there is no such account, or its money is on another network than the payment's. */
  accountFor(id: string, { network, asset }: Admission["payment"]): LockedAccount | undefined {
    const account = this.#accounts.get(id);
    const isUsable =
      account !== undefined &&
      (account.network === null ||
        (account.network === network && account.asset?.toLowerCase() === asset.toLowerCase()));
    return isUsable ? account : undefined;
  }

  remainingOfRule({ exempt_rule_id, exempt_remaining }: Facts): bigint | null {
    return this.#rules.get(exempt_rule_id) ?? exempt_remaining;
  }

  undecidedOfUser({ payment }: Admission, facts: Facts): Undecided {
    const { sponsorId, service, userId, campaignId } = payment;
    const key = JSON.stringify([sponsorId, service, userId, campaignId]);
    return this.#undecidedOf(key, { payments: facts.user_payments, micros: facts.user_micros });
  }

  undecidedOfSponsor({ payment }: Admission, facts: Facts): Undecided {
    const { sponsor_payments, sponsor_micros } = facts;
    return this.#undecidedOf(payment.sponsorId, {
      payments: sponsor_payments ?? 0n,
      micros: sponsor_micros ?? 0n,
    });
  }

  /** All calls of one key have read the same figures. */
  #undecidedOf(key: string, read: Undecided): Undecided {
    const known = this.#undecided.get(key) ?? { ...read };
    this.#undecided.set(key, known);
    return known;
  }

  take(
    { admission, facts }: JudgedCall,
    { holds, approvalId, ruleId }: Extract<Verdict, { kind: "reserved" }>,
  ): void {
    const { amountMicros } = admission.payment;
    for (const { accountId, amount, raise } of holds) {
      const account = this.#accounts.get(accountId);
      if (account !== undefined) account.remaining -= amount - raise;
    }
    for (const undecided of [
      this.undecidedOfUser(admission, facts),
      this.undecidedOfSponsor(admission, facts),
    ]) {
      undecided.payments += 1n;
      undecided.micros += amountMicros;
    }
    if (approvalId !== null) this.usedApprovals.add(approvalId);
    if (ruleId !== null) this.#rules.set(ruleId, (this.remainingOfRule(facts) ?? 0n) - amountMicros);
  }
}
