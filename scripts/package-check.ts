/**
 * `npm run package:check`: checks the npm packages `tollfree` and `tollfree-client`. publint and arethetypeswrong check
 * their contents and exports. Then a new project that has only `tollfree` and its dependencies is compiled against its
 * types. A test does the same with `tollfree-client`, and runs it.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { packClient } from "./client-package/build.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** The only packages that the published types and code may import. */
const DEPENDENCIES = ["@trpc/server", "zod"];

const CONSUMER = `
import type { Agent, RunResult } from "tollfree/client";
import { connect, createApi, TollfreeError } from "tollfree/client";

export async function daylight(apiKey: string): Promise<RunResult<number>> {
  const agent: Agent = await connect({
    url: "https://tollfree.example",
    apiKey,
    hooks: {
      onApproval: ({ approvalUrl, userCode }) => console.log(approvalUrl, userCode),
      onTask: ({ dataTypes }) => ({
        taskData: { dataTypes },
        consent: { data_sharing_agreed: true, purpose_acknowledged: true, contact_permission: false },
      }),
    },
  });
  const { data } = await agent.api.agent.searchServices.query({ q: "daylight" });
  const best: string | undefined = data.services[0]?.service_key;
  // @ts-expect-error Inputs are typed: a service's key is a string.
  await agent.api.agent.planService.mutate({ service_key: 1 });
  return agent.run(best ?? "daylight", {}, { parse: Number });
}

export const sponsor = (token: string) => createApi({ url: "https://tollfree.example", token }).sponsor;

export const explain = (error: unknown): string => {
  if (!(error instanceof TollfreeError)) throw error;
  switch (error.code) {
    case "scope_violation":
      return error.details.missing.join();
    case "cost_above_max":
      return error.details.quoted_cents.toFixed(2);
    default:
      return error.message;
  }
};
`;

const COMPILER_OPTIONS = {
  target: "ES2022",
  lib: ["ES2023", "ESNext.Disposable", "DOM"], // tRPC's types use Disposable
  module: "NodeNext",
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  types: [],
};

function run(command: string, args: string[], cwd = ROOT): string {
  return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

const bin = (name: string): string => path.join(ROOT, "node_modules/.bin", name);

/** Builds and packs the package. Returns the path of the tarball. */
function pack(directory: string): string {
  run("npm", ["run", "--silent", "build:client"]);
  const [packed] = JSON.parse(
    run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", directory]),
  ) as { filename: string }[];
  if (packed === undefined) throw new Error("npm pack made no tarball");
  return path.join(directory, packed.filename);
}

/**
 * Compiles a project that has only the package and its dependencies.
 * @throws Error with the compiler's output
 */
function compileConsumer(tarball: string, directory: string): void {
  const modules = path.join(directory, "node_modules");
  mkdirSync(path.join(modules, "@trpc"), { recursive: true });
  run("tar", ["-xzf", tarball, "-C", modules]);
  run("mv", [path.join(modules, "package"), path.join(modules, "tollfree")]);
  for (const name of DEPENDENCIES)
    symlinkSync(path.join(ROOT, "node_modules", name), path.join(modules, name));
  writeFileSync(path.join(directory, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(path.join(directory, "consumer.ts"), CONSUMER);
  writeFileSync(
    path.join(directory, "tsconfig.json"),
    JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files: ["consumer.ts"] }),
  );
  run(bin("tsc"), ["-p", directory, "--preserveSymlinks"]);
}

// Outside the repository: inside it, the compiler would find the repository's own packages.
const directory = mkdtempSync(path.join(tmpdir(), "tollfree-package-"));
try {
  const tarball = pack(directory);
  for (const packed of [tarball, await packClient(directory)]) {
    run(bin("publint"), ["run", packed, "--strict"]);
    run(bin("attw"), [packed, "--profile", "esm-only", "--no-emoji"]);
  }
  compileConsumer(tarball, directory);
} catch (error) {
  const { stdout = "", stderr = "", message } = error as Error & { stdout?: string; stderr?: string };
  console.error([message, stdout, stderr].filter((text) => text !== "").join("\n"));
  process.exitCode = 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
