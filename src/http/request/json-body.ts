import type { IncomingMessage } from "node:http";
import { AppError } from "../../core/protocol/errors.ts";
import { findInexactNumbers } from "../../core/protocol/exact-numbers.ts";
import { waitForTurn } from "../../core/protocol/turns.ts";

const MAX_BODY_BYTES = 256 * 1024;

/** Larger bodies take milliseconds to parse and to look through. */
const LARGE_BODY_BYTES = 16 * 1024;

const CHARSET = /^\s*charset\s*=/i;
const UTF_8 = /^\s*charset\s*=\s*"?utf-?8"?\s*$/i;

/**
 * Reads and parses the request's JSON body. Returns undefined if the body is empty.
 * @param options.anyContentType whether the body is taken as JSON whatever its declared type. Only for routes that
 *   take no credential that browsers send by themselves
 * @throws AppError `unsupported_media_type`, `payload_too_large`, `invalid_json`; `validation_error` for a number
 *   that would lose digits; `invalid_request` if the connection ends in the middle of the body
 */
export async function readJsonBody(
  req: IncomingMessage,
  { anyContentType = false }: { anyContentType?: boolean } = {},
): Promise<unknown> {
  refuseEncoded(req);
  if (!anyContentType) refuseOtherMedia(req);
  const bytes = await readBytes(req);
  if (bytes.length === 0) return undefined;
  if (bytes.length > LARGE_BODY_BYTES) await waitForTurn();
  if (!anyContentType && req.headers["content-type"] === undefined)
    throw new AppError("unsupported_media_type");
  let text, value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    // Without a cause: V8's message quotes the body, which may hold personal data.
    throw new AppError("invalid_json");
  }
  if (bytes.length > LARGE_BODY_BYTES) await waitForTurn();
  const fieldErrors = findInexactNumbers(text).map((path) => ({ path, message: INEXACT, keyword: "number" }));
  if (fieldErrors.length > 0) throw new AppError("validation_error", { fieldErrors });
  return value;
}

const INEXACT =
  "This number has more digits than a number can hold here. Send it as a text, if the field takes one.";

function refuseEncoded({ headers }: IncomingMessage): void {
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
    throw new AppError("unsupported_media_type", { message: "Send the body uncompressed." });
  }
}

function refuseOtherMedia({ headers }: IncomingMessage): void {
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
    const onAbort = (cause?: unknown): void =>
      reject(
        new AppError("invalid_request", {
          message: "The request ended before its body was complete.",
          cause,
        }),
      );
    if (req.destroyed) return onAbort(); // a destroyed request emits no further events
    req.on("data", onData);
    req.once("end", () => resolve(Buffer.concat(chunks)));
    req.once("error", onAbort);
    req.once("close", () => onAbort()); // has no effect after `end`, which settled the promise
  });
}

const tooLarge = (): AppError =>
  new AppError("payload_too_large", { message: `The request body is larger than ${MAX_BODY_BYTES} bytes.` });

/**
 * Reads and drops the rest of a refused body, of which a server takes a few megabytes (`boundBody`). Closing the connection at
 * once would reset it, and many clients would then never read the error response.
 */
function discard(req: IncomingMessage): void {
  req.on("error", () => {}); // the request is refused anyway
  req.resume();
}
