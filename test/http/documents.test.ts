import { expect, test } from "vitest";
import { useWorld } from "../support/use-world.ts";

const world = useWorld();

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

test.each([
  "/docs",
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
