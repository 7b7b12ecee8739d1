import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import type { Running } from "../../src/app/server.ts";
import { startTollfree } from "../../src/app/server.ts";
import type { Deps } from "../../src/core/context.ts";
import type { Database } from "../../src/core/ports/database.ts";
import type { GrantOfUser, ReadyService, SponsorWithKey } from "./caller.ts";
import { Caller } from "./caller.ts";
import type { TestDatabase } from "./database.ts";
import type { ServerChanges, TestServer } from "./server.ts";
import { startTestServer } from "./server.ts";
import { secondsFromNow } from "./time.ts";
import type { Behaviour, Upstream } from "./upstream.ts";
import { startUpstream } from "./upstream.ts";

export interface WorldOptions extends ServerChanges {
  /** How long one upstream is used. Default: a new one for each test, so that `seen` holds that test's requests. */
  upstreamFor?: "each test" | "all tests";
  /** How long one server is used. With "each test", so is the upstream. Default: all tests. */
  serverFor?: "each test" | "all tests";
  /** Changes that are known only after earlier `beforeAll`s or `beforeEach`s, such as the address of what they started. */
  changesAtStart?: () => ServerChanges;
}

/**
 * A server with a database of its own, and an upstream that it can pay. Starts before the tests of the file or `describe`
 * that calls it, and stops after them.
 *
 * @example
 * const world = useWorld({ confirmWaitMs: 100 });
 * test("a run is paid", async () => {
 *   const { token, service } = await world.readyService();
 *   expectSuccess(await world.run(token, service));
 * });
 */
export function useWorld({
  upstreamFor = "each test",
  serverFor = "all tests",
  changesAtStart = () => ({}),
  ...changes
}: WorldOptions = {}): World {
  const world = new World();
  const start = (): Promise<void> => world.start({ ...changes, ...changesAtStart() });
  if (serverFor === "each test") {
    beforeEach(start);
    afterEach(() => world.stop());
  } else {
    beforeAll(start);
    afterAll(() => world.stop());
  }
  if (upstreamFor === "each test") {
    beforeEach(() => world.startUpstream());
    afterEach(() => world.stopUpstream());
  } else {
    beforeAll(() => world.startUpstream());
    afterAll(() => world.stopUpstream());
  }
  return world;
}

/** Another server on the world's database, for the tests of the file or `describe` that calls it. */
export function useReplica(world: World): Caller {
  let url = "";
  beforeAll(async () => {
    ({ url } = await world.startReplica());
  });
  return new Caller(() => url);
}

export class World extends Caller {
  #server: TestServer | undefined;
  #upstream: Upstream | undefined;
  readonly #replicas = new Set<Running>();

  constructor() {
    super(() => this.server.url);
  }

  get server(): TestServer {
    return started(this.#server);
  }

  get upstream(): Upstream {
    return started(this.#upstream);
  }

  /** As the server's restricted role. */
  get db(): Database {
    return this.server.deps.db;
  }

  /** What the server's core works with. */
  get deps(): Deps {
    return this.server.deps;
  }

  get database(): TestDatabase {
    return this.server.database;
  }

  /** Moves the end of a grant, a session or an approval into the past. */
  async expire(what: "grant" | "session" | "approval", id: string): Promise<void> {
    const change = { where: { id }, data: { expiresAt: secondsFromNow(-1) } };
    if (what === "grant") await this.db.grant.update(change);
    else if (what === "session") await this.db.agentSession.update(change);
    else await this.db.approval.update(change);
  }

  /** Another server on the same database. It stops with the world, if the test doesn't stop it before. */
  async startReplica(changes: Partial<TestServer["options"]> = {}): Promise<Running & { caller: Caller }> {
    const replica = await startTollfree({ ...this.server.options, ...changes });
    this.#replicas.add(replica);
    const stop = async (): Promise<void> => {
      if (this.#replicas.delete(replica)) await replica.stop();
    };
    return { ...replica, stop, caller: new Caller(replica.url) };
  }

  /** Registers what this world's upstream sells. Returns the service's key. */
  registerService(
    sponsorKey: string,
    behaviour: Behaviour = "honest",
    changes: Record<string, unknown> = {},
  ): Promise<string> {
    return this.registerApi(sponsorKey, this.upstream, behaviour, changes);
  }

  /** Everything that a paid run needs. What isn't given is made. */
  async readyService({
    behaviour = "honest",
    api = {},
    campaign = {},
    sponsor,
    grant,
    token,
  }: {
    behaviour?: Behaviour;
    api?: Record<string, unknown>;
    campaign?: Record<string, unknown> & { fundCents?: number };
    sponsor?: SponsorWithKey;
    grant?: GrantOfUser;
    token?: string;
  } = {}): Promise<ReadyService> {
    const offer = await this.offerService({ behaviour, api, campaign, ...(sponsor && { sponsor }) });
    const usedGrant = grant ?? (await this.createGrant());
    const usedToken = token ?? (await this.openSession(usedGrant)).token;
    await this.completeTask(usedToken, offer.campaignId);
    return { ...offer, grant: usedGrant, token: usedToken };
  }

  /** A service and a campaign that pays for it. Nobody has completed the campaign's task yet. */
  async offerService({
    behaviour = "honest",
    api = {},
    campaign = {},
    sponsor,
  }: {
    behaviour?: Behaviour;
    api?: Record<string, unknown>;
    campaign?: Record<string, unknown> & { fundCents?: number };
    sponsor?: SponsorWithKey;
  } = {}): Promise<Omit<ReadyService, "grant" | "token">> {
    const payingSponsor = sponsor ?? (await this.createSponsor());
    const service = await this.registerService(payingSponsor.key, behaviour, api);
    const campaignId = await this.createCampaign(payingSponsor, [service], campaign);
    return { sponsor: payingSponsor, service, campaignId };
  }

  async start(changes: ServerChanges): Promise<void> {
    this.#server = await startTestServer(changes);
  }

  async stop(): Promise<void> {
    for (const replica of this.#replicas) await replica.stop();
    this.#replicas.clear();
    await this.#server?.close();
  }

  async startUpstream(): Promise<void> {
    this.#upstream = await startUpstream();
  }

  async stopUpstream(): Promise<void> {
    await this.#upstream?.close();
  }
}

function started<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new Error("the world starts in beforeAll, its upstream before each test");
  return part;
}
