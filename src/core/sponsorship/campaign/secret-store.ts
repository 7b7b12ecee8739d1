import { bytes, integer, nullable, text, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** Secrets of holdback webhooks. */

/** Locks a sponsor's campaign, so that its holdback stays as it is. No row: it isn't this sponsor's. */
export const lockHoldback = statement({
  name: "campaign.lock-holdback",
  limit: "money",
  params: { id: uuid, sponsor_id: uuid },
  row: { url: nullable(text) },
  text: `SELECT holdback_url AS url FROM campaigns WHERE id = $id AND sponsor_id = $sponsor_id FOR NO KEY UPDATE`,
});

/** The secret of a campaign that is locked. */
export const findVerdictSecret = statement({
  name: "campaign.find-verdict-secret",
  limit: "money",
  params: { campaign_id: uuid },
  row: { secret: bytes },
  text: "SELECT secret FROM verdict_secrets WHERE campaign_id = $campaign_id",
});

/** Stores the secret of a campaign that is locked. The one before signs too for the overlap. */
export const putVerdictSecret = statement({
  name: "campaign.put-verdict-secret",
  limit: "money",
  params: { campaign_id: uuid, secret: bytes, previous_secret: nullable(bytes), overlap_seconds: integer },
  row: { previous_until: nullable(timestamp) },
  text: `
    INSERT INTO verdict_secrets AS s (campaign_id, secret) VALUES ($campaign_id, $secret)
    ON CONFLICT (campaign_id) DO UPDATE SET secret = $secret, made_at = now(),
      previous_secret = CASE WHEN $overlap_seconds > 0 THEN $previous_secret END,
      previous_until = CASE WHEN $overlap_seconds > 0 THEN now() + make_interval(secs => $overlap_seconds) END
    RETURNING s.previous_until`,
});

/** Erases the secret of a campaign whose holdback asks no webhook any more. */
export const eraseVerdictSecret = statement({
  name: "campaign.erase-verdict-secret",
  limit: "money",
  params: { campaign_id: uuid },
  row: {},
  text: "DELETE FROM verdict_secrets WHERE campaign_id = $campaign_id",
});

/** The same for all campaigns of a sponsor, which are locked. */
export const eraseVerdictSecretsOf = statement({
  name: "campaign.erase-verdict-secrets-of-sponsor",
  limit: "money",
  params: { sponsor_id: uuid },
  row: {},
  text: "DELETE FROM verdict_secrets WHERE campaign_id IN (SELECT id FROM campaigns WHERE sponsor_id = $sponsor_id)",
});
