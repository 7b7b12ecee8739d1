import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import express from "express";
import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import type { OpenApiOptions } from "../../src/api/openapi/document.ts";
import { buildOpenApi } from "../../src/api/openapi/document.ts";
import { listOperations } from "../../src/api/operation/operations.ts";
import { appRouter } from "../../src/api/router.ts";
import { mountDocuments } from "../../src/http/routes/documents.ts";
import { useWorld } from "../support/use-world.ts";

const OPERATOR = { name: "Ada's tolls", email: "ada@example.com" };
const world = useWorld({ operator: OPERATOR });

test("/docs loads its scripts from this server only", async () => {
  const page = await fetch(`${world.url}/docs`);
  expect(page.headers.get("content-type")).toContain("text/html");
  expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
  const scripts = [...(await page.text()).matchAll(/src="([^"]+)"/g)].map(([, src]) => String(src));
  expect(scripts).toEqual(["/docs/scalar.js", "/docs/start.js"]);
  for (const script of scripts) {
    const answer = await fetch(`${world.url}${script}`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([
      200,
      "text/javascript; charset=utf-8",
    ]);
  }
});

test("/llms.txt names the path of every agent operation", async () => {
  const text = await (await fetch(`${world.url}/llms.txt`)).text();
  const document = await world.rest("GET", "/openapi.json");
  const paths = Object.keys(document.body.paths as object).filter((path) => path.startsWith("/agent/"));
  expect(paths.length).toBeGreaterThanOrEqual(10);
  for (const path of paths) expect(text).toContain(path);
});

test("/server.json is an entry for the MCP registry, with this server's own address", async () => {
  expect((await world.rest("GET", "/server.json")).body).toMatchObject({
    $schema: expect.stringMatching(/^https:\/\/static\.modelcontextprotocol\.io\/schemas\//),
    name: expect.stringMatching(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/),
    description: expect.stringMatching(/^.{1,100}$/),
    remotes: [{ type: "streamable-http", url: `${world.url}/mcp` }],
  });
});

test.each([
  "/docs",
  "/server.json",
  "/llms.txt",
  "/privacy",
  "/openapi.json",
  "/openapi/gpt.json",
  "/.well-known/openapi.yaml",
])("a POST to %s is refused with 405, the envelope and the allowed methods", async (path) => {
  const answer = await world.rest("POST", path, { body: {} });
  expect(answer.status).toBe(405);
  expect(answer.body.error_code).toBe("method_not_allowed");
  expect(answer.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
});

test("the OpenAPI documents are the generated ones, with this server's address and operator", async () => {
  const operations = listOperations(appRouter);
  const build = (options: Pick<OpenApiOptions, "surfaces" | "plain">) => {
    const document = buildOpenApi(operations, { router: appRouter, serverUrl: world.url, ...options });
    return { ...document, info: { ...document.info, contact: OPERATOR } };
  };
  const gpt = build({ surfaces: ["gpt"], plain: true });
  expect((await world.rest("GET", "/openapi.json")).body).toEqual(build({}));
  expect((await world.rest("GET", "/openapi/gpt.json")).body).toEqual(gpt);
  const yaml = await (await fetch(`${world.url}/.well-known/openapi.yaml`)).text();
  expect(parse(yaml)).toEqual(gpt);
});

test("documents are made once, and not for each request", async () => {
  const names = ["openapi.json", "gpt.json", "gpt.yaml"];
  const texts = new Map<string, string>();
  for (const name of names)
    texts.set(name, await readFile(new URL(`../../openapi/${name}`, import.meta.url), "utf8"));
  const read: string[] = [];
  const app = express();
  const documents = { publicBaseUrl: "https://tollfree.example", operator: {} };
  mountDocuments(app, { ...documents, llms: "", privacy: "", mcpServer: {} }, (name) => {
    read.push(name);
    return texts.get(name) ?? "";
  });
  const server = app.listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  for (const path of ["/openapi.json", "/openapi/gpt.json", "/.well-known/openapi.yaml"])
    for (const _ of [1, 2]) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      expect(await answer.text()).toMatch(/"?openapi"?: ?"?3\.1\.0/);
    }
  expect(read).toEqual(names);
});
