import type { z } from "zod";
import type {
  DecideQuestionInput,
  Question,
  ReadQuestionInput,
  SetLimit,
} from "../../access/decision/index.ts";
import { decideQuestion, listQuestions, readQuestion } from "../../access/decision/index.ts";
import type { Deps, UserActor } from "../../context.ts";
import { catalogueChoices } from "../../discovery/search/index.ts";
import { setGrantLimit } from "../../money/budget/index.ts";
import { asText, listOwnItems } from "../../personal-data/vault/index.ts";
import type { DataType } from "../../protocol/data-types.ts";
import type { ListOwnQuestionsOutput, OwnApprovalPage, OwnQuestion } from "./schema.ts";

type Context = Pick<Deps, "db" | "sql" | "cipher"> & { actor: UserActor };

/** A longer value is cut: it is shown for recognition. */
const MOST_CHARACTERS = 80;

/**
 * Returns an approval as its page shows it, with the person's own stored values beside what is asked for.
 * @throws AppError `not_found` for an unknown approval, and for one that waits for somebody else
 */
export async function readOwnQuestion(
  ctx: Context,
  input: z.infer<typeof ReadQuestionInput>,
): Promise<OwnApprovalPage> {
  const page = await readQuestion({ ...ctx, listChoices: () => catalogueChoices(ctx) }, input);
  if (page.state !== "open" && page.state !== "decided") return page;
  return { ...page, question: withValues(page.question, await storedTexts(ctx)) };
}

/** Lists the open questions whose code this person has entered, the oldest first. */
export async function listOwnQuestions(ctx: Context): Promise<z.infer<typeof ListOwnQuestionsOutput>> {
  const { questions } = await listQuestions({ ...ctx, listChoices: () => catalogueChoices(ctx) });
  const values = questions.length === 0 ? new Map<DataType, string>() : await storedTexts(ctx);
  return { questions: questions.map((question) => withValues(question, values)) };
}

/**
 * Records what the person decides on an approval whose code they entered, and carries it out. Returns the page as it is then. The
 * budget of a grant is in all, as the page says: what the agent has spent counts towards it.
 * @throws AppError as `decideQuestion`
 */
export async function decideOwnQuestion(
  ctx: Context & Pick<Deps, "log">,
  input: z.infer<typeof DecideQuestionInput>,
): Promise<OwnApprovalPage> {
  const setLimit: SetLimit = async (tx, { id, limitMicros, mostUnspentMicros }) =>
    (await setGrantLimit.count(tx, { id, limit: limitMicros, most_unspent: mostUnspentMicros })) === 1;
  await decideQuestion({ ...ctx, setLimit }, input);
  return readOwnQuestion(ctx, { approval_id: input.approval_id });
}

const withValues = (question: Question, values: ReadonlyMap<DataType, string>): OwnQuestion => ({
  ...question,
  asks: {
    ...question.asks,
    data_types: question.asks.data_types.map((asked) => ({
      ...asked,
      value: values.get(asked.type) ?? null,
    })),
  },
});

async function storedTexts(ctx: Context): Promise<Map<DataType, string>> {
  const { items } = await listOwnItems(ctx);
  return new Map(items.map(({ data_type, value }) => [data_type, cut(asText(value))]));
}

const cut = (text: string): string =>
  text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS - 1)}…`;
