import ts from "typescript";

/**
 * tRPC's client takes a router's type. These are the members it looks at. Written out here, they need no package:
 * neither tRPC's, nor the server's schemas.
 */
const ROUTER_SHAPES = `
interface Procedure<Type extends "query" | "mutation", Input, Output> {
  _def: {
    $types: { input: Input; output: Output; errorShape: unknown };
    procedure: true;
    type: Type;
    meta: unknown;
    experimental_caller: boolean;
    inputs: never[];
  };
  meta: unknown;
  (options: unknown): Promise<Output>;
}
type Query<Input, Output> = Procedure<"query", Input, Output>;
type Mutation<Input, Output> = Procedure<"mutation", Input, Output>;

interface RootConfig {
  $types: { ctx: object; meta: object; errorShape: ErrorShape; transformer: false };
  transformer: never;
  errorFormatter: (options: unknown) => ErrorShape;
  allowOutsideOfServer: boolean;
  isServer: boolean;
  isDev: boolean;
  pathSeparator: never;
}
interface Router<Entries> {
  _def: {
    _config: RootConfig;
    router: true;
    procedure?: never;
    procedures: Entries;
    record: Entries;
    lazy: { [path: string]: never };
  };
  createCaller: (context: unknown, options?: unknown) => never;
}
`;

/** Types are written out in full, so that the declaration refers to no other file. */
const IN_FULL: ts.TypeFormatFlags =
  ts.TypeFormatFlags.NoTruncation |
  ts.TypeFormatFlags.InTypeAlias |
  ts.TypeFormatFlags.MultilineObjectLiterals |
  ts.TypeFormatFlags.UseSingleQuotesForStringLiteralType;

/**
 * Writes a declaration of `AppRouter` that holds only the inputs, outputs and errors of the procedures.
 *
 * @param source the module that exports `AppRouter`
 */
export function describeRouter(checker: ts.TypeChecker, source: ts.SourceFile): string {
  const property = (type: ts.Type, ...names: string[]): ts.Type =>
    names.reduce((owner, name) => {
      const symbol = checker.getPropertyOfType(owner, name);
      if (symbol === undefined) throw new Error(`The router's type has no property ${name}`);
      return checker.getTypeOfSymbolAtLocation(symbol, source);
    }, type);
  const print = (type: ts.Type): string => checker.typeToString(type, source, IN_FULL);

  /** Writes an object's properties one by one. Names of types that only the server has are so left behind. */
  const describeObject = (type: ts.Type): string => {
    const lines = checker.getPropertiesOfType(type).map((symbol) => {
      const mark = (symbol.flags & ts.SymbolFlags.Optional) === 0 ? "" : "?";
      return `${symbol.name}${mark}: ${print(checker.getTypeOfSymbolAtLocation(symbol, source))};`;
    });
    return `{\n${lines.join("\n")}\n}`;
  };

  /** Writes a record of procedures and records. */
  const describeRecord = (record: ts.Type): string => {
    const entries = checker.getPropertiesOfType(record).map((symbol) => {
      const type = checker.getTypeOfSymbolAtLocation(symbol, source);
      const isProcedure = checker.getPropertyOfType(type, "_def") !== undefined;
      return `${symbol.name}: ${isProcedure ? describeProcedure(type) : describeRecord(type)};`;
    });
    return `{\n${entries.join("\n")}\n}`;
  };
  const describeProcedure = (procedure: ts.Type): string => {
    const kind = property(procedure, "_def", "type");
    if (!kind.isStringLiteral()) throw new Error("A procedure's type is not one literal");
    const [input, output] = ["input", "output"].map((name) =>
      print(property(procedure, "_def", "$types", name)),
    );
    return `${kind.value === "query" ? "Query" : "Mutation"}<${input}, ${output}>`;
  };

  const router = typeNamed(checker, source, "AppRouter");
  const error = property(router, "_def", "_config", "$types", "errorShape");
  const errorData = property(error, "data");
  return `${ROUTER_SHAPES}
interface ErrorShape {
  code: ${print(property(error, "code"))};
  message: string;
  data: ${(errorData.isUnion() ? errorData.types : [errorData]).map(describeObject).join(" | ")};
}
type Procedures = ${describeRecord(property(router, "_def", "record"))};
export type AppRouter = Router<Procedures> & Procedures;
`;
}

function typeNamed(checker: ts.TypeChecker, source: ts.SourceFile, name: string): ts.Type {
  const module = checker.getSymbolAtLocation(source);
  const symbol =
    module && checker.getExportsOfModule(module).find(({ escapedName }) => (escapedName as string) === name);
  if (symbol === undefined) throw new Error(`${source.fileName} exports no type ${name}`);
  return checker.getDeclaredTypeOfSymbol(symbol);
}
