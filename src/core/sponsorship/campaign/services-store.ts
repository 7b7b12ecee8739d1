import type { Queries } from "../../ports/database.ts";
import { bigint, uuid, uuids } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** The services that campaigns pay for. */

export const addServices = statement({
  name: "campaign.add-services",
  limit: "money",
  params: { campaign_id: uuid, service_ids: uuids },
  row: {},
  text: `INSERT INTO campaign_services (campaign_id, sponsored_api_id) SELECT $campaign_id, unnest($service_ids)`,
});

/** How many other campaigns a sponsor has for each of these services. */
export const countCampaignsFor = statement({
  name: "campaign.count-for-services",
  limit: "money",
  params: { sponsor_id: uuid, campaign_id: uuid, service_ids: uuids },
  row: { service_id: uuid, campaigns: bigint },
  text: `
    SELECT cs.sponsored_api_id AS service_id, count(*) AS campaigns
      FROM campaign_services cs JOIN campaigns c ON c.id = cs.campaign_id
     WHERE cs.sponsored_api_id = ANY($service_ids) AND c.sponsor_id = $sponsor_id AND c.id <> $campaign_id
     GROUP BY cs.sponsored_api_id`,
});

export const removeServices = statement({
  name: "campaign.remove-services",
  limit: "money",
  params: { campaign_id: uuid },
  row: {},
  text: `DELETE FROM campaign_services WHERE campaign_id = $campaign_id`,
});

/** The services that a campaign pays for. */
export const servicesOf = statement({
  name: "campaign.services-of",
  limit: "money",
  params: { campaign_id: uuid },
  row: { service_id: uuid },
  text: `SELECT sponsored_api_id AS service_id FROM campaign_services WHERE campaign_id = $campaign_id`,
});

export async function findServices(
  db: Queries,
  keys: string[],
): Promise<
  { id: string; serviceKey: string; tags: string[]; categories: string[]; network: string | null }[]
> {
  return db.sponsoredApi.findMany({
    where: { serviceKey: { in: keys }, archivedAt: null },
    select: { id: true, serviceKey: true, tags: true, categories: true, network: true },
  });
}
