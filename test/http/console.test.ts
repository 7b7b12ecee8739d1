import { cpSync, readFileSync, rmSync } from "node:fs";
import { mkdtemp, rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { AxeResults } from "axe-core";
import axe from "axe-core";
import type { ErrorRequestHandler } from "express";
import express from "express";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { sendError } from "../../src/http/request/send.ts";
import { mountConsole } from "../../src/http/routes/console.ts";
import type { HttpServer } from "../support/http-server.ts";
import { startHttpServer } from "../support/http-server.ts";
import { useWorld } from "../support/use-world.ts";

const world = useWorld();
const HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const APPROVAL = "/approvals/0b6e4f00-0000-4000-8000-000000000001";
const PAGES = [
  ...[
    "/",
    "/agents",
    "/agents/0b6e4f00",
    "/payments",
    "/activity",
    "/data",
    "/consents",
    "/build",
    "/build/0b6e4f00",
    "/settings",
    "/sign-in",
    "/new-password",
  ],
  APPROVAL,
];
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; " +
  "require-trusted-types-for 'script'; trusted-types 'none'";

const get = (address: string, headers: Record<string, string> = {}, method = "GET"): Promise<Response> =>
  fetch(world.server.url + address, { method, headers: { accept: HTML, ...headers } });

/** The files that the page itself names: its program, the parts of that, its styles and its icon. */
async function filesOfPage(): Promise<string[]> {
  const page = await (await get("/agents")).text();
  return [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, file]) => String(file));
}

describe("the page", () => {
  test.each(PAGES)(
    "answers %s, under the strict policy, and is asked for anew each time",
    async (address) => {
      const answer = await get(address);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
      expect(answer.headers.get("content-security-policy")).toBe(POLICY);
      expect(answer.headers.get("cross-origin-opener-policy")).toBe("same-origin");
      expect(answer.headers.get("cross-origin-embedder-policy")).toBe("require-corp");
      expect(answer.headers.get("cross-origin-resource-policy")).toBe("same-origin");
      expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
      expect(answer.headers.get("x-frame-options")).toBe("DENY");
      expect(answer.headers.get("cache-control")).toBe("no-cache");
      expect(answer.headers.get("vary")).toBe("Accept, Accept-Encoding");
      expect(await answer.text()).toContain('<div id="root">');
    },
  );

  test("says what its address needs, and all of it exists", async () => {
    const own = new Set(await filesOfPage());
    const linksOf = async (address: string): Promise<string[]> => {
      const link = (await get(address)).headers.get("link") ?? "";
      return [...link.matchAll(/<([^>]+)>; rel=(modulepreload|preload; as=style; crossorigin)/g)].map(
        ([, file]) => String(file),
      );
    };
    const approval = await linksOf(APPROVAL);
    const agents = await linksOf("/agents");
    expect(approval.some((file) => /\/approval-.*\.js$/.test(file))).toBe(true);
    expect(approval.some((file) => /\/approval-.*\.css$/.test(file))).toBe(true);
    expect(agents.some((file) => /\/agents-.*\.js$/.test(file))).toBe(true);
    expect(agents.some((file) => file.includes("/approval-"))).toBe(false);
    for (const file of [...approval, ...agents]) {
      expect(own).not.toContain(file);
      expect((await get(file)).status).toBe(200);
    }
  });

  test.each(["application/json", "*/*"])(
    "is for browsers: a program that takes %s gets the API's answer",
    async (accept) => {
      for (const address of [APPROVAL, "/agents", "/"]) {
        const answer = await get(address, { accept });
        expect(answer.status).toBe(404);
        expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
        expect(answer.headers.get("content-security-policy")).not.toBe(POLICY);
        expect(await answer.json()).toMatchObject({ status: "error", error_code: "not_found" });
      }
    },
  );

  test.each([
    "/approvals",
    "/approvals/",
    `${APPROVAL}/more`,
    "/agents/",
    "/agents/x/y",
    "/index.html",
    "/assets/no-such-file.js",
    "/assets/../.vite/manifest.json",
    "/.vite/manifest.json",
    "/.vite/built-from",
    "/agent",
    "/agent/agents",
    "/user",
    "/user/agents",
    "/sponsor/agents",
    "/admin",
    "/gpt/agents",
    "/proxy/agents",
    "/no-such-page",
  ])("isn't at %s, whose answer stays JSON", async (address) => {
    const answer = await get(address);
    expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(await answer.json()).toMatchObject({ status: "error" });
  });

  test.each(["POST", "PUT", "DELETE"])("doesn't answer %s", async (method) => {
    const answer = await get("/agents", {}, method);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ error_code: "not_found" });
  });

  test("answers HEAD with the headers of GET and nothing else", async () => {
    for (const address of ["/agents", ...(await filesOfPage())]) {
      const [head, full] = [await get(address, {}, "HEAD"), await get(address)];
      expect(head.status).toBe(200);
      for (const name of ["content-type", "content-length", "content-encoding", "cache-control", "link"])
        expect(head.headers.get(name)).toBe(full.headers.get(name));
      expect(await head.text()).toBe("");
    }
  });
});

