import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestServer } from "../support/server.ts";
import { startTestServer } from "../support/server.ts";
import type { Upstream } from "../support/upstream.ts";
import { startUpstream } from "../support/upstream.ts";
import { createCampaign, createGrant, createSponsor, registerApi } from "../support/world.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LISBON = { latitude: 38.72, longitude: -9.14, date: "2026-12-24" };
const exec = promisify(execFile);

let server: TestServer;
let upstream: Upstream;
/** Where the examples lie together with what is generated for them; inside the repository, for its packages. */
let directory: string;

beforeAll(async () => {
  server = await startTestServer();
  upstream = await startUpstream();
  const acme = await createSponsor(server.url, "Helio Maps");
  // As in the sandbox, where the examples run otherwise.
  await registerApi(server.url, acme.key, upstream, "honest", {
    service_key: "daylight",
    name: "Daylight",
    input_schema: {
      type: "object",
      properties: {
        latitude: { type: "number" },
        longitude: { type: "number" },
        date: { type: "string", format: "date" },
      },
      required: ["latitude", "longitude"],
      additionalProperties: false,
    },
  });
  await createCampaign(server.url, acme, ["daylight"], {
    task_schema: {
      type: "object",
      properties: {
        region: { type: "string", maxLength: 60, "x-data-type": "region", examples: ["Portugal"] },
      },
      required: ["region"],
      additionalProperties: false,
    },
  });
  const scratch = path.join(ROOT, ".cache");
  mkdirSync(scratch, { recursive: true });
  directory = mkdtempSync(path.join(scratch, "examples-"));
  cpSync(path.join(ROOT, "examples"), directory, { recursive: true });
});
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await upstream.close();
  await server.close();
});

/** Runs an example for a person of its own, who has granted what it needs. */
async function runExample(file: string): Promise<string> {
  const { agent_key: key, subject: user } = await createGrant(server.url);
  const options = ["--url", server.url, "--key", key, "--user", user];
  const { stdout } = await exec(process.execPath, ["--import", "tsx", file, ...options], { cwd: ROOT });
  return stdout;
}

const tool = (name: string, ...args: string[]) =>
  exec(path.join(ROOT, "node_modules/.bin", name), args, { cwd: ROOT });

/** As strictly as a project can be that doesn't set what only we do. */
async function compile(...examples: string[]): Promise<void> {
  const compilerOptions = {
    ...{ target: "ES2022", lib: ["ES2023", "DOM", "DOM.Iterable"], module: "NodeNext", types: ["node"] },
    ...{
      strict: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: true,
      noEmit: true,
      allowImportingTsExtensions: true,
    },
  };
  const files = examples.map((example) => `${example}/main.ts`);
  const tsconfig = path.join(directory, "tsconfig.json");
  writeFileSync(tsconfig, JSON.stringify({ compilerOptions, files }));
  await tool("tsc", "-p", tsconfig);
}

describe("the examples", () => {
  it("typed client", async () => {
    const printed = await runExample("examples/typed-client.ts");
    expect(printed).toContain("Helio Maps asks: ");
    expect(printed).toContain("latitude: 38.72");
    expect(printed).toContain("2 cents, settled, paid by Helio Maps");
  });

  it("plain fetch, following next_actions", async () => {
    const printed = await runExample("examples/next-actions.ts");
    expect(printed.match(/^\w+(?=: [A-Z]+ \/)/gm)).toEqual([
      "auth",
      "search_services",
      "get_task",
      "complete_task",
      "run_service",
    ]);
    expect(printed).toContain("latitude: 38.72");
  });
});

describe("clients generated from the document", () => {
  it("compile", async () => {
    const document = path.join(ROOT, "openapi/openapi.json");
    const into = (name: string) => path.join(directory, name);
    await Promise.all([
      tool("openapi-typescript", document, "-o", into("openapi-fetch/tollfree.ts")),
      tool("openapi-ts", "-i", document, "-o", into("hey-api/tollfree"), "--no-log-file"),
    ]);
    await compile("openapi-fetch", "hey-api");
  });

  it.each(["openapi-fetch", "hey-api"])("%s gets the resource", async (example) => {
    const printed = await runExample(path.join(directory, example, "main.ts"));
    expect(printed).toContain("latitude: 38.72");
    expect(printed).toContain("2 cents, settled, paid by Helio Maps");
  });

  it("every run was paid once, with the input as it was given", () => {
    expect(upstream.paid().map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      LISBON,
      LISBON,
      LISBON,
      LISBON,
    ]);
  });
});
