import type { Address } from "viem";
import { getAddress, isAddress, isAddressEqual } from "viem";
import type { OfferField } from "../../core/ports/x402-buyer.ts";
import type { SentTerms } from "./payment-terms.ts";
import { isRecord } from "./payment-terms.ts";

/** What a buyer can pay with. */
export interface Wallet {
  /** CAIP-2. */
  network: string;
  /** x402 v1's name of the network. Undefined if it has none. */
  networkV1: string | undefined;
  asset: Address;
  /** The asset's EIP-712 domain, as the chain has it. */
  domain: { name: string; version: string };
}

/** What a signature needs to know of an offer. */
export interface Payable {
  payTo: Address;
  amountMicros: bigint;
  timeoutSeconds: number;
  isStandard: boolean;
}

export interface Refusal {
  field: OfferField;
  found: unknown;
  expected: string;
}

/** Micros, up to 10^18. More isn't a realistic price, and wouldn't fit the ledger's columns. */
const AMOUNT = /^0*[1-9][0-9]{0,17}$/;
const PAYABLE_FLOWS = ["authorization", "upfront"];

/** A field that isn't there: missing, null or blank. */
const isAbsent = (value: unknown): boolean => value === undefined || value === null || value === "";

/**
 * Judges one offer by what signing needs: an EIP-3009 authorization of our asset on our network. Fields that a
 * signature doesn't need may be missing or malformed. Where an unusual form has only one meaning, that meaning counts.
 */
export function judgeOffer(
  offer: unknown,
  { x402Version, isStandard }: Pick<SentTerms, "x402Version" | "isStandard">,
  wallet: Wallet,
): Payable | Refusal {
  const { scheme, network, asset, payTo, ...sent } = isRecord(offer) ? offer : {};
  const extra = isRecord(sent["extra"]) ? sent["extra"] : {};
  const { name, version, assetTransferMethod, paymentFlow } = extra;
  const { domain } = wallet;
  const refuse = (field: OfferField, found: unknown, expected: string): Refusal => ({
    field,
    found,
    expected,
  });

  if (scheme !== "exact") return refuse("scheme", scheme, "exact");
  const usualNetwork = x402Version === 1 ? wallet.networkV1 : wallet.network;
  const isOurNetwork =
    network !== undefined && [wallet.network, wallet.networkV1].includes(network as string);
  if (!isOurNetwork) return refuse("network", network, usualNetwork ?? wallet.network);
  if (!isAnAddress(asset) || !isAddressEqual(asset, wallet.asset))
    return refuse("asset", asset, wallet.asset);
  if (!isAbsent(assetTransferMethod) && assetTransferMethod !== "eip3009")
    return refuse("transfer_method", assetTransferMethod, "eip3009");
  // An escrowed payment is not settled by the one transfer that the reconciler looks for.
  if (!isAbsent(paymentFlow) && !PAYABLE_FLOWS.includes(paymentFlow as string))
    return refuse("payment_flow", paymentFlow, PAYABLE_FLOWS.join(" or "));
  // A missing domain is no problem: the asset is known, and so is its domain.
  if (!isAbsent(name) && name !== domain.name) return refuse("asset_name", name, domain.name);
  if (!isAbsent(version) && !isSameText(version, domain.version))
    return refuse("asset_version", version, domain.version);
  if (!isAnAddress(payTo)) return refuse("pay_to", payTo, "an address");

  const [word, otherWord] =
    x402Version === 1 ? ["maxAmountRequired", "amount"] : ["amount", "maxAmountRequired"];
  const amount = sent[word] ?? sent[otherWord];
  const amountMicros = readAmount(amount);
  if (amountMicros === undefined) return refuse("amount", amount, "an integer above 0 as text");
  const seconds = sent["maxTimeoutSeconds"];
  const timeoutSeconds = readSeconds(seconds);
  if (timeoutSeconds === undefined) return refuse("max_timeout_seconds", seconds, "a number above 0");

  return {
    payTo: getAddress(payTo),
    amountMicros,
    timeoutSeconds,
    isStandard:
      isStandard &&
      network === usualNetwork &&
      sent[word] !== undefined &&
      typeof seconds === "number" &&
      name === domain.name &&
      version === domain.version,
  };
}

const isAnAddress = (value: unknown): value is Address =>
  typeof value === "string" && isAddress(value, { strict: false });

const isSameText = (value: unknown, text: string): boolean =>
  value === text || (typeof value === "number" && String(value) === text);

/** Text of digits, or a number that JavaScript holds exactly. Undefined for anything else. */
function readAmount(value: unknown): bigint | undefined {
  const text = Number.isSafeInteger(value) ? String(value) : value;
  return typeof text === "string" && AMOUNT.test(text) ? BigInt(text) : undefined;
}

/** A time in whole seconds, at least 1. Text of digits counts as a number. Undefined for anything else. */
export function readSeconds(value: unknown): number | undefined {
  const seconds = typeof value === "string" && /^\d{1,12}$/.test(value) ? Number(value) : value;
  return typeof seconds === "number" && seconds > 0 && Number.isFinite(seconds)
    ? Math.max(1, Math.floor(seconds))
    : undefined;
}
