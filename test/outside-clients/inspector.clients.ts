import { execFile } from "node:child_process";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { CONSENT } from "../support/caller.ts";
import { balanceOf } from "../support/chain.ts";
import { signInPerson } from "../support/console-client.ts";
import { HandHost } from "../support/oauth-by-hand.ts";
import { Mailbox } from "../support/people.ts";
import { useWorld } from "../support/use-world.ts";

/** MCP's Inspector, by its command line, with an access token that a person allowed: from nothing to a paid resource. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });

const PROGRAM = path.join(
  import.meta.dirname,
  "inspector/node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js",
);

/** Runs the Inspector once, and returns what it prints. @throws Error with its output if it fails */
const inspect = (token: string, era: string[], ...args: string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const target = [`${world.url}/mcp`, "--transport", "http", "--header", `Authorization: Bearer ${token}`];
    execFile(process.execPath, [PROGRAM, "--cli", ...target, ...era, ...args], (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${args.join(" ")}: ${stdout}${stderr}`));
    });
  });

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
  test("lists the tools, completes a task and gets the resource", async () => {
    const person = await signInPerson(world.url, mailbox);
    const { service, campaignId } = await world.offerService();
    const { access_token: token } = await new HandHost(() => world.url).signIn(person);
    expect(await inspect(token, era, "--method", "tools/list")).toContain("run_service");
    const answers = { campaign_id: campaignId, task_data: { score: 4 }, consent: CONSENT };
    await inspect(token, era, ...toolCall("complete_task", answers));
    const before = await balanceOf(world.upstream.payTo);
    const run = await inspect(
      token,
      era,
      ...toolCall("run_service", { service_key: service, input: { n: 1 } }),
    );
    expect(run).toContain("echo");
    expect(await balanceOf(world.upstream.payTo)).toBe(before + 20_000n);
    expect(await world.db.payment.count({ where: { userId: person.userId } })).toBe(1);
  });
});
