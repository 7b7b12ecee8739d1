import type { Transform } from "node:stream";
import zlib from "node:zlib";

/** A body as far as it came. */
export interface ReceivedBody {
  bytes: Buffer;
  /** Why there is no more of it. Undefined: it is complete. */
  ended?: "too_large" | Error;
}

/** Reads a body up to `maxBytes`, and leaves the rest. A body that breaks off is returned as far as it came. */
export async function readBody(stream: AsyncIterable<Uint8Array>, maxBytes: number): Promise<ReceivedBody> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      const room = maxBytes - size;
      chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
      size += chunk.length;
      if (size > maxBytes) return { bytes: Buffer.concat(chunks), ended: "too_large" };
    }
  } catch (error) {
    const ended = error instanceof Error ? error : new Error(String(error));
    return { bytes: Buffer.concat(chunks), ended };
  }
  return { bytes: Buffer.concat(chunks) };
}

/** Nobody needs more. A header has room for thousands, each of which takes time. */
const MOST_ENCODINGS = 3;

/**
 * Undoes a body's `Content-Encoding`. The first `maxBytes` of the result are kept, because a small body can
 * expand to any size.
 * @param encodings the header's value, such as `gzip`; several are separated by commas
 * @returns undefined if an encoding is unknown here, there are more than three, or the bytes aren't in it
 */
export async function decodeBody(
  body: ReceivedBody,
  encodings: string,
  maxBytes: number,
): Promise<ReceivedBody | undefined> {
  const names = encodings
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "" && name !== "identity");
  if (names.length > MOST_ENCODINGS) return undefined;
  let decoded = body;
  for (const name of names.reverse()) {
    const decoder = createDecoder(name, decoded.bytes);
    if (decoder === undefined) return undefined;
    if (decoded.bytes.length === 0) continue;
    decoder.end(decoded.bytes);
    const result = await readBody(decoder, maxBytes);
    decoder.destroy();
    if (result.bytes.length === 0 && result.ended !== undefined) return undefined;
    const ended = result.ended ?? decoded.ended;
    decoded = { bytes: result.bytes, ...(ended !== undefined && { ended }) };
  }
  return decoded;
}

/** A body that breaks off is decoded as far as it came. */
const AS_FAR_AS_IT_CAME = { finishFlush: zlib.constants.Z_SYNC_FLUSH };

function createDecoder(encoding: string, bytes: Buffer): Transform | undefined {
  switch (encoding) {
    case "gzip":
    case "x-gzip":
      return zlib.createGunzip(AS_FAR_AS_IT_CAME);
    case "deflate":
      // By the standard it has zlib's header, but some servers send it raw. A zlib header's first byte ends in 8.
      return ((bytes[0] ?? 0) & 0x0f) === 8
        ? zlib.createInflate(AS_FAR_AS_IT_CAME)
        : zlib.createInflateRaw(AS_FAR_AS_IT_CAME);
    case "br":
      return zlib.createBrotliDecompress({ finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH });
    default:
      return undefined;
  }
}
