import type { DataType, Question, Scopes } from "../../data/shapes.ts";

/** What the person has chosen so far. */
export interface Terms {
  dataTypes: DataType[];
  tasks: string[];
  /** All that were asked for, unless the person leaves some out. */
  categories: string[];
  cents: number;
  /** Of a combined question: whether it may pay for the one call. */
  pays: boolean;
  until: string;
}

/** Personal data and tasks start unticked. A cap is no transfer, so amount and time start at what was asked for. */
export const firstTerms = ({ asks }: Question, choices: string[]): Terms => ({
  dataTypes: [],
  tasks: [],
  categories: asks.categories.map(({ name }) => name),
  cents: asks.budget_limit_cents ?? 0,
  pays: asks.budget_limit_cents !== null,
  until: choices.at(-1) ?? "",
});

/** What a decision to allow says of these terms. What was allowed before and is asked for again stays. */
export function allowance({ kind, asks }: Question, terms: Terms) {
  const none: Scopes = { allowed_task_types: [], allowed_data_types: [], allowed_categories: [] };
  if (kind === "budget") return {};
  if (kind === "combined")
    return {
      scopes: {
        allowed_task_types: terms.tasks,
        allowed_data_types: terms.dataTypes,
        allowed_categories: terms.categories,
      },
      ...(asks.budget_limit_cents !== null && {
        budget_limit_cents: terms.pays ? asks.budget_limit_cents : 0,
      }),
    };
  if (kind === "data") return { scopes: { ...none, allowed_data_types: terms.dataTypes } };
  const heldTasks = asks.task_types.filter(({ held }) => held).map(({ name }) => name);
  const heldData = asks.data_types.filter(({ held }) => held).map(({ type }) => type);
  return {
    scopes: {
      allowed_task_types: [...heldTasks, ...terms.tasks],
      allowed_data_types: [...heldData, ...terms.dataTypes],
      allowed_categories: terms.categories,
    },
    budget_limit_cents: Math.min(terms.cents, asks.budget_limit_cents ?? 0),
    expires_at: terms.until,
  };
}

/** What the present grant allows and this request leaves out: allowing replaces the grant. */
export function leftOut({
  kind,
  asks,
  present,
}: Question): Pick<Scopes, "allowed_task_types" | "allowed_data_types"> {
  const replaces = kind === "grant" || kind === "gpt_sign_in";
  if (!replaces || present === null) return { allowed_task_types: [], allowed_data_types: [] };
  const { allowed_task_types, allowed_data_types } = present.scopes;
  return {
    allowed_task_types: allowed_task_types.filter(
      (task) => !asks.task_types.some(({ name }) => name === task),
    ),
    allowed_data_types: allowed_data_types.filter(
      (type) => !asks.data_types.some((one) => one.type === type),
    ),
  };
}

/** Whether allowing these terms would allow anything. */
export function allowsSomething({ kind }: Question, terms: Terms): boolean {
  if (kind === "data") return terms.dataTypes.length > 0;
  if (kind !== "combined") return true;
  return terms.pays || terms.dataTypes.length + terms.tasks.length + terms.categories.length > 0;
}

export const toggled = <Item>(items: Item[], item: Item, isOn: boolean): Item[] =>
  isOn ? [...items, item] : items.filter((one) => one !== item);
