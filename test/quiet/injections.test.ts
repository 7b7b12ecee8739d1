import { PaymentRequiredV1Schema, PaymentRequiredV2Schema } from "@x402/core/schemas";
import { afterAll, beforeAll, expect, test } from "vitest";
import { KEYWORDS } from "../../src/core/personal-data/data-schema/check/keywords.ts";
import { CreateSponsorInput } from "../../src/core/sponsorship/sponsor/index.ts";
import { fillSchema } from "../../src/demo/fill-schema.ts";
import type { GrantOfUser, SponsorWithKey } from "../support/caller.ts";
import { CONSENT } from "../support/caller.ts";
import { expectSuccess, OPERATIONS } from "../support/call.ts";
import type { Injection } from "../support/injections.ts";
import { CANARY, INJECTIONS } from "../support/injections.ts";
import { campaignWith, serviceWith, taskPropertyOf } from "../support/injected-bodies.ts";
import { PROFILE } from "../support/next-actions.ts";
import type { Read, ReadingAgent } from "../support/readers.ts";
import { readingAgents } from "../support/readers.ts";
import { ADMIN_KEY } from "../support/server.ts";
import { textFieldsOf, textsAt } from "../support/text-fields.ts";
import { useWorld } from "../support/use-world.ts";
import type { WordyRefusal, WordySeller } from "../support/wordy-seller.ts";
import { startWordySeller, WORDY_REFUSALS, wordyTerms, wordyTermsV1 } from "../support/wordy-seller.ts";

/** 200 injections in every field of sponsors and sellers: none changes a next action, and none reaches a model in quiet mode. */

const world = useWorld({
  upstreamFor: "all tests",
  suspension: {
    scopeViolations: 1_000_000,
    scopeWindowSeconds: 60,
    rateHits: 1_000_000,
    rateWindowSeconds: 60,
  },
});

/** One in so many injections goes through a paid run, since each of them takes a block of the chain. */
const PAID_ONE_IN = 20;
/** A person has only so many open approvals of one agent. */
const MOST_OPEN = 10;
/** So many words are searched for at once. */
const SEARCHED = 12;

interface Planted {
  injection: Injection;
  how: WordyRefusal;
  service: string;
  campaignId: string;
  sponsor: SponsorWithKey;
}

let seller: WordySeller;
let grant: GrantOfUser;
let quiet: ReadingAgent[] = [];
let loud: ReadingAgent;
const planted: Planted[] = [];
/** Sponsors who write harmless words, one for each way of their seller. */
const twins: Planted[] = [];

beforeAll(async () => {
  seller = await startWordySeller(world.upstream.payTo);
  const names = INJECTIONS.map(({ name }) => name);
  const userId = await world.createUser({ tools_used: ["editor"] });
  // Scopes are at most a hundred names. The others' services are within two categories and types that everybody allows.
  grant = await world.createGrant({
    userId,
    budgetCents: 1_000,
    scopes: {
      allowed_task_types: ["survey", ...names.slice(0, 99)],
      allowed_data_types: ["region", "email"],
      allowed_categories: ["weather", ...names.slice(0, 99)],
    },
  });
  for (const [at, injection] of INJECTIONS.entries()) planted.push(await plant(injection, at));
  for (const at of WORDY_REFUSALS.keys()) twins.push(await plant(harmlessWords(at), at));
  seller.begin();
  world.upstream.answerWith((res) => {
    const { header, text } = INJECTIONS[0] as Injection;
    res.writeHead(200, { "content-type": `text/plain; note=${header}` }).end(text);
  });
  ({ quiet, loud } = await readingAgents(world, grant));
});

afterAll(async () => {
  for (const agent of quiet) await agent.close();
  await seller.close();
});

/** Of the same form as the others. */
const harmlessWords = (at: number): Injection => ({
  canary: `zeisig00${at}x`,
  text: `It is a nice day, zeisig00${at}x, and the sun shines.`,
  visible: `It is a nice day, zeisig00${at}x, and the sun shines.`,
  name: INJECTIONS[at]?.name ?? "",
  key: `zeisig00${at}x-sings-a-nice-song-today`,
  header: "nice",
});

/** Writes an injection into every field. Those behind the first 99 use names of which the session has the scope. */
async function plant(injection: Injection, at: number): Promise<Planted> {
  const how = WORDY_REFUSALS[at % WORDY_REFUSALS.length] ?? "refusal";
  const created = await world.call(
    "admin.createSponsor",
    { name: injection.visible.slice(0, 100) },
    ADMIN_KEY,
  );
  const { sponsor_id, api_key: key } = expectSuccess(created) as { sponsor_id: string; api_key: string };
  const sponsor = { sponsor_id, key };
  const isNamed = at < 99;
  const isPaid = at % PAID_ONE_IN === 0;
  const service = injection.key;
  await world.registerService(key, "scripted", {
    ...serviceWith(injection, isNamed),
    ...(!isPaid && { upstream_url: seller.url(how, injection) }),
  });
  const campaignId = await world.createCampaign(sponsor, [service], {
    ...campaignWith(injection, isNamed),
    fundCents: 100,
  });
  return { injection, how, service, campaignId, sponsor };
}

