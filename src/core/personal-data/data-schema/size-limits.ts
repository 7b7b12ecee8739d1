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
  /**
   * Subschemas, and names in `required` and `dependentRequired`, in the whole schema. Ajv nests the code of
   * each in that of the one before: compile time grows with the square, and beyond 1,500 the stack ends.
   */
  parts: 1_000,
  /** Subschemas with every `$ref` written out: what there may be to walk. */
  expandedParts: 10_000,
  /** Alternatives and conditions that ask for data, `$ref` written out: each is evaluated by itself, too. */
  dataBranches: 50,
  /** Subschemas marked as personal data: each is compiled once more, for references to a user's stored data. */
  marks: 100,
  enumValues: 1_000,
  /** Patterns in the whole schema, each of them this long, compiling to this many RE2 instructions. */
  patterns: 100,
  patternLength: 512,
  patternInstructions: 2_500,
  /** Instructions times characters of all patterns of one validation: about a quarter of a second. */
  patternSteps: 20_000_000,
  /** Schema weight times data size of one validation: at worst about a second, usually a hundredth of that. */
  evaluations: 1_000_000,
  /**
   * References to a user's stored data in one submission, and what checking the values may take beyond the above, so
   * that whoever fills the rest of the data to the brim can't tell how long a value is. Only the heaviest schemas, with
   * dozens of the largest patterns on one value, could use it up.
   */
  references: 20,
  storedPatternSteps: 50_000_000,
  storedEvaluations: 1_000_000,
  /** The same product up to which every error is collected; beyond it, only the first is. */
  explainedEvaluations: 200_000,
  /** Of one text in the data. V8's regular expressions run out of their own stack at some millions. */
  textLength: 1_000_000,
  reportedErrors: 50,
} as const;
