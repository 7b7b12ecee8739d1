import type { Adapter, AdapterPayload } from "oidc-provider";
import type { OAuthRecords } from "../../core/ports/authorization-server.ts";

/** A client's metadata is a few hundred bytes, and anybody may register one. Requests are no longer than an address may be. */
const MOST_CLIENT_BYTES = 5_000;

interface AdapterOptions {
  records: OAuthRecords;
  hashSecret: (secret: string) => string;
  /** Makes the library's error for a code or token that was used already. */
  usedAlready: () => Error;
  /** Makes the library's error for metadata that is larger than we keep. */
  tooLarge: () => Error;
}

/** Keeps the library's models in our table. */
export const createAdapter = ({ records, hashSecret, usedAlready, tooLarge }: AdapterOptions) =>
  class RecordAdapter implements Adapter {
    readonly #model: string;

    constructor(model: string) {
      this.#model = model;
    }

    /** The library's own session would answer for the person who signed in first. The console's decides, so this one isn't kept. */
    get #isKept(): boolean {
      return this.#model !== "Session";
    }

    /** @throws the library's error, if it is a client that is too large */
    async upsert(id: string, payload: AdapterPayload, expiresIn?: number): Promise<void> {
      if (!this.#isKept) return;
      // The id is the secret, and the database has only its hash.
      const { jti: _jti, ...kept } = payload as Record<string, unknown>;
      if (this.#model === "Client") {
        // Hosts register with the scopes of their first request. Kept, they would forbid any other.
        delete kept["scope"];
        if (typeof kept["client_secret"] === "string")
          kept["client_secret"] = hashSecret(kept["client_secret"]);
        if (Buffer.byteLength(JSON.stringify(kept)) > MOST_CLIENT_BYTES) throw tooLarge();
      }
      const grantId = this.#model === "Grant" ? id : payload.grantId;
      // Zero: it doesn't expire.
      const seconds = expiresIn === undefined || expiresIn <= 0 ? undefined : expiresIn;
      await records.put(this.#model, id, { payload: kept, grantId, seconds });
    }

    async find(id: string): Promise<AdapterPayload | undefined> {
      if (!this.#isKept) return undefined;
      const record = await records.find(this.#model, id);
      if (record === undefined) return undefined;
      const { payload, consumedAt } = record;
      return {
        ...payload,
        jti: id,
        ...(consumedAt !== null && { consumed: Math.floor(consumedAt.getTime() / 1000) }),
      };
    }

    /** @throws the library's error, if it was used before: two replicas may get the same code at once */
    async consume(id: string): Promise<void> {
      if (!(await records.consume(this.#model, id))) throw usedAlready();
    }

    async destroy(id: string): Promise<void> {
      await records.delete(this.#model, id);
    }

    async revokeByGrantId(grantId: string): Promise<void> {
      await records.deleteOfGrant(this.#model, grantId);
    }

    findByUid(): Promise<undefined> {
      return Promise.resolve(undefined);
    }

    findByUserCode(): Promise<undefined> {
      return Promise.resolve(undefined);
    }
  };
