/** A paid service of the sandbox, apart from how it is paid for and served. */
export interface DemoService {
  serviceKey: string;
  path: string;
  method: "GET" | "POST";
  name: string;
  description: string;
  categories: string[];
  tags: string[];
  /** Base units of USDC, which are millionths of a dollar. */
  amount: bigint;
  speaksV1: boolean;
  /** Closed JSON Schema 2020-12; also what the service itself validates with. */
  inputSchema: Record<string, unknown>;
  sampleInput: Record<string, unknown>;
  /**
   * Checks what the schema can't say, and returns the work to do once it is paid for.
   *
   * @param input valid by `inputSchema`, defaults filled in
   * @throws InputError, which costs the caller nothing
   */
  prepare(input: Record<string, unknown>): () => unknown;
}

/** The input can't be answered. `path` is a JSON Pointer to what is wrong. */
export class InputError extends Error {
  override readonly name = "InputError";
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}
