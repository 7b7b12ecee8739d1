// `npm run web:sizes`: what a browser loads for each page of the console the first time, compressed with Brotli. Fails if
// a page is above the limit, which a phone on a slow network loads in about a second.
import { readFileSync, statSync } from "node:fs";
import path from "node:path";

const BUNDLE = path.resolve(import.meta.dirname, "../build/web");
const LIMIT_KB = 160;
const SHELL = "pages/shell/index.tsx";
const SPONSOR = "pages/sponsor/index.tsx";
const PAGES = {
  "/approvals/{id}": ["pages/approval/index.tsx"],
  "/agents": [SHELL, "pages/agents/index.tsx"],
  "/payments": [SHELL, "pages/payments/index.tsx"],
  "/activity": [SHELL, "pages/activity/index.tsx"],
  "/tasks/{id}": [SHELL, "pages/task/index.tsx"],
  "/build": [SHELL, "pages/built-agents/index.tsx"],
  "/build/{id}": [SHELL, "pages/built-agent/index.tsx"],
  "/settings": [SHELL, "pages/settings/index.tsx"],
  "/operators": [SHELL, "pages/operators/index.tsx"],
  "/campaigns": [SHELL, SPONSOR, "pages/campaigns/index.tsx"],
  "/services": [SHELL, SPONSOR, "pages/services/index.tsx"],
  "/services/new": [SHELL, SPONSOR, "pages/service-new/index.tsx"],
  "/services/{key}": [SHELL, SPONSOR, "pages/service/index.tsx"],
  "/campaigns/new": [SHELL, SPONSOR, "pages/campaign-builder/new.tsx"],
  "/campaigns/{id}/edit": [SHELL, SPONSOR, "pages/campaign-builder/edit.tsx"],
  "/answers": [SHELL, SPONSOR, "pages/answers/index.tsx"],
  "/funds": [SHELL, SPONSOR, "pages/funds/index.tsx"],
  "/team": [SHELL, SPONSOR, "pages/team/index.tsx"],
  "/join": [SHELL, "pages/join/index.tsx"],
  "/new-password": ["pages/new-password/index.tsx"],
  "/sign-in": ["pages/sign-in/route.tsx"],
};
/** Words of another language come on top for those who speak it. */
const LANGUAGES = { ja: "words/ja.ts" };

const manifest = JSON.parse(readFileSync(path.join(BUNDLE, ".vite/manifest.json"), "utf8"));

/** The files of a module and of all that it imports. */
function filesOf(module, into = new Set()) {
  const chunk = manifest[module];
  if (chunk === undefined) throw new Error(`the bundle has no ${module}`);
  if (into.has(chunk.file)) return into;
  into.add(chunk.file);
  for (const css of chunk.css ?? []) into.add(css);
  for (const imported of chunk.imports ?? []) filesOf(imported, into);
  return into;
}

const kilobytesOf = (files) =>
  [...files].reduce((sum, file) => sum + statSync(path.join(BUNDLE, `${file}.br`)).size, 0) / 1024;

const line = (name, files) =>
  `${name.padEnd(18)} ${kilobytesOf(files).toFixed(1).padStart(6)} kB  ${files.size} files`;

const entry = filesOf("index.html");
console.log(line("entry", entry));
for (const [language, module] of Object.entries(LANGUAGES))
  console.log(line(`+ ${language}`, new Set([...filesOf(module)].filter((file) => !entry.has(file)))));
for (const [page, modules] of Object.entries(PAGES)) {
  const files = modules.reduce((into, module) => filesOf(module, into), new Set(entry));
  console.log(line(page, files));
  if (kilobytesOf(files) > LIMIT_KB) {
    console.error(`${page} is above ${LIMIT_KB} kB.`);
    process.exitCode = 1;
  }
}
