// `npm run bench:tokens`: what a language model reads of us, in tokens: the tools of MCP, and a whole run on each surface.
import { Tiktoken } from "js-tiktoken/lite";
import ranks from "js-tiktoken/ranks/o200k_base";
import { test } from "vitest";
import { CONSENT } from "../test/support/caller.ts";
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

test("tokens", async () => {
  const offer = await prepare();
  const flow = [
    ["search_services", { intent: INTENT }],
    ["get_task", { campaign_id: offer.campaignId }],
    ["complete_task", { campaign_id: offer.campaignId, task_data: { score: 4 }, consent: CONSENT }],
    ["run_service", { service_key: offer.service, input: INPUT }],
    ["flow_status", {}],
  ] as const;

  const { token } = await world.openSession(await world.createGrant());
  const host = await connectNew("2026-07-28")({ url: () => world.url, token });
  const tools = await host.listTools();
  console.table(
    Object.fromEntries(
      tools
        .toSorted((a, b) => a.name.localeCompare(b.name))
        .map((tool) => [
          tool.name,
          {
            "as models see it": count({ ...tool, outputSchema: undefined, annotations: undefined }),
            "with its output": count(tool),
          },
        ]),
    ),
  );
  console.log(
    "all tools",
    count(tools.map((tool) => ({ ...tool, outputSchema: undefined }))),
    "with outputs",
    count(tools),
  );

  const steps: Record<string, Record<string, number>> = {};
  for (const [name, args] of flow) {
    const answer = await host.call(name, args);
    if (answer.isError) throw new Error(`${name}: ${JSON.stringify(answer.content)}`);
    steps[name] = { mcp: count(answer.content[0]?.text ?? "") };
  }
  await host.close();

  const rest = await world.openSession(await world.createGrant());
  const calls = {
    search_services: ["agent.searchServices", { intent: INTENT }],
    get_task: ["agent.getTask", { campaign_id: offer.campaignId }],
    complete_task: [
      "agent.completeTask",
      { campaign_id: offer.campaignId, task_data: { score: 4 }, consent: CONSENT },
    ],
    run_service: ["agent.runService", { service_key: offer.service, input: INPUT }],
    flow_status: ["agent.flowStatus", {}],
  } as const;
  for (const [name, [path, input]] of Object.entries(calls)) {
    const { body } = await world.call(path, input, rest.token, "rest");
    steps[name] = { ...steps[name], rest: count(body) };
  }
  const sums = { mcp: 0, rest: 0 };
  for (const step of Object.values(steps)) {
    sums.mcp += step["mcp"] ?? 0;
    sums.rest += step["rest"] ?? 0;
  }
  console.table({ ...steps, all: sums });
  console.log("GPT document", count(await (await fetch(`${world.url}/openapi/gpt.json`)).text()));
});
