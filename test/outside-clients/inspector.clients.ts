import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { CONSENT } from "../support/caller.ts";
import { balanceOf } from "../support/chain.ts";
import { useConsoleBrowser } from "../support/console-page.ts";
import { Browser, Mailbox, newAddress, PASSWORD, signUp } from "../support/people.ts";
import { freePort } from "../support/programs.ts";
import { useWorld } from "../support/use-world.ts";

/**
 * MCP's Inspector, by its command line: from nothing but our address to a paid resource. It finds the authorization server, registers
 * itself and prints a link, by which a person allows it in Chromium. It keeps the tokens in a folder, for its next calls.
 */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });
const browser = useConsoleBrowser();

const PROGRAM = path.join(
  import.meta.dirname,
  "inspector/node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js",
);

let home: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "tollfree-inspector-"));
  return () => rmSync(home, { recursive: true, force: true });
});

const commandLine = (args: string[]): string[] => [
  ...[PROGRAM, "--cli", `${world.url}/mcp`, "--transport", "http"],
  ...args,
];
/** Its own folder. Without a terminal it asks nobody, unless it may open a browser, which isn't there: the person has the link that it prints. */
const environment = () => ({
  PATH: path.dirname(process.execPath),
  HOME: home,
  MCP_AUTO_OPEN_ENABLED: "true",
  MCP_INSPECTOR_SECRET_STORE: "file",
});

/** Runs the Inspector once with the tokens that it keeps, and returns what it prints. @throws Error with its output if it fails */
const inspect = (...args: string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = { env: environment() };
    execFile(
      process.execPath,
      commandLine(["--stored-auth-only", ...args]),
      options,
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${args.join(" ")}: ${stdout}${stderr}`));
      },
    );
  });

/** Runs the Inspector without a token. @param allow is given the link that it prints. Returns what it prints after all. */
async function signIn(allow: (link: string) => Promise<void>, ...args: string[]): Promise<string> {
  const callback = `http://127.0.0.1:${await freePort()}/oauth/callback`;
  const program = spawn(process.execPath, commandLine(["--callback-url", callback, ...args]), {
    env: environment(),
  });
  let printed = "";
  const ended = new Promise<number | null>((resolve) => program.on("exit", resolve));
  const link = new Promise<string>((resolve, reject) => {
    for (const stream of [program.stdout, program.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        printed += text;
        const found = /https?:\/\/\S+\/oauth\/authorize\S+/.exec(printed)?.[0];
        if (found !== undefined) resolve(found);
      });
    ended.then(() => reject(new Error(`it ended without a link: ${printed}`))).catch(reject);
  });
  await allow(await link);
  expect(await ended, printed).toBe(0);
  return printed;
}

/** A person who signs in by that link, and allows surveys and 40 cents. */
async function allowIn(link: string): Promise<void> {
  const email = newAddress();
  await signUp(new Browser(() => world.url), mailbox, email);
  const { page } = await browser.open(link);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("checkbox", { name: /surveys/ }).check();
  await page.getByLabel("Budget").fill("40");
  await page.getByLabel("Budget").blur();
  await page.getByRole("button", { name: /^Allow up to 40 ¢/ }).click();
  await page.waitForURL((url) => url.pathname === "/oauth/callback");
  // It listens for one answer only, so the page's icon isn't there any more.
  await page.context().close();
}

/** Arguments of a tool, as the command line takes them. */
const toolCall = (tool: string, args: Record<string, unknown>): string[] => [
  ...["--method", "tools/call", "--tool-name", tool],
  ...Object.entries(args).flatMap(([name, value]) => [
    "--tool-arg",
    `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  ]),
];

describe.each([
  ["2025-11-25", []],
  ["2026-07-28", ["--protocol-era", "modern"]],
])("in the era of %s", (_revision, era) => {
  test("signs its person in, completes a task and gets the resource", async () => {
    const { service, campaignId } = await world.offerService({ api: { categories: ["weather"] } });
    expect(await signIn(allowIn, ...era, "--method", "tools/list")).toContain("run_service");
    const answers = { campaign_id: campaignId, task_data: { score: 4 }, consent: CONSENT };
    await inspect(...era, ...toolCall("complete_task", answers));
    const before = await balanceOf(world.upstream.payTo);
    const run = await inspect(...era, ...toolCall("run_service", { service_key: service, input: { n: 1 } }));
    expect(run).toContain("echo");
    expect(await balanceOf(world.upstream.payTo)).toBe(before + 20_000n);
    const grant = await world.db.grant.findFirstOrThrow({ orderBy: { createdAt: "desc" } });
    expect(await world.db.payment.count({ where: { grantId: grant.id, status: "settled" } })).toBe(1);
  });
});
