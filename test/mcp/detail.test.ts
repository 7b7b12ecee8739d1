import { expect, test } from "vitest";
import { concise } from "../../src/api/mcp/detail.ts";
import { connectNew } from "../support/mcp.ts";
import { useWorld } from "../support/use-world.ts";

/** Answers made for models: short by default, whole when asked. */

const world = useWorld();

const manyServices = async () => {
  const grant = await world.createGrant();
  const { token } = await world.openSession(grant);
  for (let n = 0; n < 7; n += 1) await world.offerService();
  return connectNew("2026-07-28")({ url: () => world.url, token });
};
const servicesOf = ({ structured }: { structured: Record<string, unknown> | undefined }) =>
  structured?.["services"] as Record<string, unknown>[];

test("a list has five entries and says how many more there are, unless the call chose a number or asks for all", async () => {
  const host = await manyServices();
  const short = await host.call("search_services");
  expect(servicesOf(short)).toHaveLength(5);
  expect(short.structured).toMatchObject({ services_left_out: 2, total_count: 7 });
  expect(Object.values(servicesOf(short)[0] ?? {})).not.toContain(null);
  expect(servicesOf(await host.call("search_services", { limit: 6 }))).toHaveLength(6);
  const full = await host.call("search_services", { detail: "full" });
  expect(servicesOf(full)).toHaveLength(7);
  // Hosts of MCP don't read sponsors' words, so there are empty fields.
  expect(Object.values(servicesOf(full)[0] ?? {})).toContain(null);
  await host.close();
});

test("another detail is refused at its field, and nothing is done", async () => {
  const grant = await world.createGrant();
  const { token } = await world.openSession(grant);
  const host = await connectNew("2026-07-28")({ url: () => world.url, token });
  const preferences = [{ task_type: "survey", level: "avoided" }];
  const refused = await host.call("set_preferences", { preferences, detail: "everything" });
  expect(JSON.parse(refused.content[0]?.text ?? "")).toMatchObject({
    error_code: "validation_error",
    field_errors: [{ path: "/detail", keyword: "enum" }],
  });
  expect(await world.db.userTaskPreference.count({ where: { userId: grant.user_id } })).toBe(0);
  await host.close();
});

test("an answer's own fields, schemas and outputs stay as they are", () => {
  const data = {
    campaign_name: null,
    pending: [],
    payment: { sponsored_by: null },
    output: [{ empty: null }],
    services: [{ key: "a", name: null, tags: [], input_schema: { required: [] } }],
  };
  expect(concise(data, { choseLimit: false })).toEqual({
    ...data,
    output: [{ empty: null }],
    services: [{ key: "a", input_schema: { required: [] } }],
  });
});
