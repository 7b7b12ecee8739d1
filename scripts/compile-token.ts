/**
 * `npm run token:check`: compiles the sandbox's test token, and compares it with the committed artifact. Exits
 * with 1 if they differ. Without `--check`, writes the artifact.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

interface SolcMessage {
  severity: "error" | "warning" | "info";
  formattedMessage: string;
}

interface SolcOutput {
  errors?: SolcMessage[];
  contracts?: Record<
    string,
    Record<string, { abi: unknown[]; evm: Record<"bytecode" | "deployedBytecode", { object: string }> }>
  >;
}

interface Solc {
  version(): string;
  compile(input: string): string;
}

const SOURCE = new URL("../src/sandbox/chain/token/TestUSDC.sol", import.meta.url);
const ARTIFACT = new URL("../src/sandbox/chain/token/TestUSDC.json", import.meta.url);

const solc = createRequire(import.meta.url)("solc") as Solc; // solc has no types

const artifact = `${JSON.stringify(compile(readFileSync(SOURCE, "utf8")), null, 2)}\n`;
if (!process.argv.includes("--check")) {
  writeFileSync(ARTIFACT, artifact);
} else if (readFileSync(ARTIFACT, "utf8") !== artifact) {
  console.error(
    "TestUSDC.json doesn't match TestUSDC.sol. Run `node --import tsx scripts/compile-token.ts` and commit the result.",
  );
  process.exitCode = 1;
}

function compile(source: string): unknown {
  const input = {
    language: "Solidity",
    sources: { "TestUSDC.sol": { content: source } },
    settings: {
      optimizer: { enabled: true, runs: 10_000 },
      evmVersion: "paris",
      // The code holds no hash of the source, so that comments can change without a new artifact.
      metadata: { bytecodeHash: "none", appendCBOR: false },
      outputSelection: { "*": { TestUSDC: ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as SolcOutput;
  const messages = output.errors ?? [];
  if (messages.length > 0) throw new Error(messages.map((message) => message.formattedMessage).join("\n"));
  const contract = output.contracts?.["TestUSDC.sol"]?.["TestUSDC"];
  if (!contract) throw new Error("the compiler returned no contract");
  return {
    contractName: "TestUSDC",
    compiler: solc.version(),
    abi: contract.abi,
    bytecode: `0x${contract.evm.bytecode.object}`,
    deployedBytecode: `0x${contract.evm.deployedBytecode.object}`,
  };
}
