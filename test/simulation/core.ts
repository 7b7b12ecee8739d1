import path from "node:path";
import type * as Direct from "../../src/core/runs/direct-run/index.ts";
import type * as Funding from "../../src/core/sponsorship/funding/index.ts";
import type * as Incoming from "../../src/core/money/incoming-payment/index.ts";
import type * as Payment from "../../src/core/money/payment/index.ts";
import type * as Payout from "../../src/core/money/payout/index.ts";

/** The verbs that the simulator drives: of the real core, or of a copy with a bug planted in it. */
export interface Core {
  runService: typeof Payment.runService;
  attendDue: typeof Payment.attendDue;
  runDirectly: typeof Direct.runDirectly;
  closeDirectPayments: typeof Direct.closeDirectPayments;
  attendIncoming: typeof Incoming.attendIncoming;
  attendPayouts: typeof Payout.attendPayouts;
  withdrawFromCampaign: typeof Payout.withdrawFromCampaign;
  fundCampaign: typeof Funding.fundCampaign;
}

const ROOMS = ["payment", "direct-payment", "incoming", "payout", "funding"];

export async function loadCore(root: string): Promise<Core> {
  const rooms = await Promise.all(
    ROOMS.map((room) => import(path.join(root, "core", room, "index.ts")) as Promise<object>),
  );
  return Object.assign({}, ...rooms) as Core;
}
