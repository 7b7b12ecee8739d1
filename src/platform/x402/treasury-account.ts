import type { Address, Hex, LocalAccount } from "viem";
import { createWalletClient, http } from "viem";
import { privateKeyToAccount, toAccount } from "viem/accounts";

/**
 * How the treasury signs: with a private key in this process, or through an external signer that keeps the
 * key.
 */
export type TreasuryKey = { privateKey: Hex } | { signerUrl: string; address: Address };

const SIGNER_TIMEOUT_MS = 5_000;

/**
 * Creates the treasury's account. An external signer must support the JSON-RPC method `eth_signTypedData_v4`,
 * as Web3Signer and Clef do. We ask it only for EIP-3009 authorizations, so it may refuse everything else.
 */
export function treasuryAccount(key: TreasuryKey): LocalAccount {
  if ("privateKey" in key) return privateKeyToAccount(key.privateKey);
  const { signerUrl, address } = key;
  const signer = createWalletClient({
    account: address,
    transport: http(signerUrl, { timeout: SIGNER_TIMEOUT_MS, retryCount: 0 }),
  });
  const refuse = (): never => {
    throw new Error("the treasury signs only EIP-3009 authorizations");
  };
  return toAccount({
    address,
    signTypedData: (typedData) =>
      signer.signTypedData(typedData as Parameters<typeof signer.signTypedData>[0]),
    signMessage: refuse,
    signTransaction: refuse,
  });
}
