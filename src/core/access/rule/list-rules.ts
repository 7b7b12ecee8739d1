import type { Deps } from "../../context.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import type { Rule } from "./schema.ts";
import { listRules, serviceNames } from "./store.ts";

/** Returns the rules that hold, by grant. */
export async function rulesOfGrants(
  { db }: Pick<Deps, "db">,
  grantIds: string[],
): Promise<Map<string, Rule[]>> {
  const rules = new Map<string, Rule[]>();
  const found = await listRules(db, grantIds);
  const names = await serviceNames(
    db,
    found.flatMap(({ service }) => service ?? []),
  );
  for (const rule of found) {
    const { id, grantId, service, amountMicros, remaining, expiresAt } = rule;
    const shown: Rule =
      service === null || expiresAt === null
        ? { kind: "ask_above", rule_id: id, amount_cents: microsToCents(amountMicros) }
        : {
            kind: "dont_ask",
            rule_id: id,
            ...{ service_key: service, service_name: names.get(service) ?? service },
            cap_cents: microsToCents(amountMicros),
            remaining_cents: microsToCents(remaining < 0n ? 0n : remaining),
            expires_at: expiresAt.toISOString(),
          };
    rules.set(grantId, [...(rules.get(grantId) ?? []), shown]);
  }
  return rules;
}
