/** What sponsors and sellers wrote, in answers: which fields hold it, and what stands for it where a sentence could mislead. */
export {
  asForeignName,
  foreignDetail,
  foreignFieldError,
  foreignMediaType,
  foreignName,
  foreignPath,
  foreignSchema,
  foreignServiceKey,
  foreignShape,
  foreignText,
  foreignTexts,
  markOf,
} from "./marks.ts";
export { isNeutralName, isServiceAlias, neutralServiceKey } from "./neutral-name.ts";
export { neutralSchema, restoreNames } from "./neutral-schema.ts";
