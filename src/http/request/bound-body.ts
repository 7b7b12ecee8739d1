import type { IncomingMessage } from "node:http";

/** The largest body that is read has half a megabyte. Of a refused one so much is taken and dropped, so that its sender can read why. */
const MOST_BODY_BYTES = 8 * 1024 * 1024;

/** A client that writes its body word by word sends a few thousand pieces. */
const MOST_PIECES = 4_096;

/** Smaller pieces are put together. */
const SMALL_PIECE_BYTES = 512;
const COLLECTED_BYTES = 4 * 1024;

/**
 * Makes the body of a request cost us no more than its sender. In chunked encoding a piece can be a single byte: Node makes a buffer of
 * hundreds of bytes out of each, and calls us for each. So small pieces are collected (nobody here reads a part of a body before it
 * is complete), and a body in too many pieces, or one that never ends, is cut off with its connection. To be called before the first
 * piece comes. A request without a body is left as it is.
 */
export function boundBody(req: IncomingMessage): void {
  const { headers } = req;
  if (headers["transfer-encoding"] === undefined && headers["content-length"] === undefined) return;
  let pieces = 0;
  let bytes = 0;
  let collected: Buffer | undefined;
  let used = 0;
  const push = req.push.bind(req);

  const passOn = (): boolean => {
    if (collected === undefined) return true;
    const piece = collected.subarray(0, used);
    collected = undefined;
    used = 0;
    return push(piece);
  };

  // Node calls it with each piece of the body, and with null at its end.
  req.push = (piece: Buffer | null): boolean => {
    if (piece === null) {
      passOn();
      return push(null);
    }
    pieces += 1;
    bytes += piece.length;
    if (pieces > MOST_PIECES || bytes > MOST_BODY_BYTES) {
      req.socket.destroy();
      return false;
    }
    if (piece.length >= SMALL_PIECE_BYTES) {
      passOn();
      return push(piece);
    }
    collected ??= Buffer.allocUnsafe(COLLECTED_BYTES);
    used += piece.copy(collected, used);
    return used + SMALL_PIECE_BYTES <= COLLECTED_BYTES || passOn();
  };
}
