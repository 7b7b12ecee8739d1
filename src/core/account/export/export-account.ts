import type { Deps } from "../../context.ts";
import { callerKey } from "../../context.ts";
import { rateLimited } from "../../protocol/rate-limit/index.ts";
import { turnsBySize } from "../../protocol/turns.ts";
import type { ExportContext } from "./parts.ts";
import { EXPORT_PARTS } from "./parts.ts";
import { toJson } from "./to-json.ts";

/** A file that is generated while it is read. */
export interface AccountFile {
  filename: string;
  contentType: string;
  chunks: AsyncIterable<string>;
}

type Context = ExportContext & Pick<Deps, "limiter" | "settings" | "histories" | "log">;

/**
 * Exports all that is stored of the person as one JSON file. Nothing in it is a secret: no password, token, code or key,
 * nor the hash of one. A page of rows is read at a time, when it is the person's turn, so that an export of any size needs
 * little memory and holds up nobody.
 * @throws AppError `rate_limited`
 */
export async function exportAccount(ctx: Context): Promise<AccountFile> {
  const { limiter, settings, log, actor } = ctx;
  const rule = settings.rateRules.accountExported;
  const take = await limiter.take(rule, actor.userId);
  if (!take.allowed) throw rateLimited(rule, take);
  log.info({ event: "account_exported", user_id: actor.userId }, "account exported");
  const exportedAt = new Date().toISOString();
  return {
    filename: `tollfree-${exportedAt.slice(0, 10)}.json`,
    contentType: "application/json; charset=utf-8",
    chunks: write(ctx, exportedAt),
  };
}

async function* write(ctx: Context, exportedAt: string): AsyncGenerator<string> {
  const takeTurn = turnsBySize();
  yield `{\n"exported_at": ${JSON.stringify(exportedAt)}`;
  for (const { name, read } of EXPORT_PARTS) {
    yield `,\n${JSON.stringify(name)}: [`;
    let separator = "\n";
    for await (const rows of inTurns(ctx, read(ctx))) {
      const texts: string[] = [];
      for (const row of rows) {
        const text = toJson(row);
        await takeTurn(text.length);
        texts.push(text);
      }
      if (texts.length === 0) continue;
      yield separator + texts.join(",\n");
      separator = ",\n";
    }
    yield "]";
  }
  yield "\n}\n";
}

/** Reads each page when it is the person's turn to have a history read. */
async function* inTurns<Page>(ctx: Context, pages: AsyncIterable<Page>): AsyncGenerator<Page> {
  const iterator = pages[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await ctx.histories.run(callerKey(ctx), () => iterator.next());
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    await iterator.return?.();
  }
}
