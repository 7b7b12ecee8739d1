import type { Draft, FieldName } from "./draft.ts";

/** A part of the form. */
export interface PartProps {
  draft: Draft;
  /** What is wrong with a field, in words. */
  errorOf: (name: FieldName) => string | undefined;
  onChange: (part: Partial<Draft>) => void;
}
