import type { Address, Hex, LocalAccount } from "viem";
import { createWalletClient, http } from "viem";
import { privateKeyToAccount, toAccount } from "viem/accounts";

/** Who signs for the treasury: a key in this process, or a signer that keeps it and never hands it out. */
export type TreasuryKey = { privateKey: Hex } | { signerUrl: string; address: Address };

const SIGNER_TIMEOUT_MS = 5_000;

/**
 * The treasury's account. An external signer is one that speaks JSON-RPC's `eth_signTypedData_v4`, as Web3Signer and
 * Clef do; it is only ever asked for EIP-3009 authorizations, so it may refuse all else.
 */
export function treasuryAccount(key: TreasuryKey): LocalAccount {
  if ("privateKey" in key) return privateKeyToAccount(key.privateKey);
  const { signerUrl, address } = key;
  const signer = createWalletClient({
    account: address,
    transport: http(signerUrl, { timeout: SIGNER_TIMEOUT_MS, retryCount: 0 }),
  });
  const never = (): never => {
    throw new Error("the treasury signs authorizations, and nothing else");
  };
  return toAccount({
    address,
    signTypedData: (typedData) =>
      signer.signTypedData(typedData as Parameters<typeof signer.signTypedData>[0]),
    signMessage: never,
    signTransaction: never,
  });
}
