import { z } from "zod";
import { decodeOutput } from "../../core/money/payment/index.ts";
import { AppError } from "../../core/protocol/errors.ts";
import type { RunDirectlyOutput } from "../../core/runs/direct-run/index.ts";
import type { WireNextAction } from "../response/envelope.ts";
import { ok, success } from "../response/envelope.ts";
import type { ApiContext, ReplyFile } from "./context.ts";

/** A file where answers are JSON. Over REST it goes out bare, so a route that answers so says `file` in its meta. */
export const FileAnswer = success(
  z.object({ filename: z.string(), content_type: z.string(), content: z.string() }),
);

/** UTF-16 units; what would be larger is worth a stream. */
const MAX_CONTENT = 10_000_000;

/** An upstream's own answer: over REST its bytes as they came, elsewhere read, in the envelope. */
export function bytesAnswer(
  ctx: Pick<ApiContext, "transport" | "reply" | "renderActions">,
  bytes: { contentType: string; body: Buffer },
): { status: "success"; data: z.infer<typeof RunDirectlyOutput>; next_actions: WireNextAction[] } {
  if (ctx.transport === "rest") {
    ctx.reply.bytes = bytes;
    return ok(ctx, { output: null, output_content_type: bytes.contentType }); // the bytes go out in its stead
  }
  const { output, output_content_type = "" } = decodeOutput(bytes.contentType, bytes.body);
  return ok(ctx, { output, output_content_type });
}

/**
 * A procedure's answer that is a file: over REST streamed as it is made, elsewhere whole, in the envelope.
 * @throws AppError `payload_too_large` where it is too long to be one JSON string
 */
export async function attachment(
  ctx: Pick<ApiContext, "transport" | "reply" | "renderActions">,
  file: ReplyFile,
): Promise<z.infer<typeof FileAnswer>> {
  const { filename, contentType: content_type } = file;
  if (ctx.transport === "rest") {
    ctx.reply.file = file;
    return ok(ctx, { filename, content_type, content: "" }); // the file goes out in its stead
  }
  let content = "";
  for await (const chunk of file.chunks) {
    content += chunk;
    if (content.length > MAX_CONTENT)
      throw new AppError("payload_too_large", {
        message: "This file is too large here. Fetch it over REST.",
      });
  }
  return ok(ctx, { filename, content_type, content });
}
