import { x402Facilitator } from "@x402/core/facilitator";
import type { Network, PaymentPayload, PaymentRequirements } from "@x402/core/types";
import { toFacilitatorEvmSigner } from "@x402/evm";
import { registerExactEvmScheme } from "@x402/evm/exact/facilitator";
import type { Express, NextFunction, Request, Response } from "express";
import express from "express";
import type { Abi, Address, Hex, VerifyTypedDataParameters } from "viem";
import { concatHex, encodeFunctionData, isAddress, isAddressEqual } from "viem";
import { z } from "zod";
import { TransactionSender } from "./transaction-sender.ts";

/** A payment has about 2 kB. */
const BODY_LIMIT = "64kb";
const CONFIRM_WITHIN_MS = 10_000;
/** The name of Base Sepolia in x402 v1. In v2 its name is CAIP-2. */
export const NETWORK_V1 = "base-sepolia";

export interface FacilitatorOptions {
  rpcUrl: string;
  chainId: number;
  network: Network;
  /**
   * The only token that it moves. It pays the gas for any caller, so it doesn't call contracts that callers
   * name.
   */
  asset: Address;
  /** Pays the gas. Use each key in one facilitator only, since it counts the key's nonces. */
  privateKey: Hex;
}

/** Checked before the x402 library's stricter checks of each scheme. */
const PaymentRequest = z.looseObject({
  paymentPayload: z.looseObject({ x402Version: z.union([z.literal(1), z.literal(2)]) }),
  paymentRequirements: z.looseObject({
    scheme: z.literal("exact"),
    network: z.string(),
    asset: z.string().refine((text) => isAddress(text, { strict: false })),
  }),
});

/**
 * The sandbox's x402 facilitator (v1 and v2, scheme "exact" with EIP-3009): `POST /verify`, `POST /settle` and
 * `GET /supported`. It has no access control, so it must listen on loopback only.
 */
export function createFacilitatorApp(options: FacilitatorOptions): Express {
  const facilitator = createFacilitator(options);
  const networks: string[] = [options.network, NETWORK_V1];
  const refusalReason = (body: unknown): string | undefined => {
    const request = PaymentRequest.safeParse(body);
    if (!request.success) return "invalid_payload";
    const { asset, network } = request.data.paymentRequirements;
    if (!networks.includes(network)) return "invalid_network";
    return isAddressEqual(asset, options.asset) ? undefined : "asset_not_allowed";
  };

  const app = express();
  app.disable("x-powered-by");
  app.use(express.json({ limit: BODY_LIMIT }));
  app.get("/supported", (_req, res) => {
    const supported = facilitator.getSupported();
    res.json({ ...supported, kinds: supported.kinds.filter((kind) => networks.includes(kind.network)) });
  });
  app.post("/verify", async (req, res) => {
    const invalidReason = refusalReason(req.body);
    if (invalidReason !== undefined) return void res.json({ isValid: false, invalidReason });
    const { paymentPayload, paymentRequirements } = req.body as PaymentBody;
    res.json(await facilitator.verify(paymentPayload, paymentRequirements));
  });
  app.post("/settle", async (req, res) => {
    const errorReason = refusalReason(req.body);
    if (errorReason !== undefined) {
      // Status 200: for any other status, sellers assume that the payment may have been made.
      return void res.json({ success: false, errorReason, transaction: "", network: options.network });
    }
    const { paymentPayload, paymentRequirements } = req.body as PaymentBody;
    res.json(await facilitator.settle(paymentPayload, paymentRequirements));
  });
  app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
    const isBadBody = error instanceof Error && "status" in error; // thrown while reading the body
    res
      .status(isBadBody ? 400 : 500)
      .json({ error: isBadBody ? "unreadable request body" : "internal error" });
  });
  return app;
}

/** In v1 both have other fields. The library checks the version and casts. */
interface PaymentBody {
  paymentPayload: PaymentPayload;
  paymentRequirements: PaymentRequirements;
}

function createFacilitator(options: FacilitatorOptions): x402Facilitator {
  const sender = new TransactionSender(options.rpcUrl, options.chainId, options.privateKey);
  const { client } = sender;
  const signer = toFacilitatorEvmSigner(
    {
      address: sender.address,
      readContract: ({ abi, ...call }) => client.readContract({ ...call, abi: abi as Abi }),
      verifyTypedData: (message) => client.verifyTypedData(message as VerifyTypedDataParameters),
      getCode: ({ address }) => client.getCode({ address }),
      writeContract: ({ address, abi, functionName, args, dataSuffix }) => {
        const data = encodeFunctionData({ abi: abi as Abi, functionName, args });
        return sender.send(address, dataSuffix !== undefined ? concatHex([data, dataSuffix]) : data);
      },
      sendTransaction: ({ to, data }) => sender.send(to, data),
      waitForTransactionReceipt: async ({ hash, timeout = CONFIRM_WITHIN_MS }) => {
        const { status, logs } = await sender.receipt(hash, timeout);
        return { status, logs };
      },
    },
    { confirmationTimeoutMs: CONFIRM_WITHIN_MS },
  );
  const facilitator = new x402Facilitator();
  registerExactEvmScheme(facilitator, { signer, networks: options.network });
  return facilitator;
}