function expectQuiet({ text }: Pick<Read, "text">, what: string): void {
  const at = text.search(CANARY);
  if (at >= 0) throw new Error(`${what} shows ${text.slice(Math.max(0, at - 200), at + 100)}`);
}

/** How many others a search finds is about the words, too. */
const NEXT_PAGE = "See the next page.";

/** What an action says, without what it is about and without the sponsor's own schema, which is marked. */
function plain(
  actions: Read["actions"],
  { service, campaignId, injection: { canary } }: Pick<Planted, "service" | "campaignId" | "injection">,
): unknown {
  const text = JSON.stringify(
    actions.filter(({ description }) => description !== NEXT_PAGE),
    (key, value: unknown) =>
      typeof value === "object" && value !== null && "x-written-by" in value
        ? "the sponsor's schema"
        : key === "$defs"
          ? undefined
          : value,
  );
  return JSON.parse(
    text.replaceAll(service, "SERVICE").replaceAll(campaignId, "CAMPAIGN").replaceAll(canary, "WORD"),
  );
}

/** The parameters that a program fills in which follows the first action. */
const filled = ({ actions }: Read): Record<string, unknown> =>
  fillSchema(actions[0]?.["params_schema"] ?? {}, PROFILE) as Record<string, unknown>;

/** The output is what the person asked for. */
const withoutOutput = (text: string): string =>
  text.replaceAll(/\\?"output\\?":.*?\\?"output_written_by\\?"/g, "");

/** Texts of sponsors in which there is no room for a sentence, or that nobody is shown. */
const NO_WORDS: Readonly<Record<string, string>> = {
  idempotency_key: "only compared",
  campaign_id: "an id of ours",
  withdrawal_id: "an id of ours",
  "service_keys[]": "keys of services, which have the words",
  wallet_address: "an address on the chain",
  pay_to: "an address on the chain",
  "localized{name}": "a language tag",
  "upstream_headers{name}": "secret: taken out of all that a seller says",
  "upstream_headers{}": "secret: taken out of all that a seller says",
  upstream_url: "the seller of these tests has the words in it",
  cursor: "of ours",
  answer_id: "an id of ours",
  endpoint_id: "an id of ours",
  event_id: "an id of ours",
  given_up_since: "a time",
  url: "a webhook's address, which no agent is shown",
  "holdback.url": "the same",
  "holdback.schema{name}": "how answers are judged isn't shown to agents",
  "holdback.schema{}*": "the same",
  "input{name}": "sent to the sponsor's own API, in a trial",
  "input{}*": "the same",
  note: "the words of a rejection: test/api/sponsorship/answer-review.test.ts",
};

