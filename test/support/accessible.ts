import type { AxeResults } from "axe-core";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";

/** Expects that axe finds nothing on a page as it is now. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(axe.source); // a script tag would be refused
  const { violations } = await page.evaluate<AxeResults>("axe.run(document)");
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
}
