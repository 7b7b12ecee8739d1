import type { OAuthRecords } from "../../ports/authorization-server.ts";
import type { Sql } from "../../ports/sql.ts";
import { hashSecret } from "../credential/index.ts";
import { consumeRecord, deleteModelOfGrant, deleteRecord, findRecord, putRecord } from "./store.ts";

/** The record of the client that an agent's owner made. An agent has one at most, so its id is the client's, too. */
export const clientRecord = (agentId: string) => ({ model: "Client", id_hash: hashSecret(agentId) });

/** Keeps the authorization server's records. Ids are secrets, so the database has only their hashes. */
export const createOAuthRecords = (sql: Sql): OAuthRecords => ({
  async put(model, id, { payload, grantId = null, seconds = null }) {
    const record = { model, id_hash: hashSecret(id), grant_id: grantId, payload, seconds };
    await putRecord.count(sql, record);
  },
  async find(model, id) {
    const found = await findRecord.first(sql, { model, id_hash: hashSecret(id) });
    return found === undefined ? undefined : { payload: found.payload, consumedAt: found.consumed_at };
  },
  consume: async (model, id) => (await consumeRecord.count(sql, { model, id_hash: hashSecret(id) })) > 0,
  async delete(model, id) {
    await deleteRecord.count(sql, { model, id_hash: hashSecret(id) });
  },
  async deleteOfGrant(model, grantId) {
    await deleteModelOfGrant.count(sql, { model, grant_id: grantId });
  },
});
