import { beforeEach } from "vitest";
import type { ConnectOptions } from "../../src/client/index.ts";
import type { GrantOfUser, SponsorWithKey } from "../support/caller.ts";
import type { Behaviour } from "../support/upstream.ts";
import type { World, WorldOptions } from "../support/use-world.ts";
import { useWorld } from "../support/use-world.ts";
import { fillInTask } from "./people.ts";

/** A world that makes each test a sponsor and a grant of its own. */
export interface ClientWorld extends World {
  sponsor: SponsorWithKey;
  grant: GrantOfUser;
  /** Options for `connect` with the test's grant. Tasks are filled in without asking. */
  connectOptions(changes?: Partial<ConnectOptions>): ConnectOptions;
  /** A service that the test's sponsor pays for after a task. */
  sponsorService(
    behaviour?: Behaviour,
    api?: Record<string, unknown>,
    campaign?: Record<string, unknown>,
  ): Promise<{ service: string; campaignId: string }>;
}

export function useClientWorld(options: WorldOptions = {}): ClientWorld {
  const world = useWorld(options) as ClientWorld;
  beforeEach(async () => {
    world.sponsor = await world.createSponsor();
    world.grant = await world.createGrant();
  });
  world.connectOptions = (changes = {}) => ({
    url: world.url,
    apiKey: world.grant.agent_key,
    userId: world.grant.subject,
    budgetLimitCents: 50,
    hooks: { onTask: fillInTask },
    ...changes,
  });
  world.sponsorService = (behaviour = "honest", api = {}, campaign = {}) =>
    world.offerService({ sponsor: world.sponsor, behaviour, api, campaign });
  return world;
}
