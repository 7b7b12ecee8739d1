import type { Abi, Hex } from "viem";
import { createTestClient, createWalletClient, http, publicActions, toHex, walletActions } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { baseSepolia } from "viem/chains";
import { beforeEach, describe, expect, inject, test } from "vitest";
import artifact from "../../src/sandbox/chain/token/TestUSDC.json" with { type: "json" };
import { AUTHORIZATION_FIELDS } from "../support/authorization.ts";
import { balanceOf, mint } from "../support/chain.ts";

// The test USDC behaves as EIP-3009 and Circle's FiatToken say, with their events and revert reasons.

const { rpcUrl, asset } = inject("chain");
const chain = createTestClient({ mode: "anvil", chain: baseSepolia, transport: http(rpcUrl), cacheTime: 0 })
  .extend(publicActions)
  .extend(walletActions);
const abi = artifact.abi as Abi;
const DOMAIN = { name: "USDC", version: "2", chainId: 84_532, verifyingContract: asset } as const;
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const FUNDS = 1_000n;

const owner = privateKeyToAccount(generatePrivateKey());
const payee = privateKeyToAccount(generatePrivateKey());
const wallet = createWalletClient({ account: payee, chain: baseSepolia, transport: http(rpcUrl) });

beforeEach(async () => {
  await chain.setBalance({ address: payee.address, value: 10n ** 18n });
  await mint(owner.address, FUNDS);
});

// A type and not an interface, because viem takes only types as records.
type Authorization = {
  from: Hex;
  to: Hex;
  value: bigint;
  validAfter: bigint;
  validBefore: bigint;
  nonce: Hex;
};

const authorize = (changes: Partial<Authorization> = {}): Authorization => ({
  from: owner.address,
  to: payee.address,
  value: 10n,
  validAfter: 0n,
  validBefore: BigInt(Math.floor(Date.now() / 1_000) + 300),
  nonce: generatePrivateKey(),
  ...changes,
});

const sign = (
  message: Authorization,
  primaryType: "TransferWithAuthorization" | "ReceiveWithAuthorization" = "TransferWithAuthorization",
): Promise<Hex> =>
  owner.signTypedData({
    domain: DOMAIN,
    types: { [primaryType]: AUTHORIZATION_FIELDS },
    primaryType,
    message,
  });

const split = (signature: Hex): [number, Hex, Hex] => [
  Number(`0x${signature.slice(130)}`),
  `0x${signature.slice(2, 66)}`,
  `0x${signature.slice(66, 130)}`,
];

/**
 * Sends a call from the payee and waits until it is mined.
 * @throws Error with the contract's reason if it would revert
 */
async function call(functionName: string, ...args: unknown[]): Promise<string> {
  const hash = await wallet.writeContract({ address: asset, abi, functionName, args });
  return (await chain.waitForTransactionReceipt({ hash, pollingInterval: 20 })).status;
}

const read = (functionName: string, ...args: unknown[]): Promise<unknown> =>
  chain.readContract({ address: asset, abi, functionName, args });
const isUsed = (nonce: Hex): Promise<unknown> => read("authorizationState", owner.address, nonce);

