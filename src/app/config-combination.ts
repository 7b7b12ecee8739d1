import { checkMail } from "./mail-variables.ts";
import { checkFacilitatorAuth } from "./facilitator-variables.ts";

/** The variables as they were given. */
type Given = Partial<Record<string, string>>;

/** The variables of a chain outside the sandbox: all of them, or none. */
const CHAIN_VARIABLES = [
  "X402_NETWORK",
  "X402_ASSET",
  "X402_RPC_URL",
  "X402_FACILITATOR_URL",
  "TREASURY_PRIVATE_KEY",
] as const;

/** The chain variables that are required. With an external signer, its address replaces the key. */
const chainVariables = (given: Given): readonly string[] =>
  given["TREASURY_SIGNER_URL"] === undefined
    ? CHAIN_VARIABLES
    : [...CHAIN_VARIABLES.filter((name) => name !== "TREASURY_PRIVATE_KEY"), "TREASURY_ADDRESS"];

/** Whether the server runs in the sandbox: by `SANDBOX`, or where no variable names a database or a chain. Never by default in production. */
function isSandbox(given: Given): boolean {
  if (given["SANDBOX"] !== undefined) return given["SANDBOX"] === "true";
  return given["DATABASE_URL"] === undefined && given["NODE_ENV"] !== "production" && !namesChain(given);
}

const namesChain = (given: Given): boolean => CHAIN_VARIABLES.some((name) => given[name] !== undefined);

/** Mistakes in how variables are combined. */
export const checkCombination = (given: Given): string[] => [
  ...checkMail(given),
  ...checkInstallation(given),
];

function checkInstallation(given: Given): string[] {
  if (isSandbox(given)) return [];
  const missing = (names: readonly string[], why: string): string[] =>
    names.filter((name) => given[name] === undefined).map((name) => `${name}: is required ${why}`);
  const chain =
    given["SANDBOX"] === undefined && !namesChain(given)
      ? [
          `${given["DATABASE_URL"] === undefined ? "NODE_ENV=production" : "DATABASE_URL"} alone doesn't say which chain ` +
            `payments use: set SANDBOX=true for the sandbox's, or ${CHAIN_VARIABLES.join(", ")} for a real one`,
        ]
      : missing(chainVariables(given), "outside the sandbox");
  const bothKeys =
    given["TREASURY_SIGNER_URL"] !== undefined && given["TREASURY_PRIVATE_KEY"] !== undefined
      ? ["TREASURY_SIGNER_URL: the signer keeps the key. Unset TREASURY_PRIVATE_KEY"]
      : [];
  const severalKeys = given["DATA_ENCRYPTION_KEY"]?.includes(",") === true;
  return [
    ...chain,
    ...bothKeys,
    ...checkFacilitatorAuth(given),
    ...(severalKeys ? missing(["DIGEST_KEY"], "with several encryption keys") : []),
    ...missing(["DATA_ENCRYPTION_KEY"], "outside the sandbox (openssl rand -base64 32)"),
    ...(given["NODE_ENV"] === "production" ? missing(["DATABASE_URL"], "in production") : []),
  ];
}
