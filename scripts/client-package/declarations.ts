import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { format } from "prettier";
import { rollup } from "rollup";
import dts from "rollup-plugin-dts";
import ts from "typescript";
import { describeRouter } from "./describe-router.ts";

/**
 * Writes the client's declarations as one file that imports nothing.
 *
 * @param root the repository
 * @param workDirectory an empty folder for the declarations before they are rolled up
 * @param file where the result goes
 */
export async function writeDeclarations(root: string, workDirectory: string, file: string): Promise<void> {
  const program = loadProgram(path.join(root, "tsconfig.build.json"));
  for (const source of program.getSourceFiles()) {
    const place = path.relative(path.join(root, "src"), source.fileName);
    if (place.startsWith("client/")) emitDeclaration(program, source, workDirectory, place);
  }
  const router = program.getSourceFile(path.join(root, "src/api/router.ts"));
  if (router === undefined) throw new Error("The client doesn't import src/api/router.ts");
  writeText(path.join(workDirectory, "api/router.d.ts"), describeRouter(program.getTypeChecker(), router));

  const bundle = await rollup({
    input: path.join(workDirectory, "client/index.d.ts"),
    plugins: [dts()],
    onwarn: ({ message }) => {
      throw new Error(message); // such as an import that isn't resolved
    },
  });
  const { output } = await bundle.generate({ format: "es" });
  await bundle.close();
  writeText(file, await format(output[0].code, { parser: "typescript", printWidth: 110 }));
}

function loadProgram(configFile: string): ts.Program {
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: throwDiagnostic };
  const config = ts.getParsedCommandLineOfConfigFile(configFile, {}, host);
  if (config === undefined) throw new Error(`${configFile} can't be read`);
  return ts.createProgram(config.fileNames, config.options);
}

function emitDeclaration(
  program: ts.Program,
  source: ts.SourceFile,
  workDirectory: string,
  place: string,
): void {
  const target = path.join(workDirectory, place.replace(/\.ts$/, ".d.ts"));
  const { diagnostics } = program.emit(source, (_name, text) => writeText(target, text), undefined, true);
  diagnostics.forEach(throwDiagnostic);
}

function throwDiagnostic({ messageText }: ts.Diagnostic): never {
  throw new Error(ts.flattenDiagnosticMessageText(messageText, "\n"));
}

function writeText(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}
