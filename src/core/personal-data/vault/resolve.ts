import { missingFrom } from "../../access/scope/index.ts";
import { requireStillLive } from "../../access/session/index.ts";
import type { Deps, SessionActor } from "../../context.ts";
import type { DataType } from "../../protocol/data-types.ts";
import type { FieldError } from "../../protocol/errors.ts";
import { AppError } from "../../protocol/errors.ts";
import type { PhoneRegion } from "../../protocol/phone-regions.ts";
import type { CheckContext, VaultReference } from "../data-schema/index.ts";
import { replaceReferences, validateFilled } from "../data-schema/index.ts";
import { decryptItem } from "./rules.ts";
import { countMisfits, findItems, lockMisfits, storedDataTypes } from "./store.ts";

/**
 * Checks that the user has stored a value for each reference. It reads no value. A dry run may not learn more.
 * @throws AppError `validation_error` with one field error for each reference without a stored value
 */
export async function requireStored(
  { db, actor }: Pick<Deps, "db"> & { actor: SessionActor },
  references: readonly VaultReference[],
  basePath: string,
): Promise<void> {
  const stored = await storedDataTypes(db, actor.userId, typesOf(references));
  const missing = references.filter(({ dataType }) => !stored.includes(dataType));
  if (missing.length > 0) throw notStored(missing, basePath);
}

/** After so many misfits, an agent's references to a data type for a sponsor have ended (R7.5). */
const MOST_MISFITS = 3;

/**
 * Replaces the references in the data with the user's stored values. The result goes to a sponsor or an upstream, so
 * the caller must call `requirePermission` for every data type in the submission, and find whatever else could refuse
 * the call, before this reads a value.
 *
 * A stored value can contain data of further types that the session may not pass on. Such a value is refused as
 * one that doesn't fit: the agent must not learn what the value contains.
 *
 * A misfit tells the agent a little about the value. So the misfits are counted, and the third one of a data type and a
 * sponsor ends the grant's references to it, until the user stores another value. Of parallel calls, each tells what it found
 * only while fewer are counted.
 * @returns the filled data; the data types in it, always with those of the references; and the stored values as texts
 * @throws AppError `validation_error` if a stored value is missing, doesn't fit, or may not be referred to any more; it
 *   says nothing else about a value. The reason why the session has ended meanwhile; then no value was read, or nothing is
 *   told of it
 */
export async function resolveReferences(
  ctx: Pick<Deps, "sql" | "log" | "cipher"> & CheckContext & { actor: SessionActor },
  schema: unknown,
  submission: {
    data: Record<string, unknown>;
    references: readonly VaultReference[];
    sponsorId: string;
    /** Whose national phone numbers are looked for. */
    regions: readonly PhoneRegion[];
  },
  basePath: string,
): Promise<{ data: Record<string, unknown>; dataTypes: DataType[]; values: string[] }> {
  const { sql, log, cipher, actor } = ctx;
  const { references, sponsorId, regions } = submission;
  const permitted = actor.scopes.dataTypes.filter((type) => actor.grantScopes.dataTypes.includes(type));
  const scope = { grant_id: actor.grantId, sponsor_id: sponsorId };
  const types = typesOf(references);

  const owned = { ...scope, user_id: actor.userId, data_types: types };
  const wanted = { ...owned, session_id: actor.sessionId };
  const items = await findItems.all(sql, wanted);
  const refusal = refusalOf(items, references);
  if (refusal !== undefined) {
    await requireStillLive(ctx, actor.sessionId);
    throw refused(refusal, basePath);
  }
  const values = new Map(items.map((item) => [item.data_type, decryptItem(cipher, actor.userId, item)]));
  const data = replaceReferences(submission.data, (type) => values.get(type)) as Record<string, unknown>;
  // Without a lock and a connection: a large check waits for its turn, and payments need the connections meanwhile.
  const checked = await validateFilled(ctx, schema, { data, basePath, references, regions });
  const fits = checked.ok && missingFrom(checked.dataTypes, permitted).length === 0;
  const misfits = fits ? [] : misfitting(references, checked.ok ? [] : checked.errors, basePath);

  // Whether it fits is told only if the references haven't ended meanwhile, also by calls that were checked at the same time.
  const ended = await sql.transaction(async (tx) => {
    await lockMisfits.count(tx, { ...scope, fits, data_types: types });
    const found = refusalOf(await findItems.all(tx, wanted), references);
    if (found === undefined && misfits.length > 0)
      await countMisfits.count(tx, { ...owned, data_types: typesOf(misfits) });
    return found;
  });
  if (ended !== undefined) {
    await requireStillLive(ctx, actor.sessionId);
    throw refused(ended, basePath);
  }
  if (misfits.length > 0) {
    log.info(
      { event: "vault_misfit", session_id: actor.sessionId, sponsor_id: sponsorId },
      "vault misfit counted",
    );
    throw refused({ kind: "misfit", references: misfits }, basePath);
  }
  return {
    data,
    dataTypes: [...new Set([...(checked.ok ? checked.dataTypes : []), ...types])].sort(),
    values: [...values.values()].flatMap(textsIn),
  };
}

