import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Locator } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { useConsoleBrowser } from "../support/console-page.ts";
import { eventually } from "../support/eventually.ts";
import { startDemo } from "../support/process.ts";

const browser = useConsoleBrowser();

/** What a person presses and fills in, counted. */
class Hand {
  actions = 0;
  async press(what: Locator): Promise<void> {
    this.actions += 1;
    await what.click();
  }
  async fill(what: Locator, text: string): Promise<void> {
    this.actions += 1;
    await what.fill(text);
  }
}

test("a person who knows only the sandbox's link lets the demo's agent act, in at most eight clicks and fields", async () => {
  const directory = mkdtempSync(path.join(tmpdir(), "tollfree-demo-"));
  const demo = startDemo(["--once", "--approve-in-browser"], directory);
  onTestFinished(async () => {
    await demo.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const find = (): RegExpExecArray | null =>
    /open (http\S+\/approvals\/\S+) and enter the code (\S+)/.exec(demo.output());
  await eventually(() => expect(find(), demo.output()).not.toBeNull(), 120_000);
  const [, link = "", code = ""] = find() ?? [];

  const { page, close } = await browser.open(link);
  const hand = new Hand();
  await hand.press(page.getByRole("button", { name: "Sign in as the demo person" }));
  await hand.fill(page.getByLabel("Code"), code);
  await hand.press(page.getByRole("checkbox", { name: /^Share your region/ }));
  await hand.press(page.getByRole("checkbox", { name: /surveys/ }));
  await hand.press(page.getByRole("checkbox", { name: /^Hand over data/ }));
  await hand.press(page.getByRole("button", { name: /^Allow/ }));
  await page.getByText(/back to your agent/).waitFor();
  expect(hand.actions).toBeLessThanOrEqual(8);
  await close();

  const [exitCode] = await demo.exited;
  expect(exitCode, demo.output()).toBe(0);
  expect(demo.output()).toMatch(/tx {7}0x[0-9a-f]{64}/);
}, 240_000);
