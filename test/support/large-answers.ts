import { randomUUID } from "node:crypto";
import { encryptAnswers } from "../../src/core/sponsorship/task/index.ts";
import type { SponsorWithKey } from "./caller.ts";
import type { World } from "./use-world.ts";

export const SERVICES = 60;
export const ANSWERS = 40;
/** Parsing it takes much longer than reading as much text. */
const MANY_FIELDS = Object.fromEntries(Array.from({ length: 18_000 }, (_, n) => [`k${n.toString(36)}`, 1]));
const MANY_OBJECTS = { numbers: Array.from({ length: 24_000 }, (_, n) => ({ [n.toString(36)]: 1 })) };

/** Of about 64 KiB. */
const LARGE_SCHEMA = {
  type: "object",
  additionalProperties: false,
  properties: {},
  examples: [Object.fromEntries(Object.entries(MANY_FIELDS).slice(0, 7_000))],
};

export interface LargeAnswers {
  acme: SponsorWithKey;
  /** An ordinary service. */
  service: string;
  /** A campaign with large answers. */
  campaignId: string;
  /** One that pays for 50 services with the largest schemas. */
  largeCampaignId: string;
  /** Sends a request as the sponsor, and reads the answer without parsing it. */
  send(path: string, body?: string): Promise<string>;
}

/** Services and answers as large as may be. They take so long to parse that each was a stall once. */
export async function createLargeAnswers(world: World): Promise<LargeAnswers> {
  const acme = await world.createSponsor();
  const service = await world.registerService(acme.key, "honest");
  const campaignId = await world.createCampaign(acme, [service]);
  const { db, cipher } = world.server.deps;
  const large: string[] = [];
  for (let n = 0; n < SERVICES; n += 1)
    large.push(await world.registerService(acme.key, "honest", { name: `Large ${n}` }));
  const largeCampaignId = await world.createCampaign(acme, large.slice(0, 50));
  // As it could be registered before samples had a limit.
  await db.sponsoredApi.updateMany({
    where: { name: { startsWith: "Large" } },
    data: { sampleInput: MANY_FIELDS, inputSchema: LARGE_SCHEMA },
  });
  const act = { campaignId, dataTypes: [] };
  for (let n = 0; n < ANSWERS; n += 1) {
    const id = randomUUID();
    const details = encryptAnswers(cipher, id, MANY_OBJECTS);
    const userId = randomUUID();
    await db.taskCompletion.create({ data: { ...act, id, userId, taskName: "many", details } });
    const consent = { ...act, consentType: "data_sharing", granted: true, purpose: "many" };
    await db.consent.create({ data: { ...consent, userId, completionId: id } });
  }
  const send = async (path: string, body?: string): Promise<string> => {
    const headers = { authorization: `Bearer ${acme.key}`, "content-type": "application/json" };
    const response = await fetch(`${world.url}${path}`, {
      headers,
      ...(body !== undefined && { method: "POST", body }),
    });
    return response.text();
  };
  return { acme, service, campaignId, largeCampaignId, send };
}