/** Keywords of a sponsor's schema that hold no words: bounds, types, formats that are listed. */
const NO_WORDS_IN_KEYWORD = new Set([
  ...[
    "type",
    "minProperties",
    "maxProperties",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minLength",
    "maxLength",
  ],
  ...["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "additionalProperties"],
  ...["x-data-type", "deprecated", "readOnly", "writeOnly", "$schema"],
]);

const READING: { what: string; verb: string; input: (of: Planted) => Record<string, unknown> }[] = [
  {
    what: "a plan with bad input, which says all that a plan does",
    verb: "plan_service",
    input: ({ service }) => ({ service_key: service, input: { mood: "bad", other: 1 } }),
  },
  { what: "a task", verb: "get_task", input: ({ campaignId }) => ({ campaign_id: campaignId }) },
  {
    what: "wrong answers",
    verb: "complete_task",
    input: ({ campaignId }) => ({ campaign_id: campaignId, task_data: { choice: 1 }, consent: CONSENT }),
  },
  {
    what: "answers without consent",
    verb: "complete_task",
    input: ({ campaignId, injection }) => ({
      campaign_id: campaignId,
      task_data: { score: 5, [taskPropertyOf(injection)]: injection.visible, email: "ada@example.com" },
      consent: { ...CONSENT, data_sharing_agreed: false },
    }),
  },
  {
    what: "a run before its task",
    verb: "run_service",
    input: ({ service }) => ({ service_key: service, input: { place: "Porto" } }),
  },
  {
    what: "a run with bad input",
    verb: "run_service",
    input: ({ service }) => ({ service_key: service, input: { mood: "bad", place: 1, code: "?", other: 1 } }),
  },
];

/** A word of the search by which a service was found. */
const OWN_WORD = /\\?"text\\?":\\?"kanarie\d{3}x\\?"/g;

/** The agent wrote the search itself, and gets it back. */
const withoutOwnSearch = (text: string): string => text.replaceAll(/\\?"q\\?":\s*\\?"[^"]*"/g, "");

test("on every surface, no call that is about a sponsor's service shows its words in quiet mode", async () => {
  // No agent waits for another.
  await Promise.all(
    quiet.map(async (agent) => {
      for (const one of planted)
        for (const { what, verb, input } of READING) {
          if (agent.name === "GPT" && verb === "plan_service") continue;
          const read = await agent.call(verb, input(one));
          const text = withoutOwnSearch(read.text);
          expectQuiet({ text }, `${what} over ${agent.name}, ${String(read.error?.["error_code"])}`);
        }
    }),
  );
}, 600_000);

test("without quiet mode its words are there, and no next action is another than with harmless words", async () => {
  const harmless = new Map(
    await Promise.all(
      twins.flatMap((twin) =>
        READING.map(async ({ what, verb, input }) => {
          const { actions } = await loud.call(verb, input(twin));
          return [`${what} ${twin.how}`, plain(actions, twin)] as const;
        }),
      ),
    ),
  );
  for (const one of planted) {
    let words = 0;
    await Promise.all(
      READING.map(async ({ what, verb, input }) => {
        const { actions, text } = await loud.call(verb, input(one));
        expect(plain(actions, one), `${what}: ${one.injection.text}`).toEqual(
          harmless.get(`${what} ${one.how}`),
        );
        words += CANARY.test(withoutOwnSearch(text)) ? 1 : 0;
      }),
    );
    expect(words, one.injection.text).toBeGreaterThan(READING.length - 3);
  }
}, 600_000);

test("what only the user can allow is asked for without words", async () => {
  for (const [at, one] of planted.entries()) {
    const agent = quiet[at % quiet.length] as ReadingAgent;
    const task_data = { score: 5, phone: `+351 912 345 6${String(at % 10)}8` };
    const asked = await agent.call("complete_task", {
      campaign_id: one.campaignId,
      task_data,
      consent: CONSENT,
    });
    expect(asked.error, one.injection.text).toMatchObject({ error_code: "data_consent_required" });
    expectQuiet(asked, `a question over ${agent.name}`);
    const { approval_id } = asked.error?.["details"] as { approval_id: string };
    if (agent.name.startsWith("MCP"))
      expectQuiet(await agent.call("get_approval", { approval_id }), "an approval");
    if ((at + 1) % MOST_OPEN === 0)
      await world.db.approval.updateMany({
        where: { grantId: grant.grant_id, decidedAt: null },
        data: { expiresAt: new Date() },
      });
  }
}, 600_000);

test("completing the task and running the service shows no words, whatever the seller says", async () => {
  const codes = new Set<unknown>();
  for (const [at, one] of planted.entries()) {
    const agent = quiet[at % quiet.length] as ReadingAgent;
    const task = await agent.call("get_task", { campaign_id: one.campaignId });
    const completed = await agent.call("complete_task", { ...filled(task), campaign_id: one.campaignId });
    expect(completed.error, one.injection.text).toBeUndefined();
    expectQuiet(completed, `a completion over ${agent.name}`);
    const input = { ...filled(completed), service_key: completed.actions[0]?.["params"] };
    const run = await agent.call("run_service", { ...input, service_key: one.service });
    codes.add(run.error?.["error_code"] ?? "ok");
    expectQuiet({ text: withoutOutput(run.text) }, `a run over ${agent.name}`);
    if (run.isRefused) {
      const open = await loud.call("run_service", { service_key: one.service, input: { place: "Porto" } });
      expect(CANARY.test(open.text), open.text).toBe(true);
      continue;
    }
    expect(run.data).toMatchObject({ output_written_by: "seller" });
    const { payment_id } = run.data["payment"] as { payment_id: string };
    for (const reader of quiet) {
      const verb = reader.name === "GPT" ? "user_record" : "get_payment";
      expectQuiet(
        { text: withoutOutput((await reader.call(verb, { payment_id })).text) },
        `a payment over ${reader.name}`,
      );
    }
  }
  expect([...codes].sort()).toEqual(["ok", "price_changed", "upstream_error"]);
}, 600_000);

test("a seller's words after it was paid aren't shown either", async () => {
  for (const [at, one] of planted.filter((_, index) => index % PAID_ONE_IN === 0).entries()) {
    const agent = quiet[at % quiet.length] as ReadingAgent;
    world.upstream.answerWith((res) => {
      res
        .writeHead(500, { "content-type": `text/plain; note=${one.injection.header}` })
        .end(one.injection.text);
    });
    const run = await agent.call("run_service", { service_key: one.service, input: { place: `Faro ${at}` } });
    expect(run.error).toMatchObject({ error_code: "upstream_error", details: { upstream: { status: 500 } } });
    expectQuiet(run, `a paid refusal over ${agent.name}`);
  }
}, 600_000);

test("what lists everything shows no words: searches, status, history, usage and preferences", async () => {
  for (const agent of quiet) {
    const isGpt = agent.name === "GPT";
    for (let offset = 0; offset < INJECTIONS.length; offset += isGpt ? 20 : 50) {
      const limit = isGpt ? 20 : 50;
      const page = await agent.call("search_services", { offset, limit, ...(!isGpt && { explain: true }) });
      expect((page.data["services"] as unknown[]).length).toBeGreaterThan(0);
      expectQuiet(page, `a page of a search over ${agent.name}`);
    }
    // What was found by which word is said, too.
    for (let from = 0; from < INJECTIONS.length; from += SEARCHED) {
      const q = INJECTIONS.slice(from, from + SEARCHED)
        .map(({ canary }) => canary)
        .join(" ");
      const found = await agent.call("search_services", { q, limit: 20, ...(!isGpt && { explain: true }) });
      expect(Number(found.data["total_count"]), q).toBeGreaterThanOrEqual(SEARCHED / 2);
      const text = withoutOwnSearch(found.text).replaceAll(OWN_WORD, "");
      expectQuiet({ text }, `a search over ${agent.name}`);
    }
    const nothing = { category: "finance", ...(!isGpt && { q: "kanarie says" }) };
    expectQuiet(
      { text: withoutOwnSearch((await agent.call("search_services", nothing)).text) },
      `a search in vain over ${agent.name}`,
    );
    const lists = isGpt
      ? ["user_status", "user_record", "get_preferences"]
      : ["flow_status", "audit_history"];
    const tools = agent.name.startsWith("MCP") ? ["usage_record", "get_preferences"] : [];
    for (const verb of [...lists, ...tools])
      for (let offset = 0; offset < (verb === "audit_history" ? 500 : 50); offset += 50)
        expectQuiet(
          await agent.call(verb, verb === "audit_history" ? { offset, limit: 50 } : {}),
          `${verb} over ${agent.name}`,
        );
  }
  const status = await loud.call("flow_status");
  expect(CANARY.test(status.text)).toBe(true);
}, 600_000);

/** All values of a keyword, wherever it stands. A property's name is no keyword. */
function valuesOf(schema: unknown, keyword: string, isNames = false): unknown[] {
  if (Array.isArray(schema)) return schema.flatMap((one) => valuesOf(one, keyword));
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([name, value]) => [
    ...(name === keyword && !isNames ? [value] : []),
    ...valuesOf(value, keyword, !isNames && (name === "properties" || name === "$defs")),
  ]);
}

