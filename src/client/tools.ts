import type { Agent } from "./agent.ts";
import { TollfreeError } from "./errors.ts";
import type { SearchFilters, Service, ServiceInput } from "./types.ts";

/** What agent frameworks pass to a tool besides its input. */
export interface ToolCallOptions {
  abortSignal?: AbortSignal | undefined;
}

/** A service as a tool that a language model can call. */
export interface ServiceTool {
  /** Letters, digits, `_` and `-`, at most 64: what OpenAI and the AI SDK accept. */
  name: string;
  /** What the service does, what it costs the sponsor, and whether the person has to do a task first. */
  description: string;
  /** JSON Schema of the input. */
  parameters: Service["input_schema"];
  /** JSON Schema of the output, if the sponsor gave one. */
  outputSchema: Service["output_schema"];
  /** The service that it runs. */
  serviceKey: string;
  /**
   * Runs the service as `agent.run` does, and returns its output.
   * @throws `TollfreeError` as `agent.run` does. Its message also says which fields were wrong, and whether to call again
   */
  execute: (input: ServiceInput, options?: ToolCallOptions) => Promise<unknown>;
}

/**
 * Offers services as tools. Each service is one tool, also if several sponsors pay for it.
 *
 * @param filters which services, as in `agent.search`. Default: the 50 best
 * @example const definitions = (await tools(agent)).map(toOpenAiTool);
 */
export async function tools(agent: Agent, filters: SearchFilters = {}): Promise<ServiceTool[]> {
  const { services } = await agent.search(filters);
  const names = new Set<string>();
  return services
    .filter(
      ({ service_key }, index) => services.findIndex((one) => one.service_key === service_key) === index,
    )
    .map((service) => toTool(agent, service, uniqueName(service.service_key, names)));
}

function toTool(agent: Agent, service: Service, name: string): ServiceTool {
  return {
    name,
    description: describe(service),
    parameters: service.input_schema,
    outputSchema: service.output_schema,
    serviceKey: service.service_key,
    execute: async (input, { abortSignal } = {}) => {
      try {
        return (await agent.run(service.service_key, input, { signal: abortSignal })).output;
      } catch (error) {
        throw error instanceof TollfreeError ? withAdvice(error) : error;
      }
    },
  };
}

/** Agent frameworks show a model nothing of an error but its message, so it has to say all that the model can act on. */
function withAdvice(error: TollfreeError): TollfreeError {
  const { code, message, details, fieldErrors, retryAllowed, retryAfterSeconds } = error;
  const { nextActions, requestId, httpStatus } = error;
  const fields = fieldErrors.map(({ path, message: problem }) => `${path}: ${problem}`);
  const again =
    retryAfterSeconds === undefined
      ? "The same call can succeed later."
      : `Wait ${retryAfterSeconds} seconds.`;
  const advice = retryAllowed ? again : "Don't make the same call again.";
  return new TollfreeError(code, {
    message: [message, ...fields, advice].join(" "),
    ...{ details, fieldErrors, retryAllowed, retryAfterSeconds, nextActions, requestId, httpStatus },
    cause: error,
  }) as TollfreeError; // code and details come from the same error, so they fit
}

const describe = ({ name, description, sponsor, price_cents, already_completed }: Service): string =>
  [
    `${name}: ${description}`,
    `${sponsor} pays up to ${price_cents} US cents a call.`,
    ...(already_completed ? [] : ["The person is asked to do a task for the sponsor first."]),
  ].join(" ");

/** A service's key may hold dots, which tools' names may not. */
function uniqueName(serviceKey: string, taken: Set<string>): string {
  const name = serviceKey.replace(/[^\w-]/g, "_");
  const candidates = [name, ...Array.from(taken, (_one, index) => `${name.slice(0, 60)}_${index + 2}`)];
  const free = candidates.find((candidate) => !taken.has(candidate)) ?? name;
  taken.add(free);
  return free;
}

/** A tool's definition for OpenAI's function calling. It isn't strict: see docs/function-calling.md. */
export const toOpenAiTool = ({ name, description, parameters }: ServiceTool) => ({
  type: "function" as const,
  function: { name, description, parameters },
});
