import { createRequire } from "node:module";
import path from "node:path";

const PROJECT = path.dirname(createRequire(import.meta.url).resolve("tollfree/package.json"));

/** The path of a file that is read at run time. It is found from package.json, since the compiled servers lie elsewhere than the sources. */
export const projectFile = (relative: string): string => path.join(PROJECT, relative);
