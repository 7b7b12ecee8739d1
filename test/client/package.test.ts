import { execFile } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ADMIN_KEY } from "../support/server.ts";
import { useClientWorld } from "./use-client-world.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const exec = promisify(execFile);

/** A program of somebody else. It is a first contact: a person has to approve, and to do a task. */
const PROGRAM = `
import { connect, createApi, TollfreeError, type Agent, type RunResult } from "tollfree-client";

declare const process: { argv: string[] };
declare const console: { log(text: string): void };
const [url = "", apiKey = "", adminKey = "", userId = "", service = ""] = process.argv.slice(2);
const admin = createApi({ url, token: adminKey });

const agent: Agent = await connect({
  url,
  apiKey,
  budgetLimitCents: 50,
  hooks: {
    onApproval: async ({ approvalId, userCode, approvalUrl }) => {
      if (userCode.length === 0 || !approvalUrl.startsWith(url)) throw new Error("nothing to show to a person");
      await admin.admin.decideApproval.mutate({
        approval_id: approvalId,
        user_id: userId,
        decision: "approve",
        scopes: { allowed_task_types: ["survey"], allowed_data_types: [], allowed_categories: ["weather"] },
        budget_limit_cents: 50,
        expires_at: new Date(Date.now() + 3_600_000).toISOString(),
      });
    },
    onTask: () => ({
      taskData: { score: 4 },
      consent: { data_sharing_agreed: true, purpose_acknowledged: true, contact_permission: false },
    }),
  },
});
const found = await agent.search({ limit: 50 });
const isFound: boolean = found.services.some(({ service_key }) => service_key === service);
const { output, payment }: RunResult<{ echo: { n: number } }> = await agent.run(
  service,
  { n: 7 },
  { parse: (value) => value as { echo: { n: number } } },
);
// @ts-expect-error Inputs are typed: a service's key is a string.
const refusal: unknown = await agent.api.agent.planService.mutate({ service_key: 1 }).catch((error) => error);
if (!(refusal instanceof TollfreeError) || refusal.code !== "validation_error") throw refusal;
const n: number = output.echo.n;
console.log(JSON.stringify({ isFound, n, status: payment.status, path: refusal.fieldErrors[0]?.path }));
`;

const TRPC_PROGRAM = `
import { createTRPCClient, httpBatchLink, TRPCClientError } from "@trpc/client";
import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";
import type { AppRouter } from "tollfree-client";

declare const process: { argv: string[] };
declare const console: { log(text: string): void };
const [url = "", token = ""] = process.argv.slice(2);
type Filters = inferRouterInputs<AppRouter>["agent"]["searchServices"];
type Found = inferRouterOutputs<AppRouter>["agent"]["searchServices"]["data"];

const filters: Filters = { limit: 50 };
const headers = { authorization: "Bearer " + token };
const client = createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: url + "/trpc", headers })] });
const { data } = await client.agent.searchServices.query(filters);
const services: Found["services"] = data.services;
const key: string | undefined = services[0]?.service_key;
try {
  // @ts-expect-error Inputs are typed: a service's key is a string.
  await client.agent.planService.mutate({ service_key: 1 });
} catch (error) {
  if (!(error instanceof TRPCClientError)) throw error;
  const code: string = (error as TRPCClientError<AppRouter>).data?.error_code ?? "";
  console.log(JSON.stringify({ isFound: key !== undefined, code }));
}
`;

const world = useClientWorld();
let directory: string;

