/**
 * Size limits of a schema, and of data that is checked against it. Sponsors write schemas and agents write data:
 * each limit protects one from the other, and this server from both.
 */
export const LIMITS = {
  /** Size of the schema as JSON in UTF-8, annotations included. */
  schemaBytes: 64 * 1024,
  /** Nesting of JSON, in schemas and in data. Recursive functions may safely go this deep. */
  jsonDepth: 64,
  /** Nesting of subschemas. A `$ref` counts with its target. */
  schemaDepth: 12,
  /** Properties defined in the whole schema. */
  properties: 200,
  /** Entries of `$defs`. */
  definitions: 200,
  /**
   * Subschemas, and names in `required` and `dependentRequired`, in the whole schema. Ajv nests the code of
   * each part in the code of the part before it. So compile time grows with the square of this number, and
   * beyond 1,500 parts the stack overflows.
   */
  parts: 1_000,
  /** Subschemas once every `$ref` is replaced by its target. */
  expandedParts: 10_000,
  /** Alternatives and conditions with an x-data-type, every `$ref` replaced. Each is evaluated separately. */
  dataBranches: 50,
  /** Subschemas with an x-data-type. Each is compiled a second time, for references to the vault. */
  marks: 100,
  enumValues: 1_000,
  /** Patterns in the whole schema. */
  patterns: 100,
  /** Characters of one pattern. */
  patternLength: 512,
  /** RE2 instructions of one compiled pattern. */
  patternInstructions: 2_500,
  /** RE2 instructions times characters, for all patterns of one validation. It takes about 0.25 seconds. */
  patternSteps: 20_000_000,
  /** Schema weight times data size, for one validation. It takes about 1 second at worst, usually 0.01. */
  evaluations: 1_000_000,
  /** Lookups of possible phone numbers in a region, for one validation. They take about 0.05 seconds. */
  phoneLookups: 5_000,
  /** References to the vault in one submission. */
  references: 20,
  /**
   * Extra work allowed once the references are replaced by stored values. An agent that fills the rest of the
   * data up to the limit must not learn the length of a stored value from a refusal. Only the heaviest
   * schemas, with dozens of the largest patterns on one value, could use all of this.
   */
  storedPatternSteps: 50_000_000,
  storedEvaluations: 1_000_000,
  /** Evaluations up to which a refusal lists all errors. Beyond this limit it has only the first error. */
  explainedEvaluations: 200_000,
  /** Characters of one text in the data. Some expressions of V8 overflow the stack at a few million. */
  textLength: 1_000_000,
  reportedErrors: 50,
} as const;
