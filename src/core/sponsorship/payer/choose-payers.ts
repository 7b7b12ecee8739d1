import type { Deps, SessionActor } from "../../context.ts";
import { AppError, notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import { next } from "../../protocol/next-actions.ts";
import { findCampaignForUser } from "../campaign/index.ts";
import type { AssessedPayer, Call, RequestedService, Shortfall } from "./rules.ts";
import { assessPayer, offerDirectly, refuseAll, refuseNamed } from "./rules.ts";
import { listPayers } from "./store.ts";

/** Who is asked to pay, in order; and what to say once the last of them couldn't. */
export interface Payers {
  ready: [AssessedPayer, ...AssessedPayer[]];
  /** The refusal, given who fell short when it came to reserving. */
  refusal(short: Map<string, Shortfall>): AppError;
}

/** Everybody attached to a service, in the order in which they are asked, with whether they would pay. */
export async function assessPayers(
  { db, actor }: Pick<Deps, "db"> & { actor: SessionActor },
  apiId: string,
  call: Call,
): Promise<AssessedPayer[]> {
  const payers = await listPayers(db, apiId, actor.userId);
  return payers.map((payer) => ({ ...payer, standing: assessPayer(payer, call) }));
}

/**
 * Who would pay for a call ("Who pays" in api.md).
 * @throws the reason why nobody does: `sponsor_budget_exhausted`, `user_cap_reached`, `task_required`,
 *   `not_eligible`, `no_sponsor`, and for a named campaign also `not_found` and `inactive`.
 */
export async function choosePayers(
  ctx: Pick<Deps, "db"> & { actor: SessionActor },
  api: RequestedService & { id: string },
  campaignId: string | undefined,
  call: Call,
): Promise<Payers> {
  const judged = await assessPayers(ctx, api.id, call);

  if (campaignId !== undefined) {
    const named = await requireNamedPayer(ctx, judged, campaignId, api);
    const others = judged.filter((payer) => payer !== named);
    if (named.standing !== "ready") throw refuseNamed(named, others, api);
    return { ready: [named], refusal: (short) => refuseNamed(downgrade(named, short), others, api) };
  }

  const [first, ...rest] = judged.filter(({ standing }) => standing === "ready");
  if (first === undefined) throw refuseAll(judged, api);
  return {
    ready: [first, ...rest],
    refusal: (short) =>
      refuseAll(
        judged.map((payer) => downgrade(payer, short)),
        api,
      ),
  };
}

function downgrade(payer: AssessedPayer, short: Map<string, Shortfall>): AssessedPayer {
  const standing = short.get(payer.account_id);
  return standing === undefined ? payer : { ...payer, standing };
}

/** The campaign the caller named. @throws `not_found`, or `no_sponsor` for one that doesn't pay for this service. */
export async function requireNamedPayer(
  { db, actor }: Pick<Deps, "db"> & { actor: SessionActor },
  judged: AssessedPayer[],
  campaignId: string,
  wanted: RequestedService,
): Promise<AssessedPayer> {
  const id = requireId(campaignId, "campaign");
  const named = judged.find((payer) => payer.campaign_id === id);
  if (named !== undefined) return named;
  if ((await findCampaignForUser(db, id, actor.userId)) === undefined) throw notFound("campaign");
  throw new AppError("no_sponsor", {
    message: "This campaign doesn't pay for this service.",
    nextActions: [next.searchServices(), ...offerDirectly(wanted)],
  });
}
