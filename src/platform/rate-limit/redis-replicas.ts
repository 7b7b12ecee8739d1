import pg from "pg";

/** Advisory locks are per database, so any number will do that nobody else of this project uses. */
const LOCK = 4_021_402;
const CHANNEL = "tollfree_redis_lost";
const RECONNECT_MS = 500;
const CONNECT_TIMEOUT_MS = 5_000;
/** Where a replica goes on counting in Redis, the others begin without it after this long. */
const LONGEST_WAIT_MS = 5_000;

/**
 * The roll of replicas that count in Redis, called in PostgreSQL. Each holds a shared lock while it does, on a
 * connection of its own; whoever wants to count elsewhere waits until it could hold the lock alone. A replica that
 * dies leaves the roll with its connection, so nobody waits for the dead.
 */
export class RedisReplicas {
  readonly #url: string;
  readonly #onOtherLost: () => void;
  #client: pg.Client | undefined;
  #isOn = false;
  #closed = false;
  /** Entering and leaving take turns. */
  #turn: Promise<unknown> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;

  /** @param onOtherLost another replica has lost Redis */
  constructor(databaseUrl: string, onOtherLost: () => void) {
    this.#url = databaseUrl;
    this.#onOtherLost = onOtherLost;
  }

  /** Puts this replica on the roll; to be done before it counts in Redis. Without PostgreSQL, as soon as that is back. */
  enter(): Promise<void> {
    return this.#inTurn(async () => {
      this.#isOn = true;
      try {
        const client = await this.#connect();
        await client.query(`SELECT pg_advisory_lock_shared(${LOCK})`);
      } catch {
        this.#drop();
      }
    });
  }

  /** Lets the others know that Redis can't be reached, since one that is idle wouldn't notice. */
  async tellOthers(): Promise<void> {
    const client = await this.#connect();
    await client.query(`NOTIFY ${CHANNEL}`);
  }

  /**
   * Takes this replica off the roll, and waits until all others are off it too, or for `LONGEST_WAIT_MS`.
   * @throws if somebody still counts in Redis, or PostgreSQL is away
   */
  leave(): Promise<void> {
    return this.#inTurn(async () => {
      this.#isOn = false;
      const client = await this.#connect();
      // One message: whoever has left waits already, so that nobody can enter again before it has seen the roll empty.
      await client.query(`SET lock_timeout = ${LONGEST_WAIT_MS};
        SELECT pg_advisory_unlock_shared(${LOCK});
        SELECT pg_advisory_lock(${LOCK});
        SELECT pg_advisory_unlock(${LOCK})`);
    });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#client?.end().catch(() => undefined);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #connect(): Promise<pg.Client> {
    if (this.#client !== undefined) return this.#client;
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: "tollfree-limits",
      keepAlive: true,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    });
    this.#client = client;
    client.on("notification", () => this.#onOtherLost());
    const lost = (): void => {
      if (this.#client === client) this.#drop();
    };
    client.on("error", lost);
    client.on("end", lost);
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      return client;
    } catch (error) {
      lost();
      throw error;
    }
  }

  /** Forgets a connection that failed; a replica that is on the roll connects again. */
  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    client?.end().catch(() => undefined);
    if (!this.#isOn || this.#closed) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      if (this.#isOn) this.enter().catch(() => undefined);
    }, RECONNECT_MS);
    this.#retry.unref();
  }
}
