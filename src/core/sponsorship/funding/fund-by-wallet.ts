import { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import type { RequestHeaders } from "../../ports/x402-seller.ts";
import { AppError, invalidField } from "../../protocol/errors.ts";
import type { Funding } from "./fund-budget.ts";
import { fundApi, fundCampaign } from "./fund-budget.ts";
import type { PayByWalletInput, WalletTermsInput, WalletTermsOutput } from "./wallet-schema.ts";

type Context = Pick<Deps, "db" | "sql" | "networks" | "log" | "settings"> & { actor: SponsorActor };
type Order = z.infer<typeof WalletTermsInput>;

/** The terms of x402 v2 as we offer them ourselves: one offer, in the scheme `exact` of an EVM chain. */
const Demand = z.looseObject({
  resource: z.looseObject({ url: z.string() }),
  accepts: z.tuple([
    z.looseObject({
      network: z.string(),
      amount: z.string(),
      asset: z.string(),
      payTo: z.string(),
      maxTimeoutSeconds: z.number(),
      extra: z.looseObject({ name: z.string(), version: z.string() }),
    }),
  ]),
});

/** The terms for a wallet in a browser, which signs them as typed data. @throws AppError `not_found`, `inactive`, `validation_error` */
export async function readWalletTerms(
  ctx: Context,
  input: Order,
): Promise<z.infer<typeof WalletTermsOutput>> {
  const { resource, accepts } = await demandOf(ctx, input);
  const [offer] = accepts;
  return {
    url: resource.url,
    network: offer.network,
    chain_id: Number(offer.network.split(":")[1]),
    asset: offer.asset,
    pay_to: offer.payTo,
    amount: offer.amount,
    token_name: offer.extra.name,
    token_version: offer.extra.version,
    max_timeout_seconds: offer.maxTimeoutSeconds,
  };
}

/**
 * Funds a budget with what a browser's wallet signed: the same payment as any x402 client's, in a call of the console.
 * @throws AppError as `fundCampaign` and `fundApi`
 */
export async function payByWallet(
  ctx: Context,
  { authorization, signature, ...order }: z.infer<typeof PayByWalletInput>,
): Promise<Funding> {
  const { resource, accepts } = await demandOf(ctx, order);
  const payment = {
    ...{ x402Version: 2, resource, accepted: accepts[0] },
    payload: { authorization, signature },
  };
  const header = Buffer.from(JSON.stringify(payment)).toString("base64");
  return fund(ctx, order, { "payment-signature": header });
}

function fund(
  ctx: Context,
  { campaign_id, service_key, amount_cents }: Order,
  headers: RequestHeaders,
): Promise<Funding> {
  if (campaign_id !== undefined && service_key === undefined)
    return fundCampaign({ ...ctx, headers }, { campaign_id, amount_cents });
  if (service_key !== undefined && campaign_id === undefined)
    return fundApi({ ...ctx, headers }, { service_key, amount_cents });
  throw invalidField("/campaign_id", "give either campaign_id or service_key", "oneOf");
}

/** What is asked for without a payment. */
async function demandOf(ctx: Context, order: Order): Promise<z.infer<typeof Demand>> {
  const asked: unknown = await fund(ctx, order, {}).catch((error: unknown) => error);
  if (!(asked instanceof AppError) || asked.code !== "payment_required") throw asked;
  const terms = Buffer.from(asked.headers["PAYMENT-REQUIRED"] ?? "", "base64").toString();
  return Demand.parse(JSON.parse(terms));
}
