/** A next action as the core writes it. A surface adds method, endpoint and operation id. */
export interface Hint<Action extends string, Path = object> {
  action: Action;
  /** All path parameters. */
  path: Path;
  /** The query or body fields that the core knows already. */
  params: Record<string, unknown>;
  /** JSON Schema of the fields that the caller has to add. */
  paramsSchema?: Record<string, unknown>;
  description: string;
}
