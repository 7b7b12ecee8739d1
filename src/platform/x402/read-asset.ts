import type { Address, Hex, PublicClient } from "viem";
import { domainSeparator, parseAbi, zeroAddress, zeroHash } from "viem";
import { describeNetworkFailure } from "../network-failure.ts";
import { SetupProblem } from "../setup-problem.ts";

const ASSET = parseAbi([
  "function name() view returns (string)",
  "function version() view returns (string)",
  "function decimals() view returns (uint8)",
  "function authorizationState(address authorizer, bytes32 nonce) view returns (bool)",
  "function DOMAIN_SEPARATOR() view returns (bytes32)",
]);

/** The part of an asset's EIP-712 domain that the asset itself chooses. */
export interface AssetDomain {
  name: string;
  version: string;
}

export interface AssetOptions {
  rpcUrl: string;
  chainId: number;
  asset: Address;
}

/**
 * Checks the chain and the asset, and reads the asset's EIP-712 domain.
 * @throws SetupProblem if the RPC doesn't answer or serves another chain, or if the asset isn't a token with 6
 *   decimals and EIP-3009
 */
export async function readAsset(client: PublicClient, options: AssetOptions): Promise<AssetDomain> {
  const { asset: address, chainId } = options;
  const network = `eip155:${chainId}`;
  await checkChain(client, options);
  const notAToken = (found: string): SetupProblem =>
    new SetupProblem("X402_ASSET", `${address} ${found}`, `Set it to the address of USDC on ${network}`);
  const ask = <Answer>(answer: Promise<Answer>, found: string): Promise<Answer> =>
    answer.catch((cause: unknown) => {
      throw isRpcFailure(cause) ? rpcProblem(options, cause) : notAToken(found);
    });

  const code = await ask(client.getCode({ address }), `can't be read on ${network}`);
  if (code === undefined) throw notAToken(`isn't a contract on ${network}`);
  const contract = { address, abi: ASSET } as const;
  const decimals = await ask(
    client.readContract({ ...contract, functionName: "decimals" }),
    "is a contract but not a token: it has no decimals",
  );
  if (decimals !== 6) throw notAToken(`has ${decimals} decimals, and USDC has 6`);
  await ask(
    client.readContract({ ...contract, functionName: "authorizationState", args: [zeroAddress, zeroHash] }),
    "can't be paid with signatures: it has no EIP-3009",
  );
  const [name, version] = await ask(
    Promise.all([
      client.readContract({ ...contract, functionName: "name" }),
      client.readContract({ ...contract, functionName: "version" }),
    ]),
    "has no EIP-712 name and version",
  );
  const separator = await readSeparator(client, address);
  const expected = domainSeparator({ domain: { name, version, chainId, verifyingContract: address } });
  if (separator !== undefined && separator !== expected)
    throw notAToken(`has an EIP-712 domain other than its name "${name}" and version "${version}" say`);
  return { name, version };
}

async function checkChain(client: PublicClient, options: AssetOptions): Promise<void> {
  const actual = await client.getChainId().catch((cause: unknown) => {
    throw rpcProblem(options, cause);
  });
  if (actual !== options.chainId)
    throw new SetupProblem(
      "X402_RPC_URL",
      `${originOf(options.rpcUrl)} serves eip155:${actual}, and X402_NETWORK is eip155:${options.chainId}`,
      "Set one of them to fit the other",
    );
}

/** The asset's own hash of its domain. Undefined if it doesn't tell: the function is no part of EIP-3009. */
const readSeparator = (client: PublicClient, address: Address): Promise<Hex | undefined> =>
  client.readContract({ address, abi: ASSET, functionName: "DOMAIN_SEPARATOR" }).catch(() => undefined);

function rpcProblem({ rpcUrl, chainId }: AssetOptions, cause: unknown): SetupProblem {
  const why = describeNetworkFailure(cause) ?? "doesn't answer as an RPC";
  const advice = `Set it to an RPC of eip155:${chainId} that this machine reaches`;
  return new SetupProblem("X402_RPC_URL", `${originOf(rpcUrl)} ${why}`, advice);
}

const isRpcFailure = (error: unknown): boolean => describeNetworkFailure(error) !== undefined;

const originOf = (url: string): string => new URL(url).origin;
