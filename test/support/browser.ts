import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, inject } from "vitest";
import type { HttpServer } from "./http-server.ts";
import { startHttpServer } from "./http-server.ts";
import type { Program } from "./programs.ts";

export const CHROMIUM: Program = {
  names: ["chromium", "chromium-browser", "google-chrome"],
  package: "chromium",
};

const HTML = `<!doctype html><html lang="en"><meta charset="utf-8"><title>A page of somebody else</title>
<link rel="icon" href="data:,"><script src="/script.js"></script></html>`;

/** A page in a real browser, from an origin that isn't the server's. */
export interface ForeignPage {
  origin: string;
  /** Calls a function that the page's script exports. Arguments and result are passed as JSON. */
  call<Result>(name: string, argument: unknown): Promise<Result>;
}

/**
 * Opens a page in Chromium for the tests of the file or `describe` that calls it.
 * @param script a module's path. What it exports is the page's script
 */
export function useForeignPage(script: string): ForeignPage {
  let browser: Browser | undefined;
  let server: HttpServer | undefined;
  let page: Page | undefined;
  const foreign: ForeignPage = {
    origin: "",
    async call<Result>(name: string, argument: unknown): Promise<Result> {
      if (page === undefined) throw new Error("the page opens in beforeAll");
      return await page.evaluate(`pageScript[${JSON.stringify(name)}](${JSON.stringify(argument)})`);
    },
  };
  beforeAll(async () => {
    const code = await bundle(script);
    server = await startHttpServer((req, res) => {
      const isScript = req.url === "/script.js";
      res.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" });
      res.end(isScript ? code : HTML);
    });
    foreign.origin = server.url.replace("127.0.0.1", "localhost");
    browser = await chromium.launch({
      executablePath: inject("chromiumProgram"),
      // Chromium's own sandbox doesn't work as root, nor in most containers.
      chromiumSandbox: false,
    });
    page = await browser.newPage();
    await page.goto(foreign.origin);
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });
  return foreign;
}

async function bundle(entry: string): Promise<string> {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    platform: "browser",
    format: "iife",
    globalName: "pageScript",
    target: "es2022",
    write: false,
    logLevel: "error",
  });
  return result.outputFiles[0]?.text ?? "";
}
