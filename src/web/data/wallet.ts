import type { WalletTerms } from "./shapes.ts";

/** The wallet of the browser (EIP-1193). The page asks it and nobody else: its policy lets it call no other server. */
interface Provider {
  request(call: { method: string; params?: unknown[] }): Promise<unknown>;
}

declare global {
  interface Window {
    ethereum?: Provider;
  }
}

export const hasWallet = (): boolean => window.ethereum !== undefined;

export type WalletProblem = "declined" | "wrong_chain";

export class WalletError extends Error {
  readonly problem: WalletProblem;

  constructor(problem: WalletProblem) {
    super(problem);
    this.problem = problem;
  }
}

/** A signed transfer, as the server takes it. */
export interface SignedTransfer {
  authorization: {
    from: string;
    to: string;
    value: string;
    validAfter: string;
    validBefore: string;
    nonce: string;
  };
  signature: string;
}

/** A clock that is a little ahead of the chain's must not make the signature too young. */
const ALREADY_VALID_SECONDS = 600;

const TRANSFER_TYPES = {
  EIP712Domain: [
    { name: "name", type: "string" },
    { name: "version", type: "string" },
    { name: "chainId", type: "uint256" },
    { name: "verifyingContract", type: "address" },
  ],
  TransferWithAuthorization: [
    { name: "from", type: "address" },
    { name: "to", type: "address" },
    { name: "value", type: "uint256" },
    { name: "validAfter", type: "uint256" },
    { name: "validBefore", type: "uint256" },
    { name: "nonce", type: "bytes32" },
  ],
};

/**
 * Has the wallet sign one transfer of these terms (EIP-3009, as typed data of EIP-712). It costs nothing until the server sends it on.
 * @throws WalletError if the wallet refuses, or is on another chain
 */
export async function signTransfer(terms: WalletTerms): Promise<SignedTransfer> {
  const accounts = (await ask("eth_requestAccounts")) as string[];
  const [from] = accounts;
  if (from === undefined) throw new WalletError("declined");
  await requireChain(terms.chain_id);
  const now = Math.floor(Date.now() / 1000);
  const authorization = {
    from,
    to: terms.pay_to,
    value: terms.amount,
    validAfter: String(now - ALREADY_VALID_SECONDS),
    validBefore: String(now + terms.max_timeout_seconds),
    nonce: hexOf(crypto.getRandomValues(new Uint8Array(32))),
  };
  const typedData = {
    types: TRANSFER_TYPES,
    primaryType: "TransferWithAuthorization",
    domain: {
      name: terms.token_name,
      version: terms.token_version,
      chainId: terms.chain_id,
      verifyingContract: terms.asset,
    },
    message: authorization,
  };
  const signature = (await ask("eth_signTypedData_v4", [from, JSON.stringify(typedData)])) as string;
  return { authorization, signature };
}

async function requireChain(chainId: number): Promise<void> {
  if ((await presentChain()) === chainId) return;
  await ask("wallet_switchEthereumChain", [{ chainId: `0x${chainId.toString(16)}` }]).catch(() => {
    throw new WalletError("wrong_chain");
  });
  if ((await presentChain()) !== chainId) throw new WalletError("wrong_chain");
}

const presentChain = async (): Promise<number> => Number(await ask("eth_chainId"));

async function ask(method: string, params: unknown[] = []): Promise<unknown> {
  try {
    return await window.ethereum?.request({ method, params });
  } catch {
    throw new WalletError("declined");
  }
}

const hexOf = (bytes: Uint8Array): string =>
  `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
