// `npm run web:contrast`: the contrast of each pair of the console's colours that is used, in light and dark, with and
// without a wish for more contrast. Fails if one is below what its use needs (WCAG 2.2; text of second rank: 7).
import { readFileSync } from "node:fs";
import path from "node:path";

const css = readFileSync(path.resolve(import.meta.dirname, "../src/web/ui/tokens.css"), "utf8");
const start = css.indexOf("@media (prefers-contrast: more)");
if (start < 0) throw new Error("tokens.css has no colours for more contrast");

/** Text in front of background, and the ratio that its use needs. */
const PAIRS = [
  ["ink", "paper", 7],
  ["ink", "raised", 7],
  ["ink-2", "sheet", 7],
  ["ink-2", "paper", 4.5],
  ["ink-3", "sheet", 4.5],
  ["ink-3", "paper", 4.5],
  ["ink-3", "sunk", 4.5],
  ["edge", "sheet", 3],
  ["edge", "paper", 3],
  ["on-accent", "accent", 4.5],
  ["on-accent", "accent-press", 4.5],
  ["accent-ink", "sheet", 4.5],
  ["accent-ink", "paper", 4.5],
  ["accent-ink", "accent-wash", 4.5],
  ["accent", "track", 3],
  ["stop", "sheet", 4.5],
  ["stop", "raised", 4.5],
  ["stop", "stop-wash", 4.5],
  ["on-stop", "stop-solid", 4.5],
  ["warn", "sheet", 4.5],
  ["warn", "warn-wash", 4.5],
  ["focus", "paper", 3],
  ["focus", "sheet", 3],
];

function coloursOf(text, inherited) {
  const colours = new Map(inherited);
  for (const [, name, light, dark] of text.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g))
    colours.set(name, { light, dark });
  return colours;
}

function luminance(colour) {
  const [red, green, blue] = [1, 3, 5]
    .map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function ratio(one, other) {
  const [lighter, darker] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (lighter + 0.05) / (darker + 0.05);
}

const normal = coloursOf(css.slice(0, start), new Map());
const more = coloursOf(css.slice(start), normal);
for (const [front, back, needed] of PAIRS) {
  for (const [contrast, colours] of Object.entries({ normal, more })) {
    for (const theme of ["light", "dark"]) {
      const [text, background] = [colours.get(front), colours.get(back)];
      if (text === undefined || background === undefined) throw new Error(`no colour ${front} or ${back}`);
      const found = ratio(text[theme], background[theme]);
      if (found >= needed) continue;
      console.error(
        `${front} on ${back}, ${theme}, contrast ${contrast}: ${found.toFixed(2)}, needs ${needed}`,
      );
      process.exitCode = 1;
    }
  }
}
if (process.exitCode === undefined)
  console.log(`${PAIRS.length} pairs, each in light and dark and twice: all pass.`);
