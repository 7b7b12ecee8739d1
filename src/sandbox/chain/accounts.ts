import type { Address, Hex } from "viem";
import { bytesToHex } from "viem";
import { mnemonicToAccount, privateKeyToAddress } from "viem/accounts";

/** anvil's development phrase. It is public, so its accounts are worth nothing on other chains. */
const MNEMONIC = "test test test test test test test test test test test junk";

export interface SandboxAccount {
  address: Address;
  privateKey: Hex;
}

/** anvil gives gas to this many accounts from index 0 on, and can sign for them. */
export const ACCOUNTS_WITH_GAS = 10;

/** The roles of the development accounts. */
export interface SandboxAccounts {
  /** The only account that may mint the test token (TestUSDC.sol). */
  minter: SandboxAccount;
  /** Pays the facilitator's gas. */
  facilitator: SandboxAccount;
  treasury: SandboxAccount;
  /** Accounts with gas and test USDC for developers who integrate against the sandbox. */
  spare: SandboxAccount[];
  /** Payees of the demo upstreams. They send no transactions, so they need no gas. */
  sellers: SandboxAccount[];
}

/** Derives the accounts, which are the same in every sandbox. Takes a few dozen milliseconds. */
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
    spare: range(3, ACCOUNTS_WITH_GAS).map(account),
    sellers: range(20, 24).map(account),
  };
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);
