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
import { sponsorExists } from "../sponsor/index.ts";
import { findApiOfSponsor } from "../sponsored-api/index.ts";
import { openApiBudget } from "./open-api-budget.ts";
import type { BookCreditInput, BookCreditOutput } from "./schema.ts";

/**
 * Books money to a campaign's budget, or to an API's own budget. The money is already in the treasury, and
 * didn't come by x402. Idempotent by reference.
 * @throws `validation_error`, `not_found`; `treasury_shortfall` if the treasury's balance on chain doesn't
 *   cover it; `conflict` if the reference was used for another booking
 */
export async function bookCredit(
  { db, chain, paymentClient, log }: Pick<Deps, "db" | "chain" | "paymentClient" | "log">,
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

  // `sumSpent` is read before the balance. So money spent in between can only make the check stricter.
  const spentBefore = await sumSpent(db);
  const treasuryMicros = await chain.balanceOf(paymentClient.payer);
  const amountMicros = centsToMicros(input.amount_cents);

  return db.$transaction(async (tx) => {
    const accountId = await findOrOpenAccount(tx, sponsorId, input);
    const result = await bookCreditIfCovered(tx, {
      sponsorId,
      accountId,
      amountMicros,
      reference: input.reference,
      treasuryMicros,
      spentBefore,
    });
    if (result.kind === "shortfall") {
      throw new AppError("treasury_shortfall", {
        details: { covered_cents: microsToCents(result.coveredMicros) },
      });
    }
    if (result.kind === "known" && (result.accountId !== accountId || result.amountMicros !== amountMicros)) {
      throw new AppError("conflict", { message: "This reference was used for another booking." });
    }
    if (result.kind === "booked")
      log.info(
        { event: "credit_booked", account_id: accountId, reference: input.reference },
        "a credit was booked",
      );
    return { budget: budgetToWire(await findAccount(tx, accountId)), reference: input.reference };
  });
}

/** Returns the account of the campaign or API that the input names, and opens it if the API has none. */
async function findOrOpenAccount(
  tx: Queries,
  sponsorId: string,
  input: z.infer<typeof BookCreditInput>,
): Promise<string> {
  if (input.campaign_id !== undefined) {
    return (await requireOwnCampaign(tx, input.campaign_id, sponsorId)).budgetAccountId;
  }
  const api = await findApiOfSponsor(tx, input.service_key ?? "", sponsorId);
  if (api === undefined) throw notFound("service");
  return api.budgetAccountId ?? openApiBudget(tx, api.id);
}