/** Why references aren't filled in, and which of them. */
interface Refusal {
  kind: "ended" | "missing" | "misfit";
  references: readonly VaultReference[];
}

/** Why references can't be filled in, whatever the stored values are. */
function refusalOf(
  items: readonly { data_type: DataType; misfits: number }[],
  references: readonly VaultReference[],
): Refusal | undefined {
  const misfits = new Map(items.map((item) => [item.data_type, item.misfits]));
  const ended = references.filter(({ dataType }) => (misfits.get(dataType) ?? 0) >= MOST_MISFITS);
  if (ended.length > 0) return { kind: "ended", references: ended };
  const missing = references.filter(({ dataType }) => !misfits.has(dataType));
  return missing.length > 0 ? { kind: "missing", references: missing } : undefined;
}

function refused({ kind, references }: Refusal, basePath: string): AppError {
  switch (kind) {
    case "missing":
      return notStored(references, basePath);
    case "misfit":
      return refusedReferences(
        "A stored value doesn't fit what is asked for.",
        references,
        (type) => `The user's stored ${type} doesn't fit what is asked for here.`,
        basePath,
      );
    case "ended":
      return refusedReferences(
        `References to a stored value have ended for this sponsor, since it didn't fit ${MOST_MISFITS} times. Send the value itself.`,
        references,
        (type) => `References to the user's ${type} have ended for this sponsor.`,
        basePath,
      );
  }
}

/** All texts and numbers in a stored value, which can be an object, such as an address with its parts. */
function textsIn(value: unknown): string[] {
  if (typeof value === "string" || typeof value === "number") return [String(value)];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

const typesOf = (references: readonly VaultReference[]): DataType[] => [
  ...new Set(references.map(({ dataType }) => dataType)),
];

/** The references that have an error at them or inside. All of them if none has: then a value breaks a rule about a larger part. */
function misfitting(
  references: readonly VaultReference[],
  errors: readonly FieldError[],
  basePath: string,
): readonly VaultReference[] {
  const found = references.filter(({ path }) =>
    errors.some((error) => `${error.path}/`.startsWith(`${basePath}${path}/`)),
  );
  return found.length > 0 ? found : references;
}

const notStored = (missing: readonly VaultReference[], basePath: string): AppError =>
  refusedReferences(
    "The user has stored no value of this type. Send the value itself, or ask the user to store it.",
    missing,
    (type) => `The user's vault holds no ${type}.`,
    basePath,
  );

const refusedReferences = (
  message: string,
  references: readonly VaultReference[],
  describe: (type: DataType) => string,
  basePath: string,
): AppError =>
  new AppError("validation_error", {
    message,
    fieldErrors: references.map(({ path, dataType }) => ({
      path: basePath + path,
      message: describe(dataType),
      keyword: "$vault",
    })),
  });
