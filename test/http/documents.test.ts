import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestServer } from "../support/server.ts";
import { rest, startTestServer } from "../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

test("/docs brings everything along: nothing is fetched from elsewhere", async () => {
  const page = await fetch(`${server.url}/docs`);
  expect(page.headers.get("content-type")).toContain("text/html");
  expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
  const scripts = [...(await page.text()).matchAll(/src="([^"]+)"/g)].map(([, src]) => String(src));
  expect(scripts).toEqual(["/docs/scalar.js", "/docs/start.js"]);
  for (const script of scripts) {
    const answer = await fetch(`${server.url}${script}`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([
      200,
      "text/javascript; charset=utf-8",
    ]);
  }
});

test("/llms.txt names every operation of the agent", async () => {
  const text = await (await fetch(`${server.url}/llms.txt`)).text();
  const document = await rest(server.url, "GET", "/openapi.json");
  const paths = Object.keys(document.body.paths as object).filter((path) => path.startsWith("/agent/"));
  expect(paths.length).toBeGreaterThanOrEqual(10);
  for (const path of paths) expect(text).toContain(path);
});

test.each([
  "/docs",
  "/llms.txt",
  "/privacy",
  "/openapi.json",
  "/openapi/gpt.json",
  "/.well-known/openapi.yaml",
])("%s refuses other methods in the envelope", async (path) => {
  const answer = await rest(server.url, "POST", path, { body: {} });
  expect(answer.status).toBe(405);
  expect(answer.body.error_code).toBe("method_not_allowed");
  expect(answer.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
});
