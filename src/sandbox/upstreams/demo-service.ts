/** A paid service of the sandbox: its description and its work, without HTTP and payment. */
export interface DemoService {
  serviceKey: string;
  path: string;
  method: "GET" | "POST";
  name: string;
  description: string;
  categories: string[];
  tags: string[];
  /** The price in micros (base units of USDC). */
  amount: bigint;
  /** Whether it accepts x402 v1 too. */
  speaksV1: boolean;
  /** A closed JSON Schema 2020-12. The service validates its input with it. */
  inputSchema: Record<string, unknown>;
  sampleInput: Record<string, unknown>;
  /**
   * Checks what the schema can't check. Returns a function that does the work, to be called for a paid request.
   *
   * @param input valid by `inputSchema`, with defaults filled in
   * @throws InputError if the input can't be answered. The caller isn't asked for a payment then.
   */
  prepare(input: Record<string, unknown>): () => unknown;
}

/** The input can't be answered. `path` is a JSON Pointer to the wrong value. */
export class InputError extends Error {
  override readonly name = "InputError";
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}