describe("a transfer with authorization", () => {
  test.each(["bytes", "v, r, s"])("an authorization signed as %s moves its money once", async (form) => {
    const message = authorize();
    const before = await balanceOf(payee.address);
    const signature = await sign(message);
    const args = [...Object.values(message), ...(form === "bytes" ? [signature] : split(signature))];
    expect(await isUsed(message.nonce)).toBe(false);
    expect(await call("transferWithAuthorization", ...args)).toBe("success");
    expect(await isUsed(message.nonce)).toBe(true);
    expect((await balanceOf(payee.address)) - before).toBe(10n);
    await expect(call("transferWithAuthorization", ...args)).rejects.toThrow(
      "authorization is used or canceled",
    );
  });

  test.each<[string, (now: bigint) => Partial<Authorization>]>([
    ["authorization is not yet valid", (now) => ({ validAfter: now + 1_000n })],
    ["authorization is expired", (now) => ({ validBefore: now })],
  ])("an authorization outside its times by the chain's clock is refused: %s", async (reason, times) => {
    const { timestamp } = await chain.getBlock();
    const message = authorize(times(timestamp));
    const args = [...Object.values(message), await sign(message)];
    await expect(call("transferWithAuthorization", ...args)).rejects.toThrow(reason);
  });

  test("a signature of another value, or not in canonical form, is refused and uses no nonce", async () => {
    const message = authorize();
    const signature = await sign(message);
    const altered = [...Object.values({ ...message, value: 11n }), signature];
    await expect(call("transferWithAuthorization", ...altered)).rejects.toThrow(
      "FiatTokenV2: invalid signature",
    );

    const [v, r, s] = split(signature);
    const mirrored = [v === 27 ? 28 : 27, r, toHex(CURVE_ORDER - BigInt(s), { size: 32 })];
    const args = Object.values(message);
    await expect(call("transferWithAuthorization", ...args, ...mirrored)).rejects.toThrow("'s' value");
    await expect(call("transferWithAuthorization", ...args, v - 27, r, s)).rejects.toThrow("'v' value");
    await expect(call("transferWithAuthorization", ...args, "0x1234")).rejects.toThrow("signature length");
    const nobody = [27, toHex(0, { size: 32 }), toHex(1, { size: 32 })];
    await expect(call("transferWithAuthorization", ...args, ...nobody)).rejects.toThrow("invalid signature");
    expect(await isUsed(message.nonce)).toBe(false);
  });

  test("a transfer of more than the balance is refused and uses no nonce", async () => {
    const message = authorize({ value: 10n ** 15n });
    const args = [...Object.values(message), await sign(message)];
    await expect(call("transferWithAuthorization", ...args)).rejects.toThrow(
      "transfer amount exceeds balance",
    );
    expect(await isUsed(message.nonce)).toBe(false);
  });

  test("an authorization to receive can only be sent by its payee", async () => {
    const message = authorize();
    const args = [...Object.values(message), await sign(message, "ReceiveWithAuthorization")];
    expect(await call("receiveWithAuthorization", ...args)).toBe("success");
    const others = authorize({ to: owner.address });
    const otherArgs = [...Object.values(others), await sign(others, "ReceiveWithAuthorization")];
    await expect(call("receiveWithAuthorization", ...otherArgs)).rejects.toThrow("caller must be the payee");
  });

  test("a canceled authorization moves no money", async () => {
    const message = authorize();
    const canceling = await owner.signTypedData({
      domain: DOMAIN,
      types: {
        CancelAuthorization: [
          { name: "authorizer", type: "address" },
          { name: "nonce", type: "bytes32" },
        ],
      },
      primaryType: "CancelAuthorization",
      message: { authorizer: owner.address, nonce: message.nonce },
    });
    expect(await call("cancelAuthorization", owner.address, message.nonce, ...split(canceling))).toBe(
      "success",
    );
    // Other tests use the chain, too.
    const events = await chain.getContractEvents({
      ...{ address: asset, abi, eventName: "AuthorizationCanceled", fromBlock: "earliest" },
      args: { authorizer: owner.address },
    });
    expect(events.at(-1)).toMatchObject({ args: { authorizer: owner.address, nonce: message.nonce } });
    const args = [...Object.values(message), await sign(message)];
    await expect(call("transferWithAuthorization", ...args)).rejects.toThrow(
      "authorization is used or canceled",
    );
  });

  test("an authorization from a contract is valid if the contract confirms the signature (EIP-1271)", async () => {
    // EVM code of two contract wallets. One answers every signature with the magic value, the other with zero.
    const walletAnswering = (word: string): Hex => `0x7f${word.padEnd(64, "0")}60005260206000f3`;
    for (const [magic, isValid] of [
      ["1626ba7e", true],
      ["00", false],
    ] as const) {
      const contract = privateKeyToAccount(generatePrivateKey()).address;
      await chain.setCode({ address: contract, bytecode: walletAnswering(magic) });
      await mint(contract, 10n);
      const transfer = call(
        "transferWithAuthorization",
        ...Object.values(authorize({ from: contract })),
        "0x12",
      );
      if (isValid) expect(await transfer).toBe("success");
      else await expect(transfer).rejects.toThrow("FiatTokenV2: invalid signature");
    }
  });
});

test("a permit sets an allowance, once (EIP-2612)", async () => {
  const nonce = (await read("nonces", owner.address)) as bigint;
  const message = { owner: owner.address, spender: payee.address, value: 7n, nonce, deadline: 2n ** 255n };
  const names = {
    owner: "address",
    spender: "address",
    value: "uint256",
    nonce: "uint256",
    deadline: "uint256",
  };
  const Permit = Object.entries(names).map(([name, type]) => ({ name, type }));
  const signature = await owner.signTypedData({
    domain: DOMAIN,
    types: { Permit },
    primaryType: "Permit",
    message,
  });
  const args = [owner.address, payee.address, 7n, message.deadline, ...split(signature)];
  expect(await call("permit", ...args)).toBe("success");
  expect(await call("transferFrom", owner.address, payee.address, 7n)).toBe("success");
  await expect(call("transferFrom", owner.address, payee.address, 1n)).rejects.toThrow("exceeds allowance");
  await expect(call("permit", ...args)).rejects.toThrow("EIP2612: invalid signature");
});

test("an account that isn't the minter can't mint", async () => {
  await expect(call("mintAll", [payee.address], [1n])).rejects.toThrow("caller is not a minter");
});
