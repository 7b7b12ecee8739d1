import { missingFrom } from "../../access/scope/index.ts";
import type { Deps, SessionActor } from "../../context.ts";
import type { DataType } from "../../protocol/data-types.ts";
import type { FieldError } from "../../protocol/errors.ts";
import { AppError } from "../../protocol/errors.ts";
import type { CompiledSchema, VaultReference } from "../data-schema/index.ts";
import { replaceReferences } from "../data-schema/index.ts";
import { decryptItem } from "./rules.ts";
import { findItems, storedDataTypes } from "./store.ts";

type Context = Pick<Deps, "db" | "cipher"> & { actor: SessionActor };

/**
 * Whether the user has stored what is referred to: all that a dry run may know of it.
 * @throws `validation_error` at each reference to nothing
 */
export async function requireStored(
  { db, actor }: Pick<Context, "db" | "actor">,
  references: readonly VaultReference[],
  basePath: string,
): Promise<void> {
  requireAll(references, await storedDataTypes(db, actor.userId, typesOf(references)), basePath);
}

/**
 * The data with the user's stored values in place of the references. Only for data that may leave: whoever calls
 * this has asked `requireTransfer` about every type in the submission. A stored value that holds data of further types,
 * which the session mayn't pass on, doesn't fit: an agent can't know of them, and isn't told.
 * @returns the types in the data, those of the references always among them
 * @throws `validation_error` that says no more of a value than that it doesn't fit
 */
export async function resolveReferences(
  { db, cipher, actor }: Context,
  schema: CompiledSchema,
  submission: { data: Record<string, unknown>; references: readonly VaultReference[] },
  basePath: string,
): Promise<{ data: Record<string, unknown>; dataTypes: DataType[] }> {
  const { references } = submission;
  const items = await findItems(db, actor.userId, typesOf(references));
  const values = new Map(items.map((item) => [item.dataType, decryptItem(cipher, actor.userId, item)]));
  requireAll(references, [...values.keys()], basePath);

  const data = replaceReferences(submission.data, (type) => values.get(type)) as Record<string, unknown>;
  const result = schema.validateFilled(data, basePath);
  const misfit = (errors: readonly FieldError[]): AppError =>
    refused("A stored value doesn't fit what is asked for.", misfits(references, errors, basePath));
  if (!result.ok) throw misfit(result.errors);
  const permitted = actor.scopes.dataTypes.filter((type) => actor.grantScopes.dataTypes.includes(type));
  if (missingFrom(result.dataTypes, permitted).length > 0) throw misfit([]);
  return { data, dataTypes: [...new Set([...result.dataTypes, ...typesOf(references)])].sort() };
}

const typesOf = (references: readonly VaultReference[]): DataType[] => [
  ...new Set(references.map(({ dataType }) => dataType)),
];

function requireAll(
  references: readonly VaultReference[],
  stored: readonly string[],
  basePath: string,
): void {
  const missing = references.filter(({ dataType }) => !stored.includes(dataType));
  if (missing.length === 0) return;
  throw refused(
    "The user has stored nothing of this type. Send the value itself, or ask them to store it.",
    missing.map(({ path, dataType }) => ({
      path: basePath + path,
      message: `The user's vault holds no ${dataType}.`,
      keyword: "$vault",
    })),
  );
}

/** The references that an error is at or inside of; all of them, where it is at something around them. */
function misfits(
  references: readonly VaultReference[],
  errors: readonly FieldError[],
  basePath: string,
): FieldError[] {
  const hit = references.filter(({ path }) =>
    errors.some((error) => `${error.path}/`.startsWith(`${basePath}${path}/`)),
  );
  return (hit.length > 0 ? hit : references).map(({ path, dataType }) => ({
    path: basePath + path,
    message: `The user's stored ${dataType} doesn't fit what is asked for here.`,
    keyword: "$vault",
  }));
}

const refused = (message: string, fieldErrors: FieldError[]): AppError =>
  new AppError("validation_error", { message, fieldErrors });
