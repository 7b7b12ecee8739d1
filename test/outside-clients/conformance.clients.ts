import express from "express";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RegisterTools } from "../../src/http/mcp/mount-mcp.ts";
import { mountMcp } from "../../src/http/mcp/mount-mcp.ts";
import { startBearerForwarder } from "../support/bearer-forwarder.ts";
import type { HttpServer } from "../support/http-server.ts";
import { useWorld } from "../support/use-world.ts";
import { registerContentTools } from "./conformance/content-tools.ts";
import { registerInputTools } from "./conformance/input-tools.ts";
import { LEFT_OUT_CHECKS, LEFT_OUT_CHECKS_OF_OUR_TOOLS, LEFT_OUT_SCENARIOS } from "./conformance/left-out.ts";
import { registerPromptsAndResources } from "./conformance/prompts-and-resources.ts";
import type { Check, Suite } from "./conformance/suite.ts";
import { listScenarios, runScenario } from "./conformance/suite.ts";

/**
 * The official conformance suite for MCP. Most of it calls tools of its own, so it runs against the same mounting with those
 * in place of ours, in the same server; what needs no such tools runs against ours.
 */

const world = useWorld();
let server: HttpServer;

beforeAll(async () => {
  const replica = await world.startReplica({
    routes: (app, { api, authorizationServer }) => {
      const fixtures = express();
      const register: RegisterTools = (mcp, host) => {
        registerContentTools(mcp);
        registerInputTools(mcp, host);
        registerPromptsAndResources(mcp);
      };
      mountMcp(fixtures, api, { tools: new Map(), register, authorizationServer });
      app.use("/fixtures", fixtures);
    },
  });
  const { token } = await world.openSession(await world.createGrant());
  server = await startBearerForwarder(replica.url, token);
});
afterAll(() => server.close());

const SCENARIOS = { "0.2": listScenarios("0.2"), "0.1": listScenarios("0.1") };
const NEWEST = "2026-07-28";

/** The names of those that are run. */
const runOf = (suite: Suite, revision: string): string[] =>
  SCENARIOS[suite]
    .filter(({ name, revisions }) => revisions.includes(revision) && !(name in LEFT_OUT_SCENARIOS))
    .map(({ name }) => name);

const met = new Set<string>();

/** Expects that nothing failed besides what is left out, and that something was checked. */
function expectPassed(checks: Check[], leftOut: Record<string, string>): void {
  const others = checks.filter(({ status }) => status !== "SUCCESS" && status !== "INFO");
  expect(others.filter(({ id }) => !(id in leftOut))).toEqual([]);
  expect(checks).not.toEqual([]);
  for (const { id } of others) met.add(id);
}

describe.concurrent(`0.2, as a host of ${NEWEST}`, () => {
  test.each(runOf("0.2", NEWEST))("%s", async (name) => {
    const checks = await runScenario("0.2", { url: `${server.url}/fixtures/mcp`, name, revision: NEWEST });
    expectPassed(checks, LEFT_OUT_CHECKS);
  });
});

describe.concurrent("0.1, as a host of 2025-11-25", () => {
  test.each(runOf("0.1", "2025-11-25"))("%s", async (name) => {
    expectPassed(await runScenario("0.1", { url: `${server.url}/fixtures/mcp`, name }), LEFT_OUT_CHECKS);
  });
});

describe.concurrent("our own tools", () => {
  test.each([
    ...["server-stateless", "http-header-validation", "server-initialize", "server-session-lifecycle"],
    ...["tools-list", "dns-rebinding-protection", "ping"],
  ])("%s", async (name) => {
    const checks = await runScenario("0.2", { url: `${server.url}/mcp`, name });
    expectPassed(checks, LEFT_OUT_CHECKS_OF_OUR_TOOLS);
  });
});

test("what is left out is in the suites, and extensions are named", () => {
  const listed = Object.values(SCENARIOS).flatMap((scenarios) => scenarios.map(({ name }) => name));
  expect(Object.keys(LEFT_OUT_SCENARIOS).filter((name) => !listed.includes(name))).toEqual([]);
  expect(Object.keys(LEFT_OUT_CHECKS_OF_OUR_TOOLS).filter((id) => !met.has(id))).toEqual([]);
  expect(runOf("0.2", "extension")).toEqual([]);
});