describe("its files", () => {
  test("are kept for a year, since their names change with their contents", async () => {
    const files = (await filesOfPage()).filter((file) => file.startsWith("/assets/"));
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) {
      expect(file).toMatch(/-[\w-]{8}\.(js|css)$/);
      const answer = await get(file, { accept: "*/*" });
      expect(answer.status).toBe(200);
      expect(answer.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect(answer.headers.get("content-type")).toMatch(/^text\/(javascript|css); charset=utf-8$/);
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    }
  });

  test("are asked for anew if their names stay", async () => {
    const answer = await get("/mark.svg");
    expect(answer.headers.get("content-type")).toBe("image/svg+xml");
    expect(answer.headers.get("cache-control")).toBe("no-cache");
  });

  test.each([
    ["gzip, deflate, br, zstd", "br"],
    ["gzip, deflate", "gzip"],
    ["br;q=0, gzip;q=0.5", "gzip"],
    ["identity", null],
  ])("come compressed as a browser that accepts %s can read them", async (accepted, encoding) => {
    const [script = ""] = (await filesOfPage()).filter((file) => file.endsWith(".js"));
    const plain = await get(script, { "accept-encoding": "identity" });
    const answer = await get(script, { "accept-encoding": accepted });
    expect(answer.headers.get("content-encoding")).toBe(encoding);
    expect(answer.headers.get("vary")).toContain("Accept-Encoding");
    const [sent, whole] = [answer, plain].map(({ headers }) => Number(headers.get("content-length")));
    if (encoding !== null) expect(sent).toBeLessThan(Number(whole) / 2);
    expect(await answer.text()).toBe(await plain.text());
  });
});

describe("in a browser", () => {
  test.each(["/agents", APPROVAL])("%s starts, and nothing of it offends the policy", async (address) => {
    const browser = await chromium.launch({
      executablePath: inject("chromiumProgram"),
      chromiumSandbox: false, // it doesn't work as root, nor in most containers
    });
    try {
      const page = await browser.newPage();
      const offences: string[] = [];
      page.on("pageerror", (error) => offences.push(String(error)));
      page.on("console", (message) => {
        if (/policy|trusted/i.test(message.text())) offences.push(message.text());
      });
      await page.goto(world.server.url + address);
      await page.getByRole("heading", { level: 1 }).waitFor();
      expect(offences).toEqual([]);
      await page.evaluate(axe.source); // a script tag would be refused
      const { violations } = await page.evaluate<AxeResults>("axe.run(document)");
      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
      // The policy does hold: what it forbids is refused.
      await expect(page.evaluate("document.body.innerHTML = '<p>x</p>'")).rejects.toThrow("TrustedHTML");
    } finally {
      await browser.close();
    }
  });
});

describe("without a bundle", () => {
  let server: HttpServer;
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "tollfree-console-"));
    const app = express();
    mountConsole(app, path.join(directory, "web"));
    app.use((_req, res) => void res.status(404).json({ status: "error", error_code: "not_found" }));
    const answerError: ErrorRequestHandler = (thrown, req, res, _next) => void sendError(req, res, thrown);
    app.use(answerError);
    server = await startHttpServer(app);
  });
  afterAll(() => {
    server.close();
    rmSync(directory, { recursive: true });
  });

  test("a page says which command makes it, the rest works, and once it is there it is sent", async () => {
    const ask = (address: string): Promise<Response> =>
      fetch(server.url + address, { headers: { accept: HTML } });
    const missing = await ask("/agents");
    expect(missing.status).toBe(503);
    expect(await missing.json()).toMatchObject({
      status: "error",
      error_code: "service_unavailable",
      message: expect.stringContaining("npm run build:web") as unknown,
    });
    expect((await ask("/agent/services")).status).toBe(404);

    const built = path.resolve(import.meta.dirname, "../../build/web");
    cpSync(built, path.join(directory, "copy"), { recursive: true });
    await rename(path.join(directory, "copy"), path.join(directory, "web"));
    const page = await ask("/agents");
    expect(page.status).toBe(200);
    expect(await page.text()).toBe(readFileSync(path.join(built, "index.html"), "utf8"));
  });
});