beforeAll(async () => {
  // Outside the repository: inside it, the compiler would find the repository's own packages.
  directory = mkdtempSync(path.join(tmpdir(), "tollfree-consumer-"));
  await exec("npm", ["run", "--silent", "pack:client", directory], { cwd: ROOT });
}, 120_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Makes an empty project and installs the packed client there, without a network. Returns its folder. */
async function installIn(name: string): Promise<string> {
  const project = path.join(directory, name);
  mkdirSync(project);
  writeFileSync(path.join(project, "package.json"), JSON.stringify({ type: "module", private: true }));
  const [tarball] = readdirSync(directory).filter((file) => file.endsWith(".tgz"));
  if (tarball === undefined) throw new Error("npm run pack:client made no tarball");
  await exec("npm", ["install", `../${tarball}`, "--offline", "--no-audit", "--no-fund"], { cwd: project });
  return project;
}

/** Compiles a program. The declarations of packages are checked too. */
async function compile(project: string, source: string, moduleResolution: string): Promise<string> {
  const options = {
    target: "ES2022",
    lib: ["ES2023", "ESNext.Disposable", "DOM"],
    module: moduleResolution === "nodenext" ? "nodenext" : "esnext",
    moduleResolution,
    outDir: moduleResolution,
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    types: [],
  };
  writeFileSync(path.join(project, "program.ts"), source);
  writeFileSync(
    path.join(project, "tsconfig.json"),
    JSON.stringify({ compilerOptions: options, files: ["program.ts"] }),
  );
  try {
    await exec(path.join(ROOT, "node_modules/.bin/tsc"), ["-p", project]);
  } catch (error) {
    throw new Error((error as { stdout: string }).stdout, { cause: error }); // the compiler's errors
  }
  return path.join(project, moduleResolution, "program.js");
}

async function runProgram(file: string, ...args: string[]): Promise<unknown> {
  const { stdout } = await exec(process.execPath, [file, ...args]);
  return JSON.parse(stdout);
}

describe("the packed client", () => {
  test("installed in an empty project, it is one package of less than 1 MB without dependencies", async () => {
    const project = await installIn("size");
    const modules = path.join(project, "node_modules");
    const packages = readdirSync(modules).filter((name) => !name.startsWith("."));
    expect(packages).toEqual(["tollfree-client"]);
    const files = readdirSync(path.join(modules, "tollfree-client"));
    expect(files.sort()).toEqual(["LICENSE", "README.md", "index.d.ts", "index.js", "package.json"]);
    const read = (file: string) => readFileSync(path.join(modules, "tollfree-client", file), "utf8");
    expect(files.reduce((size, file) => size + read(file).length, 0)).toBeLessThan(1_000_000);
    const manifest = JSON.parse(read("package.json")) as Record<string, unknown>;
    expect(manifest).not.toHaveProperty("dependencies");
    expect(manifest["peerDependenciesMeta"]).toEqual({ "@trpc/client": { optional: true } });
    for (const file of ["index.js", "index.d.ts"]) expect(read(file)).not.toMatch(/\bfrom\s+["']|import\(/);
  });

  test.each(["bundler", "nodenext"])(
    "a program compiled with moduleResolution %s takes a first contact to a paid output",
    async (moduleResolution) => {
      const { service } = await world.sponsorService();
      const userId = await world.createUser();
      const { api_key: agentKey } = await world.admin("/admin/agents", { name: "Newcomer" });
      const file = await compile(await installIn(moduleResolution), PROGRAM, moduleResolution);
      const printed = await runProgram(file, world.url, String(agentKey), ADMIN_KEY, userId, service);
      expect(printed).toEqual({ isFound: true, n: 7, status: "settled", path: "/service_key" });
      expect(world.upstream.paid()).toHaveLength(1);
    },
    60_000,
  );

  test("AppRouter works with tRPC's own client and its inferred inputs and outputs", async () => {
    await world.sponsorService();
    const project = await installIn("trpc");
    mkdirSync(path.join(project, "node_modules/@trpc"));
    for (const name of ["@trpc/client", "@trpc/server"]) {
      symlinkSync(path.join(ROOT, "node_modules", name), path.join(project, "node_modules", name));
    }
    const { token } = await world.openSession(world.grant);
    const file = await compile(project, TRPC_PROGRAM, "nodenext");
    expect(await runProgram(file, world.url, token)).toEqual({ isFound: true, code: "validation_error" });
  }, 60_000);
});