const has = (value: unknown): boolean => CANARY.test(JSON.stringify(value));

/** Fields of a schema in which none of these bodies has a word. */
const uncovered = (schema: unknown, ...bodies: object[]): string[] =>
  textFieldsOf(schema).filter((path) => !bodies.some((body) => textsAt(body, path).some(has)));

test("every text that a sponsor can write has an injection, however deep it is, and so has every keyword of their schemas", () => {
  const [injection] = INJECTIONS as [Injection];
  const [service, campaign] = [serviceWith(injection, true), campaignWith(injection, true)];
  const sponsor = { name: injection.visible };
  const written = OPERATIONS.filter(({ surface, type }) => surface === "sponsor" && type === "mutation");
  expect(written.length).toBeGreaterThan(6);
  const missing = [...written.map(({ input }) => input), CreateSponsorInput].flatMap((schema) =>
    uncovered(schema, service, campaign, sponsor),
  );
  expect([...new Set(missing)].filter((path) => !(path in NO_WORDS))).toEqual([]);
  for (const schema of [service["input_schema"], service["output_schema"], campaign["task_schema"]]) {
    const keywords = [...KEYWORDS.keys()].filter((keyword) => !NO_WORDS_IN_KEYWORD.has(keyword));
    expect(keywords.filter((keyword) => !has(valuesOf(schema, keyword)))).toEqual([]);
  }
});

test("every text in the terms of x402, of both versions, has an injection", () => {
  const [injection] = INJECTIONS as [Injection];
  expect(uncovered(PaymentRequiredV2Schema, wordyTerms(injection))).toEqual([]);
  expect(uncovered(PaymentRequiredV1Schema, wordyTermsV1(injection))).toEqual([]);
});
