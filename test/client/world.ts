import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import type { ConnectOptions } from "../../src/client/index.ts";
import type { TestServer } from "../support/server.ts";
import { startTestServer } from "../support/server.ts";
import type { Behaviour, Upstream } from "../support/upstream.ts";
import { startUpstream } from "../support/upstream.ts";
import type { Created } from "../support/world.ts";
import { createCampaign, createGrant, createSponsor, registerApi } from "../support/world.ts";
import { answering } from "./people.ts";

/** What a client's test file stands on: one server, and for each test an upstream, a sponsor and a grant. */
export interface ClientWorld {
  server: TestServer;
  url: string;
  upstream: Upstream;
  acme: { sponsor_id: string; key: string };
  grant: Created;
  /** What connects with the standing grant, and does tasks. */
  standing(changes?: Partial<ConnectOptions>): ConnectOptions;
  /** A service somebody pays for after a task. */
  sponsored(
    behaviour?: Behaviour,
    api?: Record<string, unknown>,
    campaign?: Record<string, unknown>,
  ): Promise<{ service: string; campaignId: string }>;
}

/** Sets the world up and takes it down again; to be called at a test file's top. */
export function clientWorld(settings: Parameters<typeof startTestServer>[0] = {}): ClientWorld {
  const world = {} as ClientWorld;
  beforeAll(async () => {
    world.server = await startTestServer(settings);
    world.url = world.server.url;
  });
  afterAll(() => world.server.close());
  beforeEach(async () => {
    world.upstream = await startUpstream();
    world.acme = await createSponsor(world.url);
    world.grant = await createGrant(world.url);
  });
  afterEach(() => world.upstream.close());

  world.standing = (changes = {}) => ({
    url: world.url,
    apiKey: world.grant.agent_key,
    userId: world.grant.subject,
    budgetLimitCents: 50,
    hooks: { onTask: answering },
    ...changes,
  });
  world.sponsored = async (behaviour = "honest", api = {}, campaign = {}) => {
    const service = await registerApi(world.url, world.acme.key, world.upstream, behaviour, api);
    return { service, campaignId: await createCampaign(world.url, world.acme, [service], campaign) };
  };
  return world;
}
