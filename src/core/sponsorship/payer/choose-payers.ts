import type { Deps, SessionActor } from "../../context.ts";
import { AppError, notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import { next } from "../../protocol/next-actions.ts";
import { findCampaignForUser } from "../campaign/index.ts";
import type { AssessedPayer, RequestedService, Shortfall } from "./rules.ts";
import { assessPayer, offerDirectly, refuseAll, refuseNamed } from "./rules.ts";
import { listPayers } from "./store.ts";

type Context = Pick<Deps, "db" | "sql" | "tally"> & { actor: SessionActor };

/** Payers in the order in which they are tried, and the error if all of them fail. */
export interface Payers {
  ready: [AssessedPayer, ...AssessedPayer[]];
  /** The error, given the reasons for which payers failed at the reservation, by their budget account. */
  refusal(shortfalls: Map<string, Shortfall>): AppError;
}

/**
 * Lists all payers of a service in the order in which they are tried, each with whether it would pay for a
 * call.
 */
export async function assessPayers(
  { sql, actor }: Pick<Context, "sql" | "actor">,
  apiId: string,
): Promise<AssessedPayer[]> {
  const payers = await listPayers.all(sql, { sponsored_api_id: apiId, user_id: actor.userId });
  return payers.map((payer) => ({ ...payer, status: assessPayer(payer) }));
}

/**
 * Chooses the payers of a call: the campaign that the caller named, or else every payer that is ready.
 * @throws the reason if there is none: `sponsor_budget_exhausted`, `user_cap_reached`, `task_required`,
 *   `not_eligible`, `no_sponsor`, and for a named campaign also `not_found` and `inactive`
 */
export async function choosePayers(
  ctx: Context,
  api: RequestedService & { id: string },
  campaignId: string | undefined,
): Promise<Payers> {
  const payers = await assessPayers(ctx, api.id);

  if (campaignId !== undefined) {
    const named = await requireNamedPayer(ctx, payers, campaignId, api);
    const others = payers.filter((payer) => payer !== named);
    const refuse = (payer: AssessedPayer): AppError => {
      countRefusals(ctx, [payer]);
      return refuseNamed(payer, others, api);
    };
    if (named.status !== "ready") throw refuse(named);
    return { ready: [named], refusal: (shortfalls) => refuse(withShortfall(named, shortfalls)) };
  }

  const refuse = (refusing: AssessedPayer[]): AppError => {
    countRefusals(ctx, refusing);
    return refuseAll(refusing, api);
  };
  const [first, ...rest] = payers.filter(({ status }) => status === "ready");
  if (first === undefined) throw refuse(payers);
  return {
    ready: [first, ...rest],
    refusal: (shortfalls) => refuse(payers.map((payer) => withShortfall(payer, shortfalls))),
  };
}

/** Counts for each campaign the rule by which it refused a run that nobody else paid for. A task left to do is no refusal. */
function countRefusals({ tally }: Pick<Context, "tally">, payers: readonly AssessedPayer[]): void {
  for (const { campaign_id, status } of payers)
    if (status !== "ready" && status !== "task") tally.count(`refused_${status}`, [campaign_id]);
}

function withShortfall(payer: AssessedPayer, shortfalls: Map<string, Shortfall>): AssessedPayer {
  const status = shortfalls.get(payer.account_id);
  return status === undefined ? payer : { ...payer, status };
}

/**
 * Returns the campaign that the caller named.
 * @throws `not_found`, or `no_sponsor` if it doesn't pay for this service
 */
export async function requireNamedPayer(
  { db, actor }: Pick<Context, "db" | "actor">,
  payers: AssessedPayer[],
  campaignId: string,
  service: RequestedService,
): Promise<AssessedPayer> {
  const id = requireId(campaignId, "campaign");
  const named = payers.find((payer) => payer.campaign_id === id);
  if (named !== undefined) return named;
  if ((await findCampaignForUser(db, id, actor.userId)) === undefined) throw notFound("campaign");
  throw new AppError("no_sponsor", {
    message: "This campaign doesn't pay for this service.",
    nextActions: [next.searchServices(), ...offerDirectly(service)],
  });
}
