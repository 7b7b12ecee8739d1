import type { z } from "zod";
import type { Deps } from "../../context.ts";
import {
  bookCredit as bookCreditIfCovered,
  budgetToWire,
  findAccount,
  sumSpent,
} from "../../money/budget/index.ts";
import type { Queries } from "../../ports/database.ts";
import { centsToMicros, microsToCents } from "../../protocol/amounts.ts";
import { AppError, invalidField, notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import { requireOwnCampaign } from "../campaign/index.ts";
import { refreshOffersOf } from "../offer/index.ts";
import { requireOpen, sponsorExists } from "../sponsor/index.ts";
import { findApiOfSponsor } from "../sponsored-api/index.ts";
import { openApiBudget } from "./open-api-budget.ts";
import type { BookCreditInput, BookCreditOutput } from "./schema.ts";

/**
 * Books money to a campaign's budget, or to an API's own budget. The money is already in the treasury, and
 * didn't come by x402. Idempotent by reference.
 * @throws `validation_error`; `not_found`, also for an organisation that was closed; `treasury_shortfall` if the treasury's balance on chain doesn't
 *   cover it; `conflict` if the reference was used for another booking
 */
export async function bookCredit(
  { db, sql, networks, log }: Pick<Deps, "db" | "sql" | "networks" | "log">,
  input: z.infer<typeof BookCreditInput>,
): Promise<z.infer<typeof BookCreditOutput>> {
  const sponsorId = requireId(input.sponsor_id, "sponsor");
  if ((input.campaign_id === undefined) === (input.service_key === undefined)) {
    throw invalidField(
      input.campaign_id === undefined ? "/campaign_id" : "/service_key",
      "give either campaign_id or service_key",
      "oneOf",
    );
  }
  if (!(await sponsorExists(db, sponsorId))) throw notFound("sponsor");

  const target = await findTarget(db, sponsorId, input);

  // `sumSpent` is read before the balance. So money spent in between can only make the check stricter.
  const network = networks.get(target.network ?? networks.default.id);
  const { spent: spentBefore } = await sumSpent.one(sql, { network: network.id });
  const treasuryMicros = await network.chain.balanceOf(network.treasury);
  const { amount_cents: amountCents, reference } = input;
  const amountMicros = centsToMicros(amountCents);

  const { accountId, result } = await sql.transaction(async (tx) => {
    // Also for a budget that is there: money for an organisation that is closed could never be withdrawn.
    await requireOpen(tx, sponsorId);
    const account =
      "accountId" in target
        ? target.accountId
        : await openApiBudget(tx, { apiId: target.apiId, sponsorId }, network);
    const booked = await bookCreditIfCovered(tx, {
      ...{ sponsorId, accountId: account, network, amountMicros },
      ...{ reference, treasuryMicros, spentBefore },
    });
    // Thrown inside of the transaction, so that no budget was opened for a credit that isn't booked.
    if (booked.kind === "shortfall") {
      throw new AppError("treasury_shortfall", {
        details: { covered_cents: microsToCents(booked.coveredMicros) },
      });
    }
    if (booked.kind === "known" && (booked.accountId !== account || booked.amountMicros !== amountMicros)) {
      throw new AppError("conflict", { message: "This reference was used for another booking." });
    }
    return { accountId: account, result: booked.kind };
  });
  if (result === "booked") await refreshOffersOf(sql, [accountId]);
  if (result === "booked")
    log.info({ event: "credit_booked", account_id: accountId, reference }, "a credit was booked");
  return { budget: budgetToWire(await findAccount(db, accountId)), reference };
}

/** The account to book to, or the API that still has none; and the network of its money. Null: the default one. */
type Target = ({ accountId: string } | { apiId: string }) & { network: string | null };

/** Finds what the input names. @throws `not_found` */
async function findTarget(
  db: Queries,
  sponsorId: string,
  input: z.infer<typeof BookCreditInput>,
): Promise<Target> {
  if (input.campaign_id !== undefined) {
    const { budgetAccount } = await requireOwnCampaign(db, input.campaign_id, sponsorId);
    return { accountId: budgetAccount.id, network: budgetAccount.network };
  }
  const api = await findApiOfSponsor(db, input.service_key ?? "", sponsorId);
  if (api === undefined) throw notFound("service");
  return api.budgetAccount === null
    ? { apiId: api.id, network: api.network }
    : { accountId: api.budgetAccount.id, network: api.budgetAccount.network };
}
