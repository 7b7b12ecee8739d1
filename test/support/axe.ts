import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { expect } from "vitest";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Violation {
  id: string;
  impact: string;
  nodes: { html: string }[];
}

/** Expects that axe finds nothing on the page as it is, of any impact. @param what names the page in a failure */
export async function expectAccessible(page: Page, what = page.url()): Promise<void> {
  // A script element would be refused by the page's policy.
  await page.evaluate(SOURCE);
  const { violations } = await page.evaluate<{ violations: Violation[] }>("axe.run()");
  const found = violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0]?.html ?? ""}`);
  expect(found, what).toEqual([]);
}
