import type { Browser as Chromium, BrowserContextOptions, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, expect, inject } from "vitest";
import { PASSWORD } from "./people.ts";

/** The console in a real browser. */
export interface ConsoleBrowser {
  /** Opens a page with cookies of its own. It fails the test that the page's policy was violated, or that its script failed. */
  open(url: string, options?: BrowserContextOptions): Promise<ConsolePage>;
}

export interface ConsolePage {
  page: Page;
  /** Ends it. @throws if the page complained of anything */
  close: () => Promise<void>;
}

/** Refusals that a test provokes show as failed requests. They are what the test wants. */
const REFUSED = /^Failed to load resource: the server responded with a status of 4\d\d/;

/** Opens a page of the console for somebody who signs in there with `PASSWORD`, in any language. */
export async function openSignedIn(
  browser: ConsoleBrowser,
  { url, email }: { url: string; email: string },
  options: BrowserContextOptions = {},
): Promise<ConsolePage> {
  const opened = await browser.open(url, options);
  const { page } = opened;
  await page.locator("input[type=email]").fill(email);
  await page.locator("input[type=password]").fill(PASSWORD);
  await page.locator("button[type=submit]").click();
  await page.getByRole("navigation").waitFor();
  return opened;
}

/** Starts Chromium for the tests of the file or `describe` that calls it. */
export function useConsoleBrowser(): ConsoleBrowser {
  let browser: Chromium | undefined;
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: inject("chromiumProgram"),
      // Chromium's own sandbox doesn't work as root, nor in most containers.
      chromiumSandbox: false,
      args: ["--disable-gpu", "--font-render-hinting=none"],
    });
  });
  afterAll(() => browser?.close());
  return {
    async open(url, options = {}) {
      if (browser === undefined) throw new Error("Chromium starts in beforeAll");
      const context = await browser.newContext({
        ...{ locale: "en-GB", timezoneId: "Europe/Lisbon", viewport: { width: 1280, height: 800 } },
        ...options,
      });
      const complaints: string[] = [];
      await context.addInitScript(
        `addEventListener("securitypolicyviolation", (event) => console.error("policy: " + event.violatedDirective + " " + event.blockedURI))`,
      );
      const page = await context.newPage();
      page.setDefaultTimeout(30_000);
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => {
        if (message.type() === "error" && !REFUSED.test(message.text())) complaints.push(message.text());
      });
      await page.goto(url);
      return {
        page,
        async close() {
          await context.close();
          expect(complaints).toEqual([]);
        },
      };
    },
  };
}
