import type { IncomingMessage } from "node:http";
import { AppError } from "../../core/protocol/errors.ts";

const MAX_BODY_BYTES = 256 * 1024;

/** How much of a refused body is read and thrown away, so that its sender gets to see the refusal. */
const MAX_DISCARDED_BYTES = 8 * 1024 * 1024;

const CHARSET = /^\s*charset\s*=/i;
const UTF_8 = /^\s*charset\s*=\s*"?utf-?8"?\s*$/i;

/**
 * The request's JSON body; undefined if it has none.
 * @throws AppError `unsupported_media_type`, `payload_too_large`, `invalid_json`, and `invalid_request` for a body
 *   that breaks off
 */
export async function readJsonBody(req: IncomingMessage): Promise<unknown> {
  refuseOtherMedia(req);
  const bytes = await readBytes(req);
  if (bytes.length === 0) return undefined;
  if (req.headers["content-type"] === undefined) throw new AppError("unsupported_media_type");
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new AppError("invalid_json"); // without the cause: V8's message quotes the body
  }
}

function refuseOtherMedia({ headers }: IncomingMessage): void {
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
    throw new AppError("unsupported_media_type", { message: "Send the body uncompressed." });
  }
  if (headers["content-type"] === undefined) return;
  const [type = "", ...parameters] = headers["content-type"].split(";");
  const isUtf8 = parameters.every((parameter) => !CHARSET.test(parameter) || UTF_8.test(parameter));
  if (type.trim().toLowerCase() !== "application/json" || !isUtf8)
    throw new AppError("unsupported_media_type");
}

function readBytes(req: IncomingMessage): Promise<Buffer> {
  if (Number(req.headers["content-length"] ?? 0) > MAX_BODY_BYTES) {
    discard(req);
    return Promise.reject(tooLarge());
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) {
        chunks.push(chunk);
        return;
      }
      req.off("data", onData);
      discard(req);
      reject(tooLarge());
    };
    const onBreak = (cause?: unknown): void =>
      reject(new AppError("invalid_request", { message: "The request body broke off.", cause }));
    if (req.destroyed) return onBreak(); // nothing would be emitted any more
    req.on("data", onData);
    req.once("end", () => resolve(Buffer.concat(chunks)));
    req.once("error", onBreak);
    req.once("close", () => onBreak()); // after `end` this changes nothing
  });
}

const tooLarge = (): AppError =>
  new AppError("payload_too_large", { message: `The request body is larger than ${MAX_BODY_BYTES} bytes.` });

/** Closing at once would reset the connection, and many clients then never read the answer. */
function discard(req: IncomingMessage): void {
  let left = MAX_DISCARDED_BYTES;
  req.on("error", () => {}); // it is refused already
  req.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) req.destroy();
  });
}
