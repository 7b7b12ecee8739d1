import path from "node:path";
import type * as Incoming from "../../src/core/money/incoming-payment/index.ts";
import type * as Payment from "../../src/core/money/payment/index.ts";
import type * as Payout from "../../src/core/money/payout/index.ts";
import type * as Direct from "../../src/core/runs/direct-run/index.ts";
import type * as Sponsored from "../../src/core/runs/sponsored-run/index.ts";
import type * as Funding from "../../src/core/sponsorship/funding/index.ts";
import type * as Withdrawal from "../../src/core/sponsorship/withdrawal/index.ts";

/** The verbs that the simulator drives: of the real core, or of a copy with a bug planted in it. */
export interface Core {
  runService: typeof Sponsored.runService;
  attendDue: typeof Payment.reconcileDuePayments;
  runDirectly: typeof Direct.runDirectly;
  closeDirectPayments: typeof Direct.closeDirectPayments;
  attendIncoming: typeof Incoming.reconcileDueIncoming;
  attendPayouts: typeof Payout.sendDuePayouts;
  withdrawFromCampaign: typeof Withdrawal.withdrawFromCampaign;
  fundCampaign: typeof Funding.fundCampaign;
}

const NOUNS = [
  "money/payment",
  "money/incoming-payment",
  "money/payout",
  "runs/sponsored-run",
  "runs/direct-run",
  "sponsorship/funding",
  "sponsorship/withdrawal",
];

export async function loadCore(root: string): Promise<Core> {
  const doors = await Promise.all(
    NOUNS.map((noun) => import(path.join(root, "core", noun, "index.ts")) as Promise<object>),
  );
  return Object.assign({}, ...doors) as Core;
}
