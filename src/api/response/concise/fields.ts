export type Fields = Record<string, unknown>;

export const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isListOfObjects = (value: unknown): value is Fields[] =>
  Array.isArray(value) && value.length > 0 && value.every(isObject);

export const without = (fields: Fields, ...names: string[]): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));

/** Changes each entry of a list of objects, or an object. Anything else stays. */
export function change(fields: Fields, name: string, changed: (entry: Fields) => Fields): Fields {
  const value = fields[name];
  if (isListOfObjects(value)) return { ...fields, [name]: value.map(changed) };
  return isObject(value) ? { ...fields, [name]: changed(value) } : fields;
}

/** What is somebody else's, a schema, or what a caller is to send: nothing is left out of it. */
const KEPT_WHOLE = new Set([
  ...["output", "input_schema", "output_schema", "task_input_schema", "params", "params_schema"],
  ...["request_summary", "scopes"],
]);

/** A list has at most so many entries, unless the call said how many it wants. */
const MOST_ENTRIES = 5;

/** The fields without those that are empty. An empty list of the answer itself stays: it says that there is none. */
export const withoutEmpty = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => {
      if (KEPT_WHOLE.has(name)) return [[name, value]];
      return value === null ? [] : [[name, dense(value)]];
    }),
  );

function dense(value: unknown): unknown {
  if (isListOfObjects(value)) return value.map(dense);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(withoutEmpty(value)).filter(([, one]) => !(Array.isArray(one) && one.length === 0)),
  );
}

/** The rest of a long list is left out, and its number told. */
export function withShortLists(fields: Fields): Fields {
  const result: Fields = {};
  for (const [name, value] of Object.entries(fields)) {
    const isLong = !KEPT_WHOLE.has(name) && isListOfObjects(value) && value.length > MOST_ENTRIES;
    result[name] = isLong ? value.slice(0, MOST_ENTRIES) : value;
    if (isLong) result[`${name}_left_out`] = value.length - MOST_ENTRIES;
  }
  return result;
}
