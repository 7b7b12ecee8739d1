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
 * Checks that the user has stored a value for each reference. It reads no value. A dry run may not learn more.
 * @throws AppError `validation_error` with one field error for each reference without a stored value
 */
export async function requireStored(
  { db, actor }: Pick<Context, "db" | "actor">,
  references: readonly VaultReference[],
  basePath: string,
): Promise<void> {
  requireAllStored(references, await storedDataTypes(db, actor.userId, typesOf(references)), basePath);
}

/**
 * Replaces the references in the data with the user's stored values. The result goes to a sponsor or an
 * upstream, so the caller must first call `requireDataConsent` for every data type in the submission.
 *
 * A stored value can contain data of further types that the session may not pass on. Such a value is refused as
 * one that doesn't fit: the agent must not learn what the value contains.
 * @returns the filled data; the data types in it, always with those of the references; and the stored values as texts
 * @throws AppError `validation_error` if a stored value is missing, or doesn't fit; it says nothing else about
 *   a value
 */
export async function resolveReferences(
  { db, cipher, actor }: Context,
  schema: CompiledSchema,
  submission: { data: Record<string, unknown>; references: readonly VaultReference[] },
  basePath: string,
): Promise<{ data: Record<string, unknown>; dataTypes: DataType[]; values: string[] }> {
  const { references } = submission;
  const items = await findItems(db, actor.userId, typesOf(references));
  const values = new Map(items.map((item) => [item.dataType, decryptItem(cipher, actor.userId, item)]));
  requireAllStored(references, [...values.keys()], basePath);

  const data = replaceReferences(submission.data, (type) => values.get(type)) as Record<string, unknown>;
  const result = schema.validateFilled(data, basePath);
  const misfit = (errors: readonly FieldError[]): AppError =>
    validationError(
      "A stored value doesn't fit what is asked for.",
      errorsAtReferences(references, errors, basePath),
    );
  if (!result.ok) throw misfit(result.errors);
  const permitted = actor.scopes.dataTypes.filter((type) => actor.grantScopes.dataTypes.includes(type));
  if (missingFrom(result.dataTypes, permitted).length > 0) throw misfit([]);
  return {
    data,
    dataTypes: [...new Set([...result.dataTypes, ...typesOf(references)])].sort(),
    values: [...values.values()].flatMap(textsIn),
  };
}

/** All texts and numbers in a stored value, which can be an object, such as an address with its parts. */
function textsIn(value: unknown): string[] {
  if (typeof value === "string" || typeof value === "number") return [String(value)];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

const typesOf = (references: readonly VaultReference[]): DataType[] => [
  ...new Set(references.map(({ dataType }) => dataType)),
];

function requireAllStored(
  references: readonly VaultReference[],
  stored: readonly string[],
  basePath: string,
): void {
  const missing = references.filter(({ dataType }) => !stored.includes(dataType));
  if (missing.length === 0) return;
  throw validationError(
    "The user has stored no value of this type. Send the value itself, or ask the user to store it.",
    missing.map(({ path, dataType }) => ({
      path: basePath + path,
      message: `The user's vault holds no ${dataType}.`,
      keyword: "$vault",
    })),
  );
}

/**
 * Returns one field error for each reference that has an error at it or inside it. If no error is at a reference,
 * returns one for every reference: then a stored value breaks a rule about a larger part of the data.
 */
function errorsAtReferences(
  references: readonly VaultReference[],
  errors: readonly FieldError[],
  basePath: string,
): FieldError[] {
  const misfitting = references.filter(({ path }) =>
    errors.some((error) => `${error.path}/`.startsWith(`${basePath}${path}/`)),
  );
  return (misfitting.length > 0 ? misfitting : references).map(({ path, dataType }) => ({
    path: basePath + path,
    message: `The user's stored ${dataType} doesn't fit what is asked for here.`,
    keyword: "$vault",
  }));
}

const validationError = (message: string, fieldErrors: FieldError[]): AppError =>
  new AppError("validation_error", { message, fieldErrors });
