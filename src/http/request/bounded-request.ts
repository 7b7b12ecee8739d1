import { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

/** The largest body that is read has half a megabyte. Of a refused one so much is taken and dropped, so that its sender can read why. */
const MOST_BODY_BYTES = 8 * 1024 * 1024;

/** A client that writes its body word by word sends a few thousand pieces. */
const MOST_PIECES = 4_096;

/** Smaller pieces are put together. */
const SMALL_PIECE_BYTES = 512;
const COLLECTED_BYTES = 4 * 1024;

/**
 * A request whose body costs us no more than its sender. In chunked encoding a piece can be a single byte: Node makes a buffer of
 * hundreds of bytes out of each, and calls us for each. So small pieces are collected (nobody here reads a part of a body before it
 * is complete), and a body in too many pieces, or one that never ends, is cut off with its connection.
 */
export class BoundedRequest extends IncomingMessage {
  #pieces = 0;
  #bytes = 0;
  #collected: Buffer | undefined;
  #used = 0;

  constructor(socket: Socket) {
    super(socket);
    // Express gives each request a prototype of its own, so a method of this class would be lost.
    this.push = (piece: Buffer | null) => this.#take(piece);
  }

  /** Node calls it with each piece of the body, and with null at its end. */
  #take(piece: Buffer | null): boolean {
    if (piece === null) {
      this.#passOn();
      return IncomingMessage.prototype.push.call(this, null);
    }
    this.#pieces += 1;
    this.#bytes += piece.length;
    if (this.#pieces > MOST_PIECES || this.#bytes > MOST_BODY_BYTES) {
      this.socket.destroy();
      return false;
    }
    if (piece.length >= SMALL_PIECE_BYTES) {
      this.#passOn();
      return IncomingMessage.prototype.push.call(this, piece);
    }
    this.#collected ??= Buffer.allocUnsafe(COLLECTED_BYTES);
    this.#used += piece.copy(this.#collected, this.#used);
    return this.#used + SMALL_PIECE_BYTES <= COLLECTED_BYTES || this.#passOn();
  }

  #passOn(): boolean {
    if (this.#collected === undefined) return true;
    const collected = this.#collected.subarray(0, this.#used);
    this.#collected = undefined;
    this.#used = 0;
    return IncomingMessage.prototype.push.call(this, collected);
  }
}
