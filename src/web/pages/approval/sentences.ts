import type { Question } from "../../data/shapes.ts";
import { said } from "../../ui/said.tsx";
import { useNow, useWords } from "../../words/language.tsx";
import { useNouns } from "./noun-words.ts";
import type { Terms } from "./terms.ts";

/** The heading, the one sentence that says what was chosen, and the button that says what will be true. */
export function useSentences(question: Question, terms: Terms, name: string) {
  const { words, format } = useWords();
  const { ask: w } = words.approval;
  const { dataList, kindList, taskList } = useNouns();
  const now = useNow();
  const { kind, present, asks, service } = question;
  const asked = format.amount(asks.budget_limit_cents ?? 0);
  const data = dataList(terms.dataTypes);

  const shared = (): string => (terms.dataTypes.length > 2 ? w.kinds(terms.dataTypes.length) : data);
  const allowData = (): string => (terms.dataTypes.length === 0 ? w.allowTicked : w.allowData(shared()));
  const called = service === null ? w.theService : said(service.name, 60);
  if (kind === "budget") {
    return {
      title: asks.above_rule ? w.aboveTitle(name) : w.budgetTitle(name),
      summary: w.summaryOnce(name, asked, called),
      allow: w.allowOnce(asked),
    };
  }
  if (kind === "data") {
    return { title: w.dataTitle(name), summary: w.summaryMore(name, "", data), allow: allowData() };
  }
  const tasks = taskList(terms.tasks);
  const kinds = asks.categories.filter((one) => !one.held && terms.categories.includes(one.name));
  const more =
    tasks === "" && data === "" && kinds.length > 0
      ? w.summaryKinds(name, kindList(kinds.map((one) => one.name)))
      : w.summaryMore(name, tasks, data);
  if (kind === "combined") {
    const paid = data === "" ? w.allowOnce(asked) : w.allowOnceAndData(asked, shared());
    return {
      title: w.moreTitle(name),
      summary: terms.pays ? w.twoSentences(more, w.summaryOnce(name, asked, called)) : more,
      allow: terms.pays ? paid : allowData(),
    };
  }
  const upTo = w.allow(format.amount(terms.cents), format.moment(terms.until, now));
  if (present === null)
    return { title: w.actTitle(name), summary: w.summary(name, tasks, data), allow: upTo };
  const added = terms.cents - present.budget_limit_cents;
  return {
    title: asksForMore(asks, present) ? w.moreTitle(name) : w.againTitle(name),
    summary: more,
    allow: added > 0 ? w.allowMore(format.amount(added), format.amount(terms.cents)) : upTo,
  };
}

/** Whether anything is asked for that the present grant doesn't hold. It is replaced, so an agent may ask for less too. */
const asksForMore = (
  { task_types, data_types, categories, budget_limit_cents }: Question["asks"],
  present: NonNullable<Question["present"]>,
): boolean =>
  [...task_types, ...data_types, ...categories].some(({ held }) => !held) ||
  (budget_limit_cents ?? 0) > present.budget_limit_cents;
