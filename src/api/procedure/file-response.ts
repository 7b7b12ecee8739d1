import { z } from "zod";
import type { AnswerBody } from "../../core/money/payment/index.ts";
import { decodeOutput } from "../../core/money/payment/index.ts";
import { AppError } from "../../core/protocol/errors.ts";
import type { RunDirectlyOutput } from "../../core/runs/direct-run/index.ts";
import type { WireNextAction } from "../response/envelope.ts";
import { ok, success } from "../response/envelope.ts";
import type { ApiContext, ReplyFile } from "./context.ts";

/**
 * The output of a procedure that returns a file. tRPC returns it as JSON. REST sends the bare file, so the
 * operation also declares `file` in its meta.
 */
export const FileOutput = success(
  z.object({ filename: z.string(), content_type: z.string(), content: z.string() }),
);

/** UTF-16 units. A larger file has to be streamed. */
const MAX_CONTENT_LENGTH = 10_000_000;

type ResponseContext = Pick<ApiContext, "transport" | "reply" | "renderActions">;

/** Returns an upstream's response: over REST as the unchanged bytes, over tRPC decoded in the envelope. */
export async function respondWithAnswer(
  ctx: ResponseContext & Pick<ApiContext, "deps" | "clientAddress">,
  answer: AnswerBody,
): Promise<{ status: "success"; data: z.infer<typeof RunDirectlyOutput>; next_actions: WireNextAction[] }> {
  if (ctx.transport !== "rest")
    return ok(ctx, await decodeOutput({ ...ctx.deps, clientAddress: ctx.clientAddress }, answer));
  const { body, contentType, truncated, encoding } = answer;
  ctx.reply.bytes = { body, contentType };
  if (encoding !== undefined) ctx.reply.headers["Content-Encoding"] = encoding;
  if (truncated) ctx.reply.headers["Output-Truncated"] = "true";
  return ok(ctx, { output: null, output_content_type: contentType }); // not sent: the bytes replace it
}

/**
 * Returns a file: over REST streamed while it is produced, over tRPC whole in the envelope.
 * @throws AppError `payload_too_large` if the file is too long for one JSON string
 */
export async function respondWithFile(
  ctx: ResponseContext,
  file: ReplyFile,
): Promise<z.infer<typeof FileOutput>> {
  const { filename, contentType: content_type } = file;
  if (ctx.transport === "rest") {
    ctx.reply.file = file;
    return ok(ctx, { filename, content_type, content: "" }); // not sent: the file replaces it
  }
  let content = "";
  for await (const chunk of file.chunks) {
    content += chunk;
    if (content.length > MAX_CONTENT_LENGTH)
      throw new AppError("payload_too_large", {
        message: "This file is too large for tRPC. Fetch it over REST.",
      });
  }
  return ok(ctx, { filename, content_type, content });
}
