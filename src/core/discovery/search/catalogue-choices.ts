import type { Deps } from "../../context.ts";
import { listCatalogueChoices } from "./query-store.ts";

/** The categories of services and types of tasks that there are, for somebody who chooses among all of them. */
export async function catalogueChoices({
  sql,
}: Pick<Deps, "sql">): Promise<{ categories: string[]; taskTypes: string[] }> {
  const { categories, task_types } = await listCatalogueChoices.one(sql, {});
  return { categories, taskTypes: task_types };
}
