import path from "node:path";
import type * as Incoming from "../../src/core/money/incoming-payment/index.ts";
import type * as Payment from "../../src/core/money/payment/index.ts";
import type * as Payout from "../../src/core/money/payout/index.ts";
import type * as Direct from "../../src/core/runs/direct-run/index.ts";
import type * as Sponsored from "../../src/core/runs/sponsored-run/index.ts";
import type * as Funding from "../../src/core/sponsorship/funding/index.ts";
import type * as Withdrawal from "../../src/core/sponsorship/withdrawal/index.ts";

/** The core functions that the simulator calls: of the real core, or of a copy with a planted bug. */
export type Core = Pick<typeof Sponsored, "runService"> &
  Pick<typeof Payment, "reconcileDuePayments"> &
  Pick<typeof Direct, "runDirectly" | "closeDirectPayments"> &
  Pick<typeof Incoming, "reconcileDueIncoming"> &
  Pick<typeof Payout, "takePayouts"> &
  Pick<typeof Withdrawal, "withdrawFromCampaign"> &
  Pick<typeof Funding, "fundCampaign">;

const MODULES = [
  "money/payment",
  "money/incoming-payment",
  "money/payout",
  "runs/sponsored-run",
  "runs/direct-run",
  "sponsorship/funding",
  "sponsorship/withdrawal",
];

/** @param root the folder that holds `core`, such as `src` */
export async function loadCore(root: string): Promise<Core> {
  const modules = await Promise.all(
    MODULES.map((module) => import(path.join(root, "core", module, "index.ts")) as Promise<object>),
  );
  return Object.assign({}, ...modules) as Core;
}
