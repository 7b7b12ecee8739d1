/**
 * How big a schema, and data checked against it, may be. Sponsors write the schemas and agents the data, so
 * every bound here is one side's protection from the other, and ours from both together.
 */
export const LIMITS = {
  /** Of the schema as JSON, in UTF-8. */
  schemaBytes: 64 * 1024,
  /** Raw nesting of JSON, in schemas and in data: what recursive code may safely descend. */
  jsonDepth: 64,
  /** Subschemas inside subschemas, counted through `$ref`. */
  schemaDepth: 12,
  /** Properties defined in the whole schema, and entries of `$defs`. */
  properties: 200,
  definitions: 200,
  enumValues: 1_000,
  /** Patterns in the whole schema, each of them this long, compiling to this many RE2 instructions. */
  patterns: 100,
  patternLength: 512,
  patternInstructions: 2_500,
  /** Schema nodes and enum values with every `$ref` expanded: what one value can be compared with. */
  expandedNodes: 20_000,
  /** Instructions times characters of all patterns of one validation: about a quarter of a second. */
  patternSteps: 20_000_000,
  /** Schema weight times data size of one validation, the worst case of plain keyword checks. */
  evaluations: 5_000_000,
  /** The same product up to which every error is collected; beyond it, only the first is. */
  explainedEvaluations: 200_000,
  reportedErrors: 50,
} as const;
