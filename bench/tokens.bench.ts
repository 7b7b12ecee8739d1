// `npm run bench:tokens`: what a language model reads of us, in tokens: the tools of MCP, and a whole run on each surface.
import { Tiktoken } from "js-tiktoken/lite";
import ranks from "js-tiktoken/ranks/o200k_base";
import { test } from "vitest";
import { CONSENT } from "../test/support/caller.ts";
import { signInWithGpt } from "../test/support/gpt.ts";
import { connectNew } from "../test/support/mcp.ts";
import { useWorld } from "../test/support/use-world.ts";
import { insertCatalogue } from "../test/search-quality/golden-catalogue.ts";

const tokenizer = new Tiktoken(ranks);
const count = (value: unknown): number =>
  tokenizer.encode(typeof value === "string" ? value : JSON.stringify(value)).length;

const world = useWorld();

const INTENT = "working days in Portugal this December";

/** A service that is really paid for, among the 80 of the catalogue. */
async function prepare() {
  await insertCatalogue(world.database);
  return world.offerService({
    api: {
      name: "Working days",
      description: "Counts the working days between two dates, without the public holidays of a country.",
      categories: ["weather"],
      input_schema: {
        type: "object",
        properties: {
          country: { type: "string", description: "ISO 3166-1 alpha-2", maxLength: 2 },
          from: { type: "string", format: "date" },
          to: { type: "string", format: "date" },
        },
        required: ["country", "from", "to"],
        additionalProperties: false,
      },
    },
  });
}

const INPUT = { country: "PT", from: "2026-12-01", to: "2026-12-31" };

/** Calls a verb on one surface. Returns what the model reads. */
type Reads = (verb: string, args: Record<string, unknown>) => Promise<unknown>;

const grantWithToken = async () => {
  const grant = await world.createGrant();
  return { grant, token: (await world.openSession(grant)).token };
};

async function overMcp(detail: object): Promise<Reads> {
  const { token } = await grantWithToken();
  const host = await connectNew("2026-07-28")({ url: () => world.url, token });
  return async (verb, args) => {
    const answer = await host.call(verb, { ...args, ...detail });
    if (answer.isError) throw new Error(`${verb}: ${JSON.stringify(answer.content)}`);
    return answer.content[0]?.text ?? "";
  };
}

const CONCISE = { "x-tollfree-detail": "concise" };

async function overHttp(transport: "rest" | "trpc", headers: Record<string, string>): Promise<Reads> {
  const { token } = await grantWithToken();
  return async (verb, args) => {
    const name = `agent.${verb.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())}`;
    const { status, body } = await world.call(name, args, token, transport, headers);
    if (status !== 200) throw new Error(`${name}: ${JSON.stringify(body)}`);
    return transport === "trpc" ? { result: { data: body as unknown } } : body;
  };
}

async function asGpt(detail: object): Promise<Reads> {
  const { grant } = await grantWithToken();
  const session_token = await signInWithGpt(world, grant, { budget_limit_cents: 50 });
  return async (verb, args) => {
    const name = verb === "flow_status" ? "user_status" : verb;
    const path = `gpt.${name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())}`;
    const { status, body } = await world.call(path, { ...args, ...detail, session_token }, grant.agent_key);
    if (status !== 200) throw new Error(`${path}: ${JSON.stringify(body)}`);
    return body;
  };
}

const SURFACES: readonly [string, () => Promise<Reads>][] = [
  ["MCP, concise", () => overMcp({})],
  ["MCP, full", () => overMcp({ detail: "full" })],
  ["REST, concise", () => overHttp("rest", CONCISE)],
  ["REST, concise, quiet", () => overHttp("rest", { ...CONCISE, "x-tollfree-quiet": "1" })],
  ["REST, full", () => overHttp("rest", {})],
  ["tRPC, concise", () => overHttp("trpc", CONCISE)],
  ["tRPC, full", () => overHttp("trpc", {})],
  ["GPT, concise", () => asGpt({ detail: "concise" })],
  ["GPT, full", () => asGpt({})],
];

test("tokens", async () => {
  const offer = await prepare();
  const { token } = await grantWithToken();
  const host = await connectNew("2026-07-28")({ url: () => world.url, token });
  const tools = await host.listTools();
  await host.close();
  const asModelsSeeIt = ({ name, description, inputSchema }: { [field: string]: unknown }) => ({
    ...{ name, description, inputSchema },
  });
  console.table(
    Object.fromEntries(
      tools
        .toSorted((a, b) => a.name.localeCompare(b.name))
        .map((tool) => [
          tool.name,
          { "as models see it": count(asModelsSeeIt({ ...tool })), "all that is listed": count(tool) },
        ]),
    ),
  );
  console.table({
    "name, description and arguments": count(tools.map((tool) => asModelsSeeIt({ ...tool }))),
    "with titles and annotations": count(tools.map((tool) => ({ ...tool, outputSchema: undefined }))),
    "with output schemas": count(tools),
  });

  const flow = [
    ["search_services", { intent: INTENT }],
    ["get_task", { campaign_id: offer.campaignId }],
    ["complete_task", { campaign_id: offer.campaignId, task_data: { score: 4 }, consent: CONSENT }],
    ["run_service", { service_key: offer.service, input: INPUT }],
    ["flow_status", {}],
  ] as const;
  const steps: Record<string, Record<string, number>> = {};
  for (const [surface, connect] of SURFACES) {
    const reads = await connect();
    let sum = 0;
    for (const [verb, args] of flow) {
      const answer = await reads(verb, args);
      if (process.argv.includes("--show")) console.log(surface, verb, answer);
      sum += count(answer);
      steps[verb] = { ...steps[verb], [surface]: count(answer) };
    }
    steps["in all"] = { ...steps["in all"], [surface]: sum };
  }
  console.table(steps);
  console.log("GPT document", count(await (await fetch(`${world.url}/openapi/gpt.json`)).text()));
});
