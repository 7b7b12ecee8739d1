import type { Address, Hex } from "viem";
import { bytesToHex } from "viem";
import { mnemonicToAccount, privateKeyToAddress } from "viem/accounts";

/** anvil's own development phrase. Public: everything derived from it is worth exactly nothing elsewhere. */
const MNEMONIC = "test test test test test test test test test test test junk";

export interface SandboxAccount {
  address: Address;
  privateKey: Hex;
}

/** anvil gives gas to (and unlocks) the accounts below this index. */
export const FUNDED_WITH_GAS = 10;

/** Who is who among the development accounts. */
export interface SandboxAccounts {
  /** May mint the test token (TestUSDC.sol). */
  minter: SandboxAccount;
  /** Pays the facilitator's gas. */
  facilitator: SandboxAccount;
  treasury: SandboxAccount;
  /** For whoever integrates against the sandbox: gas and test USDC, no other role. */
  spare: SandboxAccount[];
  /** The demo upstreams' earnings; never send anything, so they need no gas. */
  sellers: SandboxAccount[];
}

/** Derives the accounts; the same ones in every world. Takes a few dozen milliseconds. */
export function sandboxAccounts(): SandboxAccounts {
  const root = mnemonicToAccount(MNEMONIC, { path: "m/44'/60'/0'/0" }).getHdKey();
  const account = (index: number): SandboxAccount => {
    const { privateKey } = root.deriveChild(index);
    if (!privateKey) throw new Error(`no key at index ${index}`);
    const key = bytesToHex(privateKey);
    return { address: privateKeyToAddress(key), privateKey: key };
  };
  return {
    minter: account(0),
    facilitator: account(1),
    treasury: account(2),
    spare: range(3, FUNDED_WITH_GAS).map(account),
    sellers: range(20, 24).map(account),
  };
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);
