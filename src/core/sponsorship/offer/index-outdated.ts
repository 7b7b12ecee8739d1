import type { Deps } from "../../context.ts";
import { indexServices } from "./update-search.ts";
import { hasOutdated, setTermsVersion, takeOutdated } from "./terms-store.ts";

/** Services that are locked in one transaction. */
const AT_ONCE = 50;

/** Says that entries are brought to the terms of this server's analyser and thesaurus. Called once, when it starts. */
export async function useTermsVersion({ sql, thesaurus }: Pick<Deps, "sql" | "thesaurus">): Promise<void> {
  await setTermsVersion.count(sql, { version: thesaurus.version });
}

/**
 * Finds the terms of services anew where they are from another version of the analyser or the thesaurus. Several replicas share
 * the work. A replica of an older release leaves it to those of the newer one.
 * @returns how many services it took
 */
export async function indexOutdated(ctx: Pick<Deps, "sql" | "thesaurus" | "log">): Promise<number> {
  const { sql, thesaurus, log } = ctx;
  const { version } = thesaurus;
  let indexed = 0;
  while ((await hasOutdated.one(sql, { version })).outdated) {
    const taken = await sql.transaction(async (tx) => {
      const entries = await takeOutdated.all(tx, { version, most: AT_ONCE });
      const ids = entries.map(({ service_id }) => service_id);
      if (ids.length > 0) await indexServices(tx, ids, thesaurus);
      return ids.length;
    });
    if (taken === 0) break; // other replicas have the rest, or a newer release does
    indexed += taken;
  }
  if (indexed > 0)
    log.info({ event: "services_indexed", count: indexed }, "services' search terms were found anew");
  return indexed;
}
